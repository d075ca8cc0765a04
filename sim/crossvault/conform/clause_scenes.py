"""A set piece for the clauses: in one plain market, each right and each refusal of a vault of perps is met once.

Steps that the vault under test does not support are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.conform.subject import Subject
from crossvault.conform.walk import unfit
from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step, StepStream, TokenSpec, World
from crossvault.mirror import cash, fixed, market, oracle
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.liquidation import AuctionTerms

NAME = "clause scenes"
_WAD, _PCT = fixed.WAD, fixed.WAD // 100
_OWNER, _GUARD, _FEEDER, _BROKER, _STRANGER = "governor", "guardian", "feeder", "broker", "stranger"
_MAKER, _ALICE, _BOB, _CAROL = AccountId("maker"), AccountId("alice"), AccountId("bob"), AccountId("carol")
_HER_OTHER = AccountId("alice", 1)
_ALL = (_MAKER, _ALICE, _BOB, _CAROL, _HER_OTHER)
_ETH, _PRICE, _RICH_RAW = market.perp(0), 100 * _WAD, 10**10  # 10,000 of quote
_ANY_PRICE = 2**255 - 1
_MOST_FALLS = 80
_STARTS_AT = 1_700_000_000
_TERMS = AuctionTerms(15 * _PCT, 98 * _PCT, 80 * _PCT, 900, 14_400, 1_800)
_RISK = market.MarketRisk(
    heartbeat_secs=3_600, mark_band=5 * _PCT, trade_band=5 * _PCT, initial_rate=10 * _PCT, base_rate=8 * _PCT,
    impact_rate=_PCT, maintenance_rate=5 * _PCT, maintenance_scale=50 * _PCT, spread_rate=_PCT, profit_weight=50 * _PCT,
    confidence_threshold=90 * _PCT, confidence_factor=_WAD, funding_base=_PCT, funding_cap=4 * _PCT,
    skew_scale=100 * _WAD,
)  # fmt: skip
_HAIRCUTS = HaircutTerms(20 * _PCT, 10 * _PCT, 5_000 * _WAD)


class ClauseScenes:
    """The scenes as steps on the model, one after another."""

    def __init__(self, subject: Subject) -> None:
        terms = _TERMS._replace(**subject.adapter.fixed.get("auction", {}))
        tokens = (TokenSpec("USDC", 6), TokenSpec("WETH", 18), TokenSpec("FEE", 18, "fee"))
        self.world = World(tokens, "USDC", _OWNER, 600, terms, _STARTS_AT)
        self._subject, self._at, self._price = subject, _STARTS_AT, _PRICE
        self._risk = _RISK._replace(**subject.pins())

    def steps(self, model: Model) -> StepStream:
        """The steps that the vault supports."""
        for scene in (
            self._listed, self._printed, self._funded, self._moved, self._traded, self._margined, self._secured,
            self._batched, self._guarded, self._lent, self._paused, self._sold, self._insolvent, self._late,
            self._governed,
        ):  # fmt: skip
            for step in scene(model):
                if not unfit(self._subject, step.action, step.args):
                    yield step

    def _print(
        self, price: int = 0, premium: int = 0, confidence: int = _WAD, age: int = 0, by: str = _FEEDER, number: int = 0
    ) -> Step:
        self._price = price or self._price
        return doors.publish_price(
            self._at, by, underlying=number, index_wad=price or self._price, premium_wad=premium,
            confidence_wad=confidence, published_at=self._at - age,
        )  # fmt: skip

    def _deal(self, taker: AccountId, units: int, maker: AccountId = _MAKER, by: str = _BROKER) -> Step:
        return self._order(maker, taker, units * _WAD, self._price, by=by)

    def _order(
        self, maker: AccountId, taker: AccountId, size: int, price: int, instrument: int = _ETH, by: str = _BROKER
    ) -> Step:
        return doors.trade(self._at, by, maker=maker, taker=taker, instrument=instrument, size=size, price_wad=price)

    def _pay(self, account: AccountId, amount_raw: int, by: str = "") -> Step:
        return doors.deposit_cash(self._at, by or account.owner, account=account, amount_raw=amount_raw)

    def _take(self, account: AccountId, amount_raw: int, by: str = "") -> Step:
        sender = by or account.owner
        return doors.withdraw_cash(self._at, sender, account=account, amount_raw=amount_raw, to=sender)

    def _bid(self, account: AccountId, bidder: AccountId, fraction: int, limit: int = _ANY_PRICE) -> Step:
        return doors.bid(self._at, bidder.owner, account=account, bidder=bidder, fraction_wad=fraction, limit_wad=limit)

    def _start(self, account: AccountId) -> Step:
        return doors.start_liquidation(self._at, _STRANGER, account=account)

    def _end(self, account: AccountId) -> Step:
        return doors.end_liquidation(self._at, _STRANGER, account=account)

    def _declare(self, account: AccountId) -> Step:
        return doors.declare_insolvent(self._at, _STRANGER, account=account)

    def _fall(self, model: Model, account: AccountId, to_wad: int | None = None) -> Iterator[Step]:
        """The price falls until an account fails maintenance, or until its equity is below an amount."""
        for _ in range(_MOST_FALLS):
            [metrics] = model.metrics([account], self._at)
            if to_wad is None and metrics.maintenance_equity_wad < metrics.maintenance_requirement_wad:
                return
            if to_wad is not None and metrics.equity_wad < to_wad:
                return
            self._at += 1
            yield self._print(self._price * 99 // 100)

    def _listed(self, model: Model) -> Iterator[Step]:
        """What the owner lists, and what others may not."""
        at = self._at
        for by in (_STRANGER, _OWNER):
            yield doors.list_underlying(at, by, name="ETH", risk=self._risk)
            yield doors.set_feeder(at, by, feeder=_FEEDER, allowed=True)
        yield doors.list_underlying(at, _OWNER, name="BTC", risk=self._risk)
        yield doors.list_underlying(at, _OWNER, name="BAD", risk=self._risk._replace(initial_rate=2 * _WAD))
        yield doors.set_guardian(at, _OWNER, to=_GUARD)
        for token in ("WETH", "FEE", "WETH"):
            yield doors.list_collateral(at, _OWNER, token=token, underlying=0, terms=_HAIRCUTS)

    def _printed(self, model: Model) -> Iterator[Step]:
        """Prints that count, and those that are refused."""
        yield from (self._print(), self._print(number=1), self._print(by=_STRANGER))
        yield self._print(_PRICE + 1)
        yield doors.publish_price(
            self._at, _FEEDER, underlying=0, index_wad=0, premium_wad=0, confidence_wad=_WAD, published_at=self._at
        )
        yield self._print(fixed.CAP + 1)
        yield from (self._print(_PRICE, confidence=_WAD + 1), self._print(number=7))
        self._at += 60
        yield from (self._print(age=-1), self._print(age=61), self._print())

    def _funded(self, model: Model) -> Iterator[Step]:
        """Cash comes, but not from those who have none."""
        at = self._at
        yield doors.mint(at, _STRANGER, token="USDC", to="poor", amount_raw=5)
        for account in _ALL:
            yield doors.mint(at, _STRANGER, token="USDC", to=account.owner, amount_raw=fixed.CAP)
            yield doors.set_operator(at, _STRANGER, account=account, operator=_BROKER, allowed=True)
            yield doors.set_operator(at, account.owner, account=account, operator=_BROKER, allowed=True)
            yield doors.set_operator(at, _BROKER, account=account, operator=_STRANGER, allowed=False)
            yield self._pay(account, _RICH_RAW * (100 if account == _MAKER else 1))
        for amount in (0, fixed.CAP + 1):
            yield from (self._pay(_ALICE, amount), self._take(_ALICE, amount))
            yield doors.fund_insurance(at, "alice", amount_raw=amount)
        yield from (self._pay(AccountId("poor"), 6), doors.fund_insurance(at, "poor", amount_raw=6))
        yield self._pay(_ALICE, 5, by=_STRANGER)

    def _moved(self, model: Model) -> Iterator[Step]:
        """Cash goes, to those who may take it."""
        yield self._take(_BOB, _RICH_RAW // 10)
        yield self._take(_BOB, _RICH_RAW // 10, by=_BROKER)
        yield self._take(_BOB, 5, by=_STRANGER)
        yield doors.set_mode(self._at, _STRANGER, account=_BOB, mode=1)
        yield doors.bid(self._at, _STRANGER, account=_BOB, bidder=_CAROL, fraction_wad=_WAD, limit_wad=0)
        yield self._take(_BOB, _RICH_RAW)
        yield self._pay(_BOB, _RICH_RAW // 5)

    def _traded(self, model: Model) -> Iterator[Step]:
        """Trades of either side, and those that are refused."""
        price = self._price
        yield from (self._deal(_BOB, 10), self._deal(_BOB, -4), self._deal(_BOB, -6), self._deal(_BOB, -3))
        yield from (self._deal(_BOB, 5), self._deal(_CAROL, 2), self._deal(_MAKER, 2, maker=_CAROL))
        self._at += 60
        yield from (self._print(price * 102 // 100), self._deal(_BOB, 1), self._deal(_BOB, -3), self._deal(_CAROL, 7))
        yield self._order(_MAKER, _BOB, 7, self._price + 1)  # wei of size, a quote that is no whole number
        yield self._order(_MAKER, _BOB, -7, self._price + 1)
        yield self._order(_MAKER, _BOB, _WAD, self._price * 106 // 100)
        yield self._order(_MAKER, _BOB, _WAD, self._price * 94 // 100)
        yield self._order(_MAKER, _BOB, 0, self._price)
        yield self._order(_MAKER, _BOB, fixed.CAP + 1, self._price)
        yield self._order(_MAKER, _BOB, _WAD, 0)
        yield self._order(_MAKER, _BOB, _WAD, fixed.CAP + 1)
        yield self._order(_BOB, _BOB, _WAD, self._price)
        yield self._order(_MAKER, _BOB, _WAD, self._price, market.perp(9))
        yield self._order(_MAKER, _BOB, _WAD, self._price, market.perp(1))
        yield self._order(_MAKER, _BOB, -_WAD, self._price, market.perp(1))
        yield from (self._deal(_BOB, 1, by=each) for each in (_STRANGER, "maker", "bob"))

    def _margined(self, model: Model) -> Iterator[Step]:
        """Risk up to initial margin and beyond, at prices with a premium and with a doubt."""
        yield from (self._deal(_BOB, 400), self._deal(_BOB, -3), self._deal(_BOB, 2_000), self._take(_BOB, _RICH_RAW))
        for premium in (3, -3, 8, -8):
            self._at += 60
            yield self._print(premium=self._price * premium // 100)
            yield from (self._deal(_BOB, -1), self._deal(_CAROL, 1))
        self._at += 60
        yield from (self._print(confidence=50 * _PCT), self._deal(_BOB, -1), self._pay(_CAROL, 1))
        self._at += 60
        yield from (self._print(self._price * 110 // 100), self._deal(_BOB, -1), self._pay(_MAKER, 1))
        yield from (self._print(_PRICE), self._deal(_BOB, -1), self._deal(_BOB, 1))

    def _secured(self, model: Model) -> Iterator[Step]:
        """Collateral comes and goes."""
        at = self._at
        for number, token in enumerate(("WETH", "FEE")):
            yield doors.mint(at, _STRANGER, token=token, to="carol", amount_raw=100 * _WAD)
            yield doors.deposit_collateral(at, "carol", account=_CAROL, collateral=number, amount_raw=80 * _WAD)
        for number, amount in ((0, 0), (0, fixed.CAP + 1), (9, 1), (0, 50 * _WAD)):
            yield doors.deposit_collateral(at, "carol", account=_CAROL, collateral=number, amount_raw=amount)
            yield doors.withdraw_collateral(
                at, "carol", account=_CAROL, collateral=number, amount_raw=amount, to="carol"
            )
        yield doors.withdraw_collateral(at, "carol", account=_CAROL, collateral=0, amount_raw=40 * _WAD, to="carol")
        yield self._take(_CAROL, _RICH_RAW * 11 // 10)
        yield doors.withdraw_collateral(at, "carol", account=_CAROL, collateral=0, amount_raw=29 * _WAD, to="carol")
        yield doors.withdraw_collateral(at, _STRANGER, account=_CAROL, collateral=0, amount_raw=1, to=_STRANGER)
        yield doors.deposit_collateral(at, _STRANGER, account=_CAROL, collateral=0, amount_raw=1)

    def _batched(self, model: Model) -> Iterator[Step]:
        """Several calls as one, judged at the end."""
        pay = doors.call_of(self._pay(_BOB, 5))
        for units in (1, 5_000):
            yield doors.batch(self._at, _BROKER, calls=(doors.call_of(self._deal(_BOB, units)),))
            yield doors.batch(self._at, "bob", calls=(pay, doors.call_of(self._take(_BOB, 5))))
        yield doors.batch(self._at, "bob", calls=(pay, doors.call_of(self._start(_BOB))))

    def _guarded(self, model: Model) -> Iterator[Step]:
        """A jump waits for a second print, and a stable price follows."""
        guard = oracle.PriceGuard(5 * _PCT, 120, _PCT // 1_000)
        change = doors.GUARD.of(underlying=0, guard=guard)
        yield change.schedule(self._at, _OWNER)
        self._at += 600
        yield from (change.enact(self._at, _OWNER), self._print(_PRICE))
        for wait, price in ((60, 110), (30, 110), (120, 110), (60, 108), (60, 112)):
            self._at += wait
            yield from (self._print(_PRICE * price // 100), self._deal(_BOB, -1), self._deal(_CAROL, 1))
        change = doors.GUARD.of(underlying=0, guard=oracle.PriceGuard())
        yield change.schedule(self._at, _OWNER)
        self._at += 600
        yield from (change.enact(self._at, _OWNER), self._print(_PRICE))

    def _lent(self, model: Model) -> Iterator[Step]:
        """Interest on the loan of an account that has borrowed on its collateral."""
        change = doors.INTEREST.of(interest=cash.Interest(_PCT, 5 * _PCT, 50 * _PCT, 80 * _PCT, 10 * _PCT))
        yield change.schedule(self._at, _OWNER)
        self._at += 600
        yield change.enact(self._at, _OWNER)
        for wait in (3_600, 86_400):
            self._at += wait
            yield from (self._print(), self._pay(_CAROL, 1), self._pay(_BOB, 1))

    def _paused(self, model: Model) -> Iterator[Step]:
        """While the vault is paused."""
        at = self._at
        yield from (doors.pause(at, _STRANGER), doors.pause(at, _GUARD))
        yield from (self._pay(_BOB, 5), self._take(_BOB, 5), self._deal(_BOB, 1), self._deal(_BOB, -1))
        yield doors.deposit_collateral(at, "carol", account=_CAROL, collateral=0, amount_raw=5)
        yield doors.withdraw_collateral(at, "carol", account=_CAROL, collateral=0, amount_raw=5, to="carol")
        yield doors.set_mode(at, "bob", account=_BOB, mode=1)
        yield from (self._start(_BOB), self._declare(_BOB), self._bid(_BOB, _CAROL, _WAD))
        yield doors.fund_insurance(at, "alice", amount_raw=5)
        yield from (doors.unpause(at, _STRANGER), doors.unpause(at, _OWNER), doors.pause(at, _OWNER))
        yield doors.unpause(at, _OWNER)

    def _sold(self, model: Model) -> Iterator[Step]:
        """An account fails, is bid for, and is restored."""
        yield from (self._start(_ALICE), self._end(_ALICE), self._declare(_ALICE), self._bid(_ALICE, _BOB, _WAD))
        yield from (self._deal(_ALICE, 500), self._start(_ALICE))
        yield from self._fall(model, _ALICE)
        yield from (self._start(_ALICE), self._start(_ALICE))
        yield from (self._deal(_ALICE, -1), self._take(_ALICE, 1), self._end(_ALICE), self._declare(_ALICE))
        yield doors.set_mode(self._at, "alice", account=_ALICE, mode=1)
        yield doors.withdraw_collateral(self._at, "alice", account=_ALICE, collateral=0, amount_raw=1, to="alice")
        yield self._bid(_BOB, _ALICE, _WAD)
        yield from (self._bid(_ALICE, _CAROL, 0), self._bid(_ALICE, _CAROL, _WAD + 1))
        yield from (self._bid(_ALICE, _CAROL, _WAD // 100, 1), self._bid(_ALICE, _HER_OTHER, _WAD // 100))
        yield self._bid(_ALICE, _ALICE, _WAD)
        for wait, fraction in ((0, 20), (450, 20), (1_200, 50)):
            self._at += wait
            yield from (self._print(), self._bid(_ALICE, _CAROL, _WAD // fraction))
        self._at += self._risk.heartbeat_secs + 1
        yield from (self._bid(_ALICE, _CAROL, _WAD // 50), self._declare(_ALICE), self._end(_ALICE), self._print())
        yield doors.pause(self._at, _OWNER)
        yield from (self._bid(_ALICE, _CAROL, _WAD // 50), self._declare(_ALICE), self._pay(_ALICE, _RICH_RAW))
        yield from (self._end(_ALICE), doors.unpause(self._at, _OWNER))
        yield from (self._deal(_ALICE, -1), self._deal(_ALICE, 300))
        yield from self._fall(model, _ALICE)
        yield from (self._start(_ALICE), self._pay(_ALICE, 10 * _RICH_RAW))
        yield from (self._bid(_ALICE, _CAROL, _WAD), self._declare(_ALICE), self._end(_ALICE))

    def _insolvent(self, model: Model) -> Iterator[Step]:
        """An account falls below nothing, and the insurance fund pays for it."""
        yield from (self._print(_PRICE), self._deal(_HER_OTHER, 500))
        yield from self._fall(model, _HER_OTHER)
        yield from (self._start(_HER_OTHER), self._bid(_HER_OTHER, _CAROL, _WAD // 100))
        yield from self._fall(model, _HER_OTHER, 0)
        yield from (self._take(_BOB, 1), self._declare(_HER_OTHER), self._declare(_HER_OTHER))
        yield from (self._bid(_HER_OTHER, _ALICE, _WAD // 50), self._take(_BOB, 1))
        yield doors.withdraw_collateral(self._at, "carol", account=_CAROL, collateral=0, amount_raw=1, to="carol")
        for wait in (0, 600):
            self._at += wait
            yield from (self._print(), self._bid(_HER_OTHER, _CAROL, _WAD // 50))
        yield doors.fund_insurance(self._at, "alice", amount_raw=10 * _RICH_RAW)
        yield from (self._take(_BOB, 1), self._bid(_HER_OTHER, _CAROL, _WAD // 50))
        self._at += 1_800
        yield from (self._print(), self._bid(_HER_OTHER, _MAKER, _WAD // 2), self._bid(_HER_OTHER, _MAKER, _WAD))
        yield from (self._print(_PRICE), self._pay(_HER_OTHER, 2 * _RICH_RAW), self._deal(_HER_OTHER, 400))
        yield from self._fall(model, _HER_OTHER, -100 * _WAD)
        yield from (self._start(_HER_OTHER), self._bid(_HER_OTHER, _MAKER, _WAD))

    def _late(self, model: Model) -> Iterator[Step]:
        """A price at its last second, and too old."""
        self._at += 60
        yield from (self._print(_PRICE), self._pay(_BOB, 10 * _RICH_RAW), self._print(number=1))
        self._at += self._risk.heartbeat_secs
        yield from (self._deal(_BOB, 1), self._take(_BOB, 1))
        self._at += 1
        yield from (
            self._deal(_BOB, 1),
            self._deal(_BOB, -1),
            self._take(_BOB, 1),
            self._start(_BOB),
            self._pay(_BOB, 1),
        )
        yield doors.withdraw_collateral(self._at, "carol", account=_CAROL, collateral=0, amount_raw=1, to="carol")
        yield from (self._bid(_BOB, _CAROL, _WAD), self._print(), self._deal(_BOB, 1))

    def _governed(self, model: Model) -> Iterator[Step]:
        """Changes that wait, and a vault that changes hands."""
        at, risk = self._at, self._risk._replace(initial_rate=12 * _PCT)
        yield doors.enact_risk(at, _OWNER, underlying=0, risk=risk)
        yield from (doors.schedule_risk(at, by, underlying=0, risk=risk) for by in (_STRANGER, _OWNER))
        yield doors.enact_risk(at, _OWNER, underlying=0, risk=risk)
        self._at = at = at + 600
        yield from (doors.enact_risk(at, by, underlying=0, risk=risk) for by in (_STRANGER, _OWNER))
        yield from (self._print(), self._deal(_BOB, 1))
        yield from (doors.offer_ownership(at, by, to="heir") for by in (_STRANGER, _OWNER))
        yield from (doors.accept_ownership(at, by) for by in (_STRANGER, "heir"))
        yield from (doors.pause(at, by) for by in (_OWNER, "heir"))
