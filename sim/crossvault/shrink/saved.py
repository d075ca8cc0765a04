"""What was found, as a file to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossvault.differential.story import Story, told
from crossvault.scenario.repro import Repro
from crossvault.shrink.shrinker import ShrinkResult


def repro(shrunk: ShrinkResult, name: str, contracts: str, origin: Mapping[str, Any] | None = None) -> Repro:
    """A shrunk finding as a repro. contracts: hash of the contracts; origin: `seed` and `source`, where known."""
    first, step = shrunk.finding.found[0], shrunk.finding.step
    found = {
        "step": len(shrunk.steps),
        "field": first.field,
        "chain": str(first.chain),
        "model": str(first.model),
        "contracts": contracts,
        **(origin or {}),
    }
    return Repro(
        name=name,
        about=f"The sides differed at {step.action.replace('_', ' ')} by {step.sender}.",
        found=found,
        world=shrunk.world,
        underlyings=shrunk.underlyings,
        collaterals=shrunk.collaterals,
        steps=shrunk.steps,
        refusals=tuple(outcome.refusal.name if outcome.refusal else "" for outcome in shrunk.outcomes),
    )


def story(kept: Repro) -> Story:
    """A repro as a story that expects nothing."""
    return Story(
        name=kept.name,
        about=kept.about,
        seed=int(kept.found.get("seed", 0)),
        hash="",
        world=kept.world,
        underlyings=kept.underlyings,
        collaterals=kept.collaterals,
        expected_steps=len(kept.steps),
        steps=lambda model: told(kept.steps),
    )
