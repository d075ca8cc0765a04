"""Moments of a story as rules see them, played by the model alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.story import Story
from crossvault.judge.books import read_books
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.rule import Check
from crossvault.judge.rulebook import RuleBook
from places import TESTS


def moments(story: Story, full: bool = False) -> Iterator[Moment]:
    """Every step of a story with the books before and after it."""
    model = Model(story.world)
    after, rights = read_books(model), RuleBook.opened(story.world)
    for number, (step, outcome) in enumerate(driven(story.steps(model), model.apply), 1):
        before, after = after, read_books(model, after)
        yield Moment(step, outcome, before, after, rights, number, model, full=full)
        rights = rights.after(step, outcome)


def breaches(story: Story, check: Check, full: bool = False) -> Iterator[tuple[Moment, Breach]]:
    """The breaches of a rule in a story."""
    for moment in moments(story, full):
        for breach in check(moment):
            yield moment, breach


@cache
def plant(name: str) -> dict[str, Any]:
    """A mistake of tests/plants.yaml."""
    cases = yaml.safe_load((TESTS / "plants.yaml").read_text(encoding="utf8"))
    found: dict[str, Any] = next(case for case in cases if case["id"] == name)
    return found
