"""Thresholds that a set piece meets exactly, whatever decimals the quote token has, and what chance seldom reaches."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.story import utilisation_and_rate
from crossvault.mirror import collateral, ruleset, valuation
from crossvault.mirror.account import PORTFOLIO
from crossvault.walks.rare_doors import LAST, LATE, RareDoors
from crossvault.walks.threshold_points import MAKER, QUOTE_DECIMALS, TAKER, ThresholdPoints

SEEDS = range(len(QUOTE_DECIMALS))
AROUND = {-1, 0, 1}
RARE = {
    "NotPendingOwner",
    "NotBatchable",
    "TooManyDecimals",
    "TooManyCollaterals",
    "TooManyPositions",
    "OrderBelowFloor",
    "TokenListed",
    "TooManyExpiries",
    "TransferMismatch",
    "AuctionInsolvent",
    "ExpiryListed",
    "FractionOutOfRange",
    "TooManyOptions",
}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_threshold_is_met_exactly_and_on_both_sides(seed: int) -> None:
    story = ThresholdPoints(seed).story()
    assert story.world.tokens[0].decimals == QUOTE_DECIMALS[seed]
    model, met, tried = Model(story.world), defaultdict[str, set[int]](set), list[tuple[int, str]]()
    for step, outcome in driven(story.steps(model), model.apply):
        state, now = model.vault.ledger, step.at
        if step.action == "withdraw_cash":
            tried.append((step.args["amount_raw"], outcome.refusal.name if outcome.refusal else ""))
        if step.action == "withdraw_cash" and outcome.refusal is None:
            met["confidence"].add(state.prices[0].confidence - state.risks[0].confidence_threshold)
            risk = ruleset.risk_of(state.model.data, 0).contingency
            met["confidence in portfolio mode"].add(state.prices[0].confidence - risk.confidence_threshold)
            met["depeg"].add(state.prices[2].index - state.cash.terms.depeg_threshold)
            met["depeg in portfolio mode"].add(state.prices[2].index - state.model.data.rules.terms.peg_threshold)
            held = state.holders[TAKER].balances[0]
            value_wad = collateral.value(held, state.prices[0].index, state.assets[0].decimals)
            met["cap"].add(value_wad - state.assets[0].terms.cap_wad)
        if step.action == "enact_interest":
            used_wad, _ = utilisation_and_rate(model, now)
            met["utilisation"].add(used_wad - state.cash.interest.optimal_utilisation)
    for name, distances in met.items():
        assert distances >= AROUND, (name, distances)
    assert len(met) == 6
    pairs = [pair for pair in pairwise(tried) if pair[0][1]]
    assert len(pairs) >= 15
    for (more, refusal), (most, accepted) in pairs:  # the largest withdrawal, and before it one raw unit more
        assert more == most + 1 and (refusal, accepted) == ("InsufficientMargin", "")


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_points_between_two_refusals_or_rules_are_met(seed: int) -> None:
    """A bid for an insolvent account of no equity, in its first second; an option at the money that has no vol."""
    story = RareDoors(seed).story()
    model, met = Model(story.world), Counter[str]()
    for step, outcome in driven(story.steps(model), model.apply):
        sale = model.vault.ledger.sales[LATE]
        if step.action == "deposit_collateral" and sale.insolvent_at == step.at:
            met["even"] += model.vault.auction_state(LATE, now=step.at).equity_wad == 0
        if step.action == "bid" and step.args["account"] == LATE and outcome.refusal is None and met["even"]:
            met["bid"] += 1
        if step.action == "publish_surface" and step.args["svi"].a == 0:
            met["still"] += len(_at_the_money(model, step.at))
    assert met["even"] == 1 and met["bid"] == 2 and met["still"] == 2


def _at_the_money(model: Model, at: int) -> list[Any]:
    """The options of the maker that have no vol and whose strike is the forward."""
    lines = valuation.book(model.vault.ledger, MAKER, now=at).lines
    return [line for line in lines if line.vol_wad == 0 and line.forward_wad == line.strike_wad]


def test_what_chance_seldom_reaches_is_reached() -> None:
    story = RareDoors(1).story()
    model, refused, accepted = Model(story.world), Counter[str](), Counter[str]()
    levels = set[tuple[bool, bool, bool]]()
    for step, outcome in driven(story.steps(model), model.apply):
        if step.args.get("account") == LAST and step.action == "deposit_cash":
            [held] = model.metrics([LAST], step.at)
            fails = (
                held.initial_equity_wad < held.initial_requirement_wad,
                held.maintenance_equity_wad < held.maintenance_requirement_wad,
            )
            levels |= {(*fails, held.equity_wad < 0)} if held.mode == PORTFOLIO else set()
        refused.update([outcome.refusal.name] if outcome.refusal else [])
        accepted.update([] if outcome.refusal else [step.action])
    assert set(refused) >= RARE
    assert all(accepted[each] for each in ("accept_ownership", "enact_risk", "enact_haircut", "enact_auction", "fill"))
    assert levels >= {(True, False, False), (True, True, False), (True, True, True)}, "in portfolio mode"
    [metrics] = model.metrics([TAKER], step.at)
    assert metrics.stale_underlying and metrics.mode == PORTFOLIO
