"""Runs a mutant against recordings: the first result that differs from the model kills it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.differential.step import CHAIN_ID, VAULT
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Answer, Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.deploy import DeployFailed, deploy_world
from crossvault.evm.search_evm import search_evm
from crossvault.mutation.recordings import RecordedStep, Recording, difference, digest, event_senders, replayed_lines

MOST_CODE = 2**20  # bytes: combined contracts are long


class KillProof(NamedTuple):
    """Proof that a mutant differs from the original: recording, step and difference."""

    recording: str
    step: int
    how: str


def kill_by(build: Build, switch: int, recording: Recording) -> KillProof | None:
    """The first difference of a mutant from a recording; None if there is none. Raises EvmFailed."""
    machine, names = search_evm(CHAIN_ID, recording.world.starts_at, switch, MOST_CODE), AddressBook()
    try:
        deploy_world(machine, build, recording.world, names)
    except DeployFailed as failed:
        return KillProof(recording.name, 0, str(failed))
    if names.number(VAULT) != recording.names.number(VAULT):
        return KillProof(recording.name, 0, "the vault has another address")
    senders = event_senders(names)
    for line, results in replayed_lines(machine, recording.lines):
        if digest(results, senders) != line.digest:
            wrong = _difference(line, results, Bindings(build, recording.names))
            if wrong is not None:
                what = f"{line.kind} after" if line.kind != "step" else ""
                return KillProof(recording.name, line.number, f"{what} {line.step.action}: {wrong}".strip())
    return None


def _difference(line: RecordedStep, results: Sequence[Answer], bindings: Bindings) -> str | None:
    """The difference of results from the recording; an undecodable result always differs."""
    try:
        wrong = difference(line, results, bindings)
    except (ValueError, IndexError, OverflowError) as odd:
        return f"an undecodable result: {odd}"
    return None if wrong is None else str(wrong)


def first_kill(build: Build, switch: int, recordings: Sequence[Recording]) -> KillProof | None:
    """The kill by the first recording that kills."""
    return next((found for recording in recordings if (found := kill_by(build, switch, recording))), None)
