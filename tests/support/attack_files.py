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
OPEN: dict[str, str] = KNOWN["open"]


def red_rules(path: str | Path) -> dict[str, list[str]]:
    """The rules that are red in a story, with what each found first."""
    story = scenario.load(str(path))
    model, collector = Model(story.world), Collector(NONE, strict=True)

    def applied(step: Step) -> Outcome:
        collector.before(step, model)
        outcome = model.apply(step)
        collector.after(step, outcome, model)
        return outcome

    for _ in driven(story.steps(model), applied):
        pass
    return collector.fired
