"""A finding as a file and back: steps by names and decoded arguments, to be played again on any version of a vault."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.conform.comparison import ClauseCounts, ClauseFinding, ConformTrial
from crossvault.conform.contrast import ClauseDifference
from crossvault.conform.deployed_subject import AnvilSubject, InProcessSubject
from crossvault.conform.reduce import seen_on_anvil
from crossvault.conform.subject import Subject
from crossvault.differential.notation import BadNotation, Notation
from crossvault.differential.step import Outcome, Step, World
from crossvault.lockstep.record import BadRecord, world_of, world_text

FORMAT = 1


class ClauseRepro(NamedTuple):
    """Steps in a world, and the difference that they ended in when they were written down."""

    world: World
    steps: tuple[Step, ...]
    difference: str
    notation: Notation


class ReplayedStep(NamedTuple):
    """A step of a replay with the model's outcome and what differed; in process, and at the end on Anvil."""

    step: Step
    outcome: Outcome
    found: tuple[ClauseDifference, ...]


def notation_of(steps: Sequence[Step]) -> Notation:
    """The names that steps list."""
    listed = [step.args["name"] for step in steps if step.action == "list_underlying"]
    tokens = [step.args["token"] for step in steps if step.action == "list_collateral"]
    return Notation(listed, tokens)


def written(finding: ClauseFinding, clause: str) -> str:
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


def read(path: Path) -> ClauseRepro:
    """The finding in a file. Raises BadRecord."""
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
        if body["conform"] != FORMAT:
            raise BadRecord(f"{path}: format {body['conform']}, expected {FORMAT}")
        notation = Notation(body["underlyings"], body["collaterals"])
        steps = tuple(notation.parse(each) for each in body["steps"])
        return ClauseRepro(world_of(body["world"]), steps, str(body["difference"]), notation)
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        what = trouble if isinstance(trouble, BadNotation | OSError | json.JSONDecodeError) else f"no {trouble}"
        raise BadRecord(f"{path}: no finding of `conform`: {what}") from None


def replay(subject: Subject, repro: ClauseRepro) -> tuple[list[ReplayedStep], bool]:
    """The steps again, up to the first difference; and whether an Anvil shows the same, or none where there is none."""
    trial = ConformTrial(InProcessSubject(subject, repro.world), repro.world, ClauseCounts())
    played: list[ReplayedStep] = []
    for step in repro.steps:
        outcome, found = trial.step(step)
        played.append(ReplayedStep(step, outcome, tuple(found)))
        if found:
            break
    beside = AnvilSubject(subject, repro.world)
    try:
        shown = seen_on_anvil(beside, repro.world, [each.step for each in played])
    finally:
        beside.close()
    return played, [str(each) for each in shown] == [str(each) for each in played[-1].found]
