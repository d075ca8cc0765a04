"""A failure found in process, played once more on Anvil: only then is it a finding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.evm.anvil import ChainRefused
from crossvault.evm.chain import Chain, EnginesDisagree
from crossvault.evm.search_evm import engine
from crossvault.judge.judge import Judge, JudgePlan
from crossvault.lockstep.run import Broken, Diverged, run


class ConfirmedFailure(NamedTuple):
    """A failure that both engines show: the number of its step, the reason in words, and what Anvil shows."""

    number: int
    text: str
    failure: Diverged | Broken | ExpectationFailed | None


def confirm(story: Story, steps: Sequence[Step], text: str, contracts: Path | None) -> ConfirmedFailure:
    """Plays the steps of a failure on Anvil, with the invariants of the story.

    text: the failure in process. Raises EnginesDisagree.
    """
    model, guard = Model(story.world), JudgePlan(story.invariants, "full", story.persons).judge()
    chain = Chain(story.world, contracts)
    try:
        result = run(story, model, chain, (), guard)
        found = result.failure or _at_the_end(guard, model)
    except (ChainRefused, ValueError, IndexError, OverflowError) as odd:
        return ConfirmedFailure(len(steps), f"the contracts returned data that cannot be decoded: {odd}", None)
    finally:
        chain.close()
    if found is None:
        raise EnginesDisagree(f"{story.name}: {engine()} shows {text} in the search; Anvil, step by step, does not")
    number = found.number if isinstance(found, Diverged) else len(steps)
    return ConfirmedFailure(number, str(found), found)


def _at_the_end(guard: Judge, model: Model) -> Broken | None:
    try:
        guard.finish()
    except Broken as broken:
        return broken
    return None
