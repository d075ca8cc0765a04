"""A finding as a repro to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crossvault.differential.compare import SIDES, Difference
from crossvault.differential.model import Model
from crossvault.differential.step import Step, World
from crossvault.differential.story import Story, step_stream
from crossvault.scenario.repro import SUFFIX, Repro
from crossvault.shrink.rule_trial import RULE
from crossvault.shrink.shrinker import ShrinkResult


def repro(
    shrunk: ShrinkResult,
    name: str,
    contracts: str,
    origin: Mapping[str, Any] | None = None,
    invariants: Sequence[str] = (),
) -> Repro:
    """A shrunk finding as a repro. contracts: hash of the contracts; origin: `seed` and `source`, where known.

    invariants: those of the user that it breaks.
    """
    first = shrunk.finding.found[0]
    return repro_of(shrunk.world, shrunk.steps, first, name, {"contracts": contracts, **(origin or {})}, invariants)


def largest_repro(shrunk: ShrinkResult, name: str, contracts: str, origin: Mapping[str, Any]) -> Repro | None:
    """The largest difference of money that was seen as a repro, if there is one."""
    seen = shrunk.largest
    return seen and repro_of(seen.world, seen.steps, seen.difference, name, {"contracts": contracts, **origin})


def repro_of(
    world: World,
    steps: Sequence[Step],
    first: Difference,
    name: str,
    origin: Mapping[str, Any],
    invariants: Sequence[str] = (),
) -> Repro:
    """Steps as a repro, the last of which shows a difference, or breaks an invariant of the user.

    origin: further fields of `found`.
    """
    outcomes, last = Model(world).play(steps), steps[-1]
    done = [step for step, outcome in zip(steps, outcomes, strict=True) if not outcome.refusal]
    difference = {"field": first.field, "chain": str(first.chain), "model": str(first.model)}
    return Repro(
        name=name,
        about=f"{_happened(first)} at {last.action.replace('_', ' ')} by {last.sender}.",
        found={"step": len(steps), **difference, **origin},
        world=world,
        underlyings=tuple(step.args["name"] for step in done if step.action == "list_underlying"),
        collaterals=tuple(step.args["token"] for step in done if step.action == "list_collateral"),
        steps=tuple(steps),
        refusals=tuple(outcome.refusal.name if outcome.refusal else "" for outcome in outcomes),
        invariants=tuple(invariants),
    )


def _happened(first: Difference) -> str:
    if first.field.startswith(RULE):
        return "A rule was broken"
    return "The sides differed" if first.sides == SIDES else "The versions differed"


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
        steps=lambda model: step_stream(kept.steps),
    )


def name_of(path: Path) -> str:
    """The name of a repro, by the file that it is in."""
    plain = "".join(each if each.isalnum() or each in "-_" else "-" for each in path.name.removesuffix(SUFFIX))
    return (plain if plain[:1].isalpha() else f"repro-{plain}")[:31]
