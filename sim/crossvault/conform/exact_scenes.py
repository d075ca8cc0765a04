"""A set piece for the clauses at exact equalities: a limit that is the cost, a margin of zero, the second of an end.

The amounts are read off the model, so that a comparison that is turned or is strict by mistake shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crossvault.conform.scene_steps import (
    ALICE,
    ALL,
    BOB,
    BROKER,
    CAROL,
    DELAY_SECS,
    ETH,
    FEEDER,
    HAIRCUTS,
    HER_OTHER,
    MAKER,
    OWNER,
    PRICE,
    RICH_RAW,
    STRANGER,
    WAD,
    Scene,
    SceneSteps,
)
from crossvault.conform.subject import Subject
from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import fixed, liquidation
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal

NAME = "exact scenes"
_RAW = 10**12  # wad of the smallest unit of the quote token
_MOST_FALLS = 99
_DAVE = AccountId("dave")


class ExactScenes(SceneSteps):
    """The scenes, one after another."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._risk = self._risk._replace(funding_base=0, funding_cap=0)._replace(**subject.pins())
        self.world = replace(self.world, terms=self.world.terms._replace(grace_secs=0))

    def _scenes(self) -> tuple[Scene, ...]:
        return (
            self._listed, self._drained, self._filled, self._traded, self._margined, self._restored, self._bought,
            self._exhausted, self._recovered, self._waited,
        )  # fmt: skip

    def _listed(self, model: Model) -> Iterator[Step]:
        """One market, and a change that is enacted when its delay is just over."""
        yield doors.list_underlying(self._at, OWNER, name="ETH", risk=self._risk)
        yield doors.set_feeder(self._at, OWNER, feeder=FEEDER, allowed=True)
        yield doors.schedule_risk(self._at, OWNER, underlying=0, risk=self._risk)
        self._at += DELAY_SECS - 1
        yield doors.enact_risk(self._at, OWNER, underlying=0, risk=self._risk)
        self._at += 1
        yield doors.enact_risk(self._at, OWNER, underlying=0, risk=self._risk)
        for premium in (0, 5, -5):
            yield self._print(premium=PRICE * premium // 100)
        yield from (self._print(confidence=self._risk.confidence_threshold), self._print())

    def _drained(self, model: Model) -> Iterator[Step]:
        """A loan of a unit more than the vault holds, and of all that it holds."""
        yield doors.list_collateral(self._at, OWNER, token="WETH", underlying=0, terms=HAIRCUTS)
        yield doors.mint(self._at, STRANGER, token="WETH", to="dave", amount_raw=WAD)
        yield doors.mint(self._at, STRANGER, token="USDC", to="bob", amount_raw=9)
        yield doors.deposit_collateral(self._at, "dave", account=_DAVE, collateral=0, amount_raw=WAD)
        yield from (self._pay(BOB, 9), self._take(_DAVE, 10), self._take(_DAVE, 9), self._take(BOB, 9))
        yield from (self._pay(_DAVE, 9), self._take(BOB, 9))

    def _filled(self, model: Model) -> Iterator[Step]:
        """Cash of the accounts; and the largest amount, and a unit more."""
        for account in ALL:
            yield doors.mint(self._at, STRANGER, token="USDC", to=account.owner, amount_raw=10**6 * RICH_RAW)
            yield doors.set_operator(self._at, account.owner, account=account, operator=BROKER, allowed=True)
            yield self._pay(account, RICH_RAW * (1_000 if account == MAKER else 1))
        most = fixed.CAP // _RAW
        yield doors.mint(self._at, STRANGER, token="USDC", to="dave", amount_raw=most + 1)
        for amount in (most + 1, most):
            yield from (self._pay(_DAVE, amount), self._take(_DAVE, amount))

    def _traded(self, model: Model) -> Iterator[Step]:
        """Trades at the edges of the band, and beyond."""
        try:
            mark, band = model.vault.quotation(ETH, now=self._at)
        except Refusal:
            return
        for price in (mark + band, mark + band + 1, mark - band, mark - band - 1):
            yield self._order(MAKER, CAROL, WAD, price)

    def _margined(self, model: Model) -> Iterator[Step]:
        """Initial margin of zero: by a withdrawal, and by a trade."""
        yield self._deal(ALICE, 10)
        left = max(model.vault.initial_margin(ALICE, now=self._at), 0) // _RAW
        yield from (self._take(ALICE, left + 1), self._take(ALICE, left), self._take(ALICE, 1))
        needed = self._risk.initial_rate * PRICE // WAD // _RAW
        yield from (self._pay(ALICE, needed - 1), self._deal(ALICE, 1))
        yield from (self._pay(ALICE, 1), self._deal(ALICE, 1), self._deal(ALICE, -1))

    def _restored(self, model: Model) -> Iterator[Step]:
        """Maintenance margin of zero, which is not put up for sale; and margin with buffer of zero, which ends one."""
        yield from self._lower(model, ALICE)
        yield from (*self._raise(model, ALICE, 0), self._start(ALICE))
        yield from (self._print(self._price - WAD), self._start(ALICE))
        buffer = model.vault.ledger.terms.buffer_wad
        yield from (*self._raise(model, ALICE, buffer), self._end(ALICE))

    def _bought(self, model: Model) -> Iterator[Step]:
        """Bids at their cost and below it, before the knee, at it, and for as much as is sold."""
        yield from self._lower(model, ALICE)
        yield self._start(ALICE)
        for wait, fraction in ((0, 50), (self.world.terms.fast_secs, 50), (0, 1)):
            self._at += wait
            yield self._print()
            yield from self._at_cost(model, ALICE, CAROL, WAD // fraction)
            yield doors.set_operator(self._at, "carol", account=CAROL, operator="clerk", allowed=wait == 0)
            yield doors.bid(
                self._at, "clerk", account=ALICE, bidder=CAROL, fraction_wad=WAD // 1_000, limit_wad=2**255 - 1
            )

    def _exhausted(self, model: Model) -> Iterator[Step]:
        """A deficit, and a payout, as large as the insurance fund; and equity of zero, which is insolvent."""
        yield from (self._print(PRICE), self._deal(HER_OTHER, 500))
        yield from self._lower(model, HER_OTHER, 5, to_wad=0)
        yield self._start(HER_OTHER)
        missing = model.vault.ledger.cash.deficit_wad - model.vault.ledger.cash.insurance_wad
        for amount in (missing // _RAW - 1, 1):
            yield doors.fund_insurance(self._at, "carol", amount_raw=max(amount, 1))
            yield self._take(BOB, 1)
        yield from self._at_cost(model, HER_OTHER, CAROL, WAD)
        yield from (self._print(PRICE), self._pay(BOB, 1))
        yield self._deal(BOB, 500)
        yield from self._lower(model, BOB, 5, to_wad=0)
        [metrics] = model.metrics([BOB], self._at)
        yield from (self._pay(BOB, max(-metrics.equity_wad // _RAW, 1)), self._start(BOB))
        yield from self._at_cost(model, BOB, MAKER, WAD)

    def _recovered(self, model: Model) -> Iterator[Step]:
        """An insolvent account that is worth something again: bought at the start of the discount, and put up anew."""
        yield from (self._print(PRICE), self._pay(HER_OTHER, RICH_RAW), self._deal(HER_OTHER, 500))
        yield from self._lower(model, HER_OTHER, 5, to_wad=0)
        yield self._start(HER_OTHER)
        [metrics] = model.metrics([HER_OTHER], self._at)
        paid_wad = metrics.maintenance_requirement_wad // self.world.terms.insolvent_secs  # for the whole in a second
        yield self._pay(HER_OTHER, max(-metrics.equity_wad, 0) // _RAW + max((paid_wad - WAD // 2) // _RAW, 1))
        self._at += 1
        yield from (self._print(), self._start(HER_OTHER), self._bid(HER_OTHER, CAROL, 1))
        yield from (self._declare(HER_OTHER), self._bid(HER_OTHER, CAROL, WAD))

    def _waited(self, model: Model) -> Iterator[Step]:
        """The last second in which an auction has value, and the next one."""
        yield from (self._print(PRICE), self._pay(ALICE, RICH_RAW), self._deal(ALICE, 500))
        yield from self._lower(model, ALICE)
        yield self._start(ALICE)
        terms = self.world.terms
        until = self._at + terms.fast_secs + terms.slow_secs - 1
        while self._at + self._risk.heartbeat_secs < until:  # a gap would restart the clock
            self._at += self._risk.heartbeat_secs
            yield self._print()
        self._at = until
        yield from (self._print(), self._declare(ALICE))
        self._at += 1
        yield from (self._print(), self._bid(ALICE, CAROL, WAD // 100), self._declare(ALICE))

    def _lower(self, model: Model, account: AccountId, by: int = 1, to_wad: int | None = None) -> Iterator[Step]:
        """The price falls bit by bit until an account fails maintenance, or until its equity is below an amount.

        Prices stay whole, so that all amounts are whole units of the quote token.
        """
        for _ in range(_MOST_FALLS):
            [metrics] = model.metrics([account], self._at)
            short = metrics.maintenance_equity_wad < metrics.maintenance_requirement_wad
            if (short if to_wad is None else metrics.equity_wad < to_wad) or self._price <= by * WAD:
                return
            self._at += 1
            yield self._print(self._price - by * WAD)

    def _raise(self, model: Model, account: AccountId, buffer_wad: int) -> Iterator[Step]:
        """Cash that restores maintenance margin with a buffer to a unit below zero, an end that fails, and the unit."""
        held = model.vault.maintenance(account, now=self._at)
        missing = -liquidation.buffer_margin(held.margin_wad, held.equity_wad, buffer_wad) // _RAW
        yield from (self._pay(account, max(missing - 1, 1)), self._end(account), self._pay(account, 1))

    def _at_cost(self, model: Model, account: AccountId, bidder: AccountId, fraction: int) -> Iterator[Step]:
        """A bid whose limit is a wei below its cost, and one whose limit is its cost."""
        try:
            state = model.vault.require_failing(account, now=self._at)
            deal = model.vault.terms(account, bidder, fraction, state, sender=bidder.owner, now=self._at)
        except Refusal:
            return
        for limit in (deal.cost_wad - 1, deal.cost_wad):
            yield self._bid(account, bidder, fraction, limit)
