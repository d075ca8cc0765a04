"""Stories played on the model alone, with every breach of some rules of the judge."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.judge.auction_clocks import AuctionClocks
from crossvault.judge.books import read_books
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.rulebook import RuleBook
from crossvault.judge.table import RULES
from crossvault.scenario import load


class Found(NamedTuple):
    """A breach: the rule's number, the step at which it is, and the breach."""

    number: str
    step: Step
    breach: Breach


def breaches(story: Story, *numbers: str, full: bool = True) -> list[Found]:
    """Every breach of the rules of some numbers in a story, which goes on after each.

    Reading the books again after the rules must find what it found before them: a trial leaves no trace.
    """
    model, found = Model(story.world), list[Found]()
    rules = [rule for rule in RULES if rule.number in numbers]
    books, rights, clocks = read_books(model), RuleBook.opened(story.world), AuctionClocks()

    def applied(step: Step) -> Outcome:
        nonlocal books, rights, clocks
        before, outcome = books, model.apply(step)
        books = read_books(model, before)
        clocks = clocks.until(before, rights.paused, step.at)
        moment = Moment(step, outcome, before, books, rights, model.steps, model, full=full, clocks=clocks)
        for rule in rules:
            found.extend(Found(rule.number, step, breach) for breach in rule.check(moment))
        assert read_books(model, books) == books
        clocks, rights = clocks.after(step, outcome, books), rights.after(step, outcome)
        return outcome

    for _ in driven(story.steps(model), applied):
        pass
    return found


def written(folder: Path, text: str) -> Story:
    """The story of a scenario's text."""
    path = folder / "judged.scenario.yaml"
    path.write_text(text, encoding="utf8")
    return load(str(path))
