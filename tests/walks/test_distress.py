"""Walks in distress: a tenth of their steps, and equalities that they reach exactly."""

from __future__ import annotations

from collections import Counter

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.fuzz.market_states import STATES
from crossvault.fuzz.reach import DISTRESS, ReachCounts
from crossvault.walks.random_walk import Walk

SEEDS = (1, 3, 5)


@pytest.mark.slow
def test_a_tenth_of_the_steps_is_in_distress_and_points_are_met_exactly() -> None:
    reach, exact = ReachCounts(), Counter[str]()
    for seed in SEEDS:
        walk = Walk(seed, 700)
        model = Model(walk.world)
        for step, outcome in driven(walk.steps(model), model.apply):
            reach.applied(step, outcome, model)
            for account, metrics in zip(step.accounts(), model.metrics(step.accounts(), step.at), strict=True):
                if metrics.initial_requirement_wad and metrics.initial_equity_wad == metrics.initial_requirement_wad:
                    exact["initial"] += 1
                if outcome.refusal and outcome.refusal.name == "BidTooDear":
                    cost_wad, limit_wad = outcome.refusal.args
                    exact["price"] += cost_wad - limit_wad == 1
                assert account
    assert reach.states[DISTRESS] >= reach.steps / 10
    assert set(reach.states) == {*STATES, DISTRESS}
    assert reach.accepted["bid"] > 5 and exact["price"] > 0 and exact["initial"] > 0
