"""Files of attack stories, what tests/known_reds.yaml lists of them, and the rules that are red in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from crossvault import scenario
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from places import CASES, TESTS
from plant_search import NONE, Collector

FOLDER, FINDINGS = CASES / "attacks", TESTS / "findings"
KNOWN: dict[str, dict[str, Any]] = yaml.safe_load((TESTS / "known_reds.yaml").read_text(encoding="utf8"))
MENDED: dict[str, str] = KNOWN["mended"]
PARAMETER: dict[str, str] = KNOWN["parameter"]
OPEN: dict[str, str] = KNOWN["open"]
NEW = frozenset({"vault cap", "open interest cap", "borrowing cap", "grace", "floor"})
"""Parameters that did not exist when the attacks were played."""


def red_rules(path: str | Path) -> dict[str, list[str]]:
    """The rules that are red in a story, with what each found first."""
    story = scenario.load(str(path))
    model, collector = Model(story.world), Collector(NONE, strict=True)
    collector.persons = story.persons

    def applied(step: Step) -> Outcome:
        collector.before(step, model)
        outcome = model.apply(step)
        collector.after(step, outcome, model)
        return outcome

    for _ in driven(story.steps(model), applied):
        pass
    return collector.fired


def changed(was: Any, now: Any, path: str = "") -> list[str]:
    """Fields that differ, but for what steps expect and for parameters that are new."""
    if isinstance(was, dict) and isinstance(now, dict):
        keys = (was.keys() | now.keys()) - ({"expect"} if path.startswith("/steps") else set()) - NEW
        return [found for key in sorted(keys) for found in changed(was.get(key), now.get(key), f"{path}/{key}")]
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = zip(was, now, strict=True)
        return [found for k, (one, other) in enumerate(pairs) for found in changed(one, other, f"{path}/{k}")]
    return [] if was == now else [path]
