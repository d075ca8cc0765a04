"""A finding of `conform` as a repro file and back, to be played again on any version of a vault."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.conform.clause_trial import replayed, seen_on_anvil
from crossvault.conform.comparison import ClauseFinding
from crossvault.conform.contrast import ClauseDifference, difference
from crossvault.conform.deployed_subject import AnvilSubject
from crossvault.conform.subject import Subject
from crossvault.differential.ending import InputProblem
from crossvault.differential.notation import BadNotation, Notation
from crossvault.differential.step import Outcome, Step
from crossvault.lockstep.record import BadRecord, world_of
from crossvault.scenario import repro as file
from crossvault.scenario.repro import Repro
from crossvault.scenario.source import read as source_of
from crossvault.shrink.saved import repro_of

OLD_FORMAT = 1
_DIFFERENCE = re.compile(r"(.*?): vault (.*), model (.*?)(?:  \(vault less model: [+-]\d+\))?", re.S)


class ReplayedStep(NamedTuple):
    """A step of a replay with the model's outcome and the differences."""

    step: Step
    outcome: Outcome
    found: tuple[ClauseDifference, ...]


def repro(finding: ClauseFinding, subject: Subject, clause: str, name: str) -> Repro:
    """A finding of a clause in a vault as a repro."""
    vault = {"contract": subject.contract, "adapter": subject.adapter.source.path, "clause": clause}
    origin = {"contracts": subject.build.hash, "source": finding.walk, "vault": vault}
    return repro_of(finding.world, finding.steps, finding.difference.difference, name, origin)


def read(path: Path) -> Repro:
    """The repro in a file, in the JSON of earlier versions too. Raises ScenarioError, BadRecord."""
    if path.name.endswith(file.SUFFIX):
        return file.parsed(source_of(path, str(path)))
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
        if body["conform"] != OLD_FORMAT:
            raise BadRecord(InputProblem(f"format {body['conform']}, expected {OLD_FORMAT}", str(path)))
        notation = Notation(body["underlyings"], body["collaterals"])
        steps = tuple(notation.parse(each) for each in body["steps"])
        found = _DIFFERENCE.fullmatch(str(body["difference"]))
        first = difference(*(found.groups() if found else (str(body["difference"]), "", "")))
        return repro_of(world_of(body["world"]), steps, first, path.stem, {"vault": {"clause": body["clause"]}})
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as trouble:
        is_whole = isinstance(trouble, BadNotation | OSError | json.JSONDecodeError | RecursionError)
        what = trouble if is_whole else f"no {trouble}"
        raise BadRecord(InputProblem(f"no finding of `conform`: {what}", str(path))) from None


def replay(subject: Subject, kept: Repro) -> tuple[list[ReplayedStep], bool]:
    """All steps again, with the differences after each; and whether an Anvil shows those of the last one, or none.

    They go on to the last one, whatever differs before. There the difference that they were kept for shows where its
    field does, and by another amount than before that step.
    """
    played: list[ReplayedStep] = []
    gaps: dict[str, Any] = {}
    for line, new, every in replayed(subject, kept.world, kept.steps):
        assert line.step is not None and line.outcome is not None
        grown = [each for each in every if _gap(each) != gaps.get(each.difference.field)]
        wanted = [each for each in grown if each.difference.field == kept.found["field"] and each not in new]
        played.append(ReplayedStep(line.step, line.outcome, (*new, *wanted)))
        gaps = gaps if line.skipped else {each.difference.field: _gap(each) for each in every}
    anvil = AnvilSubject(subject, kept.world)
    try:
        shown = seen_on_anvil(anvil, kept.world, [each.step for each in played])
    finally:
        anvil.close()
    return played, {str(each) for each in played[-1].found} <= {str(each) for each in shown}


def _gap(each: ClauseDifference) -> Any:
    """Vault less model, or both where they are no numbers."""
    wei = each.difference.wei
    return (each.difference.chain, each.difference.model) if wei is None else wei


def shows(each: ReplayedStep, kept: Repro) -> bool:
    """Whether a step shows the field that a finding was kept for."""
    return any(found.difference.field == kept.found["field"] for found in each.found)
