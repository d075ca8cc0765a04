"""One mutant against reels: the first answer that is not what the model said kills it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.differential.step import CHAIN_ID, VAULT
from crossvault.evm.bindings import Answer, Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import Build
from crossvault.evm.deploy import DeployFailed, deploy_world
from crossvault.evm.pyrevm import Machine
from crossvault.mutation.recordings import RecordedStep, Recording, answers, difference, digest, speakers

MOST_CODE = 2**20  # bytes: woven contracts are long


class KillProof(NamedTuple):
    """What shows that a mutant is not the original: which reel, at which step, and how."""

    reel: str
    step: int
    how: str


def killed(build: Build, switch: int, reel: Recording) -> KillProof | None:
    """How a reel tells a mutant of a build from the original; None when it does not. Raises MachineFailed."""
    machine, names = Machine(CHAIN_ID, reel.world.starts_at, switch, MOST_CODE), AddressBook()
    try:
        deploy_world(machine, build, reel.world, names)
    except DeployFailed as failed:
        return KillProof(reel.name, 0, str(failed))
    if names.number(VAULT) != reel.names.number(VAULT):
        return KillProof(reel.name, 0, "the vault has another address")
    heard_from = speakers(names)
    for line in reel.lines:
        found = answers(machine, line)
        if digest(found, heard_from) != line.heard:
            wrong = _wrong(line, found, Bindings(build, reel.names))
            if wrong is not None:
                what = f"{line.kind} after" if line.kind != "step" else ""
                return KillProof(reel.name, line.number, f"{what} {line.step.action}: {wrong}".strip())
    return None


def _wrong(line: RecordedStep, found: Sequence[Answer], speech: Bindings) -> str | None:
    """How some answers differ from what the model said; one that cannot be read is like nothing that it says."""
    try:
        wrong = difference(line, found, speech)
    except (ValueError, IndexError, OverflowError) as odd:
        return f"an answer that cannot be read: {odd}"
    return None if wrong is None else str(wrong)


def first_kill(build: Build, switch: int, reels: Sequence[Recording]) -> KillProof | None:
    """The kill by the first of some reels that has one."""
    return next((found for reel in reels if (found := killed(build, switch, reel))), None)
