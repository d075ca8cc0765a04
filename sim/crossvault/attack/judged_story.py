"""A story of an attack before the judge: which rules it finds broken, and the profit by the judge's own arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crossvault.attack.market_opening import PERSON, world
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.judge.breach import Breach
from crossvault.judge.coalition_rules import profit_wad
from crossvault.judge.judge import Judge
from crossvault.judge.moment import Moment
from crossvault.judge.own_invariants import BrokenInvariant
from crossvault.judge.rule import Rule
from crossvault.judge.table import RULES

COALITION_NAME = "coalition"
PERSONS = dict.fromkeys(PERSON, COALITION_NAME)


class JudgedStory(NamedTuple):
    """The rules that the judge finds broken by the steps of a story, and the coalition's profit over its calls [wad].

    The judge knows a price that waits, and no misprint: there the search alone knows the true price.
    """

    broken: tuple[str, ...]
    profit_wad: int


def judged(steps: Sequence[Step]) -> JudgedStory:
    """Plays steps before the judge, by every rule at every step, known weaknesses among them."""
    profits: list[int] = []

    def profit(moment: Moment) -> Iterator[Breach]:
        profits.append(profit_wad(moment, COALITION_NAME))
        yield from ()

    measured = Rule("A", "The profit of the coalition is measured.", profit)
    broken = _broken(steps, (measured,)) + tuple(
        number for number in dict.fromkeys(rule.number for rule in RULES) if _broken(steps, _rules(number))
    )
    return JudgedStory(broken, sum(profits))


def _rules(number: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if rule.number == number)


def _broken(steps: Sequence[Step], rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """The first rule that breaks, if one does."""
    model = Model(world())
    judge = Judge(how="strict", persons=PERSONS, rules=rules)
    for step in steps:
        judge.before(step, model)
        outcome = model.apply(step)
        try:
            judge.after(step, outcome, model)
        except BrokenInvariant as found:
            return (found.number,)
    return ()
