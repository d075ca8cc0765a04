"""A finding as a file and back: steps by names and decoded arguments, to be played again on any version of a vault."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.conform.contrast import Difference
from crossvault.conform.reduce import seen_on_anvil
from crossvault.conform.stand import Beside, Inside
from crossvault.conform.subject import Subject
from crossvault.conform.trial import Finding, Tally, Trial
from crossvault.differential.notation import BadNotation, Notation
from crossvault.differential.step import Outcome, Step, World
from crossvault.lockstep.record import BadRecord, world_of, world_text

FORMAT = 1


class Repro(NamedTuple):
    """Steps in a world, and the difference that they ended in when they were written down."""

    world: World
    steps: tuple[Step, ...]
    difference: str
    notation: Notation


class Replayed(NamedTuple):
    """A step of a replay with the model's outcome and what differed; in process, and at the end on Anvil."""

    step: Step
    outcome: Outcome
    found: tuple[Difference, ...]


def notation_of(steps: Sequence[Step]) -> Notation:
    """The names that steps list."""
    listed = [step.args["name"] for step in steps if step.action == "list_underlying"]
    tokens = [step.args["token"] for step in steps if step.action == "list_collateral"]
    return Notation(listed, tokens)


def written(finding: Finding, clause: str) -> str:
    """A finding as the text of a file."""
    notation = notation_of(finding.steps)
    body = {
        "conform": FORMAT,
        "clause": clause,
        "difference": str(finding.difference),
        "underlyings": [step.args["name"] for step in finding.steps if step.action == "list_underlying"],
        "collaterals": [step.args["token"] for step in finding.steps if step.action == "list_collateral"],
        "world": world_text(finding.world),
        "steps": [notation.step(step) for step in finding.steps],
    }
    return json.dumps(body, indent=1) + "\n"


def read(path: Path) -> Repro:
    """The finding in a file. Raises BadRecord."""
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
        if body["conform"] != FORMAT:
            raise BadRecord(f"{path}: format {body['conform']}, expected {FORMAT}")
        notation = Notation(body["underlyings"], body["collaterals"])
        steps = tuple(notation.parse(each) for each in body["steps"])
        return Repro(world_of(body["world"]), steps, str(body["difference"]), notation)
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        what = trouble if isinstance(trouble, BadNotation | OSError | json.JSONDecodeError) else f"no {trouble}"
        raise BadRecord(f"{path}: no finding of `conform`: {what}") from None


def replay(subject: Subject, repro: Repro) -> tuple[list[Replayed], bool]:
    """The steps again, up to the first difference; and whether an Anvil shows the same, or none where there is none."""
    trial = Trial(Inside(subject, repro.world), repro.world, Tally())
    played: list[Replayed] = []
    for step in repro.steps:
        outcome, found = trial.step(step)
        played.append(Replayed(step, outcome, tuple(found)))
        if found:
            break
    beside = Beside(subject, repro.world)
    try:
        shown = seen_on_anvil(beside, repro.world, [each.step for each in played])
    finally:
        beside.close()
    return played, [str(each) for each in shown] == [str(each) for each in played[-1].found]
