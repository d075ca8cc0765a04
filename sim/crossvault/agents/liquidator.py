"""A liquidator: starts auctions, buys what is cheap enough or pays enough, and sells what it bought to a maker.

It starts an auction when a maintenance margin is below zero, ends one that has its margin with buffer again, and
declares one insolvent that has run out of value. It bids on a solvent account once the discount factor has fallen to
its own, and on an insolvent one once the reward (payout plus equity) has risen to its part of the maintenance
requirement, for as much as its initial margin carries and the insurance fund pays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossvault.agents import AgentContext, AgentKind, AgentSetting
from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import StepStream
from crossvault.differential.story import mark
from crossvault.mirror import account as accounts, fixed, liquidation, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.auction import AuctionState
from crossvault.mirror.valuation import Metrics

_CRUMB = fixed.WAD // 100
_CAUTION = 95 * fixed.WAD // 100


@dataclass(frozen=True, slots=True)
class BiddingRule:
    """When and how much it buys: highest discount factor, least reward per requirement, largest part [wad]; unload."""

    discount_wad: int
    reward_wad: int
    most_wad: int
    unload: bool


@dataclass(frozen=True, slots=True)
class Liquidator:
    """An account that lives from the auctions of others."""

    account: AccountId
    rule: BiddingRule
    targets: Sequence[AccountId]
    maker: AccountId | None
    broker: str

    def act(self, model: Model, at: int) -> StepStream:
        """Looks at every account, then sells what it holds."""
        if self._on_sale(model, self.account):
            return
        for target in self.targets:
            if target != self.account:
                yield from self._look_at(model, target, at)
        if self.rule.unload and self.maker is not None:
            yield from self._unload(model, self.maker, at)

    def _look_at(self, model: Model, target: AccountId, at: int) -> StepStream:
        holder = model.vault.ledger.holders[target]
        if not accounts.instruments(holder) and not self._on_sale(model, target):
            return
        metrics = model.metrics([target], at)[0]
        if metrics.stale_underlying:
            return
        if not self._on_sale(model, target):
            if metrics.maintenance_equity_wad >= metrics.maintenance_requirement_wad:
                return
            outcome = yield doors.start_liquidation(at, self.account.owner, account=target)
            if outcome.refusal:
                return
        auction = model.vault.auction_state(target, now=at)
        if auction.buffer_wad >= 0:
            yield doors.end_liquidation(at, self.account.owner, account=target)
            return
        sale = model.vault.ledger.sales[target]
        if sale.insolvent_at == 0 and auction.value_wad <= 0:
            yield doors.declare_insolvent(at, self.account.owner, account=target)
        yield from self._bid(model, target, metrics, at)

    def _bid(self, model: Model, target: AccountId, metrics: Metrics, at: int) -> StepStream:
        auction = model.vault.auction_state(target, now=at)
        cost_wad = self._cost(model, target, auction, metrics, at)
        if cost_wad is None or self._on_sale(model, self.account):
            return
        fraction_wad = self._fraction(model, cost_wad, metrics, at)
        if fraction_wad >= _CRUMB:
            limit_wad = fixed.mul_div_ceil(cost_wad, fraction_wad, fixed.WAD)
            yield doors.bid(
                at, self.account.owner, account=target, bidder=self.account, fraction_wad=fraction_wad,
                limit_wad=limit_wad,
            )  # fmt: skip

    def _cost(self, model: Model, target: AccountId, auction: AuctionState, metrics: Metrics, at: int) -> int | None:
        """Cost of the whole account [wad], negative when it pays; None when it is not worth it yet."""
        sale, terms = model.vault.ledger.sales[target], model.vault.ledger.terms
        if sale.insolvent_at and auction.equity_wad > 0:
            auction.discount_wad = terms.start_wad  # it is sold as a solvent one, from the start of the discount
        elif sale.insolvent_at:
            elapsed_secs = at - auction.clock_at
            margin_wad = liquidation.paid_margin(auction.equity_wad, auction.margin_wad, auction.required_wad)
            pays_wad = liquidation.payout(auction.equity_wad, margin_wad, elapsed_secs, terms.insolvent_secs)
            least_wad = fixed.mul_div_up(metrics.maintenance_requirement_wad, self.rule.reward_wad, fixed.WAD)
            return -pays_wad if pays_wad + auction.equity_wad >= least_wad else None
        if auction.value_wad <= 0 or auction.discount_wad > self.rule.discount_wad:
            return None
        return liquidation.price(auction.value_wad, auction.discount_wad)

    def _fraction(self, model: Model, cost_wad: int, metrics: Metrics, at: int) -> int:
        """The largest part [wad] that its initial margin carries, as if nothing netted, and that the fund can pay."""
        own = model.metrics([self.account], at)[0]
        burden_wad = cost_wad - (metrics.initial_equity_wad - metrics.initial_requirement_wad)
        most_wad = self.rule.most_wad
        if own.stale_underlying:
            return 0
        if burden_wad > 0:
            carried_wad = fixed.mul_div_down(own.free_collateral_wad, _CAUTION, burden_wad)
            most_wad = fixed.min(most_wad, carried_wad)
        if cost_wad < 0:
            paid_wad = fixed.mul_div_down(model.vault.ledger.cash.insurance_wad, fixed.WAD, -cost_wad)
            most_wad = fixed.min(most_wad, paid_wad)
        return most_wad

    def _unload(self, model: Model, maker: AccountId, at: int) -> StepStream:
        holder = model.vault.ledger.holders[self.account]
        for instrument in accounts.instruments(holder):
            if 0 < market.expiry_of(instrument) <= at:
                continue  # it has ended, and waits to be settled
            size = -accounts.entry(holder, instrument).size
            yield doors.trade(
                at,
                self.broker,
                maker=maker,
                taker=self.account,
                instrument=instrument,
                size=size,
                price_wad=mark(model, instrument, at),
            )

    def _on_sale(self, model: Model, account: AccountId) -> bool:
        return model.vault.ledger.sales[account].started_at != 0


def _liquidator(post: AgentContext, settings: Mapping[str, Any]) -> Liquidator:
    rule = BiddingRule(settings["discount"], settings["reward"], settings["most"], settings["unload"])
    return Liquidator(post.account, rule, post.targets, post.maker, post.broker)


LIQUIDATOR = AgentKind(
    key="rule",
    schema=(
        "RulePart",
        "Rule of a liquidator: highest discount factor, least reward, largest fraction, and whether it unloads.",
    ),
    settings=(
        AgentSetting("discount", "ratio", 95 * fixed.WAD // 100),
        AgentSetting("reward", "ratio", 10 * fixed.WAD // 100),
        AgentSetting("most", "ratio", fixed.WAD),
        AgentSetting("unload", "flag", True),
    ),
    make=_liquidator,
    stream="/liquidator",
    role="liquidator",
)
