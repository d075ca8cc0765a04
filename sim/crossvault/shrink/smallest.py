"""The smallest story of whatever a story fails by: a difference of the sides, else a broken invariant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from crossvault.differential.step import Step, World
from crossvault.differential.story import Story
from crossvault.judge.judge import JudgePlan, Thoroughness
from crossvault.shrink.rule_trial import RuleTrial
from crossvault.shrink.shrinker import NoDivergence, ShrinkResult, shrink, shrunk


def smallest_story(
    given: Story,
    steps: Sequence[Step],
    contracts: Path | None = None,
    seconds: float = 30.0,
    tick: Callable[[int], None] = lambda steps: None,
    how: Thoroughness = "full",
) -> ShrinkResult | None:
    """The smallest story of a difference, else of a broken invariant, of the user or not; None without either.

    steps: those of the story; tick: called with the count of steps that were left out so far. how: of the judge.
    """

    def opened(world: World) -> RuleTrial:
        return RuleTrial(world, judge=JudgePlan(given.invariants, how, given.persons))

    try:
        return shrink(given.world, steps, contracts, seconds, tick=tick)
    except NoDivergence:
        pass
    try:
        return shrunk(opened(given.world), steps, seconds, opened, tick)
    except NoDivergence:
        return None
