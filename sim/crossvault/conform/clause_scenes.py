"""A set piece for the clauses: in one plain market, each right and each refusal of a vault of perps is met once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crossvault.conform.scene_steps import (
    ALICE,
    ALL,
    BOB,
    BROKER,
    CAROL,
    FEEDER,
    GRACE_SECS,
    GUARD,
    HAIRCUTS,
    HER_OTHER,
    MAKER,
    OWNER,
    PCT,
    PRICE,
    RICH_RAW,
    STRANGER,
    WAD,
    Scene,
    SceneSteps,
)
from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import cash, fixed, market, oracle
from crossvault.mirror.account import ALL_SCOPES, TRADE, WITHDRAW, AccountId

NAME = "clause scenes"


class ClauseScenes(SceneSteps):
    """The scenes, one after another."""

    def _scenes(self) -> tuple[Scene, ...]:
        return (
            self._listed, self._printed, self._funded, self._moved, self._traded, self._margined, self._secured,
            self._batched, self._guarded, self._lent, self._paused, self._sold, self._insolvent, self._late,
            self._governed,
        )  # fmt: skip

    def _listed(self, model: Model) -> Iterator[Step]:
        """What the owner lists, and what others may not."""
        at = self._at
        for by in (STRANGER, OWNER):
            yield doors.list_underlying(at, by, name="ETH", risk=self._risk)
            yield doors.set_feeder(at, by, feeder=FEEDER, allowed=True)
        yield doors.list_underlying(at, OWNER, name="BTC", risk=self._risk)
        yield doors.list_underlying(at, OWNER, name="BAD", risk=self._risk._replace(initial_rate=10 * WAD + 1))
        yield doors.set_guardian(at, OWNER, to=GUARD)
        for token in ("WETH", "FEE", "WETH"):
            yield doors.list_collateral(at, OWNER, token=token, underlying=0, terms=HAIRCUTS)

    def _printed(self, model: Model) -> Iterator[Step]:
        """Prints that count, and those that are refused."""
        yield from (self._print(), self._print(number=1), self._print(by=STRANGER))
        yield self._print(PRICE + 1)
        yield doors.publish_price(
            self._at, FEEDER, underlying=0, index_wad=0, premium_wad=0, confidence_wad=WAD, published_at=self._at
        )
        yield self._print(fixed.CAP + 1)
        yield from (self._print(PRICE, confidence=WAD + 1), self._print(number=7))
        self._at += 60
        yield from (self._print(age=-1), self._print(age=61), self._print())

    def _funded(self, model: Model) -> Iterator[Step]:
        """Cash comes, but not from those who have none."""
        at = self._at
        yield doors.mint(at, STRANGER, token="USDC", to="poor", amount_raw=5)
        for account in ALL:
            yield doors.mint(at, STRANGER, token="USDC", to=account.owner, amount_raw=fixed.CAP)
            yield doors.set_operator(at, STRANGER, account=account, operator=BROKER, allowed=True)
            yield doors.set_operator(at, account.owner, account=account, operator=BROKER, allowed=True)
            yield doors.set_operator(at, BROKER, account=account, operator=STRANGER, allowed=False)
            yield doors.set_scopes(at, BROKER, account=account, operator=STRANGER, scopes=WITHDRAW)
            yield self._pay(account, RICH_RAW * (100 if account == MAKER else 1))
        for amount in (0, fixed.CAP + 1):
            yield from (self._pay(ALICE, amount), self._take(ALICE, amount))
            yield doors.fund_insurance(at, "alice", amount_raw=amount)
        yield from (self._pay(AccountId("poor"), 6), doors.fund_insurance(at, "poor", amount_raw=6))
        yield self._pay(ALICE, 5, by=STRANGER)

    def _moved(self, model: Model) -> Iterator[Step]:
        """Cash goes, to those who may take it."""
        yield self._take(BOB, RICH_RAW // 10)
        yield self._take(BOB, RICH_RAW // 10, by=BROKER)
        yield self._take(BOB, 5, by=STRANGER)
        yield doors.withdraw_cash(self._at, BROKER, account=BOB, amount_raw=5, to=BROKER)
        for scopes in (TRADE, ALL_SCOPES):
            yield doors.set_scopes(self._at, "bob", account=BOB, operator=BROKER, scopes=scopes)
            yield self._take(BOB, 5, by=BROKER)
        yield doors.set_mode(self._at, STRANGER, account=BOB, mode=1)
        yield doors.bid(self._at, STRANGER, account=BOB, bidder=CAROL, fraction_wad=WAD, limit_wad=0)
        yield self._take(BOB, RICH_RAW)
        yield self._pay(BOB, RICH_RAW // 5)

    def _traded(self, model: Model) -> Iterator[Step]:
        """Trades of either side, and those that are refused."""
        price = self._price
        yield from (self._deal(BOB, 10), self._deal(BOB, -4), self._deal(BOB, -6), self._deal(BOB, -3))
        yield from (self._deal(BOB, 5), self._deal(CAROL, 2), self._deal(MAKER, 2, maker=CAROL))
        self._at += 60
        yield from (self._print(price * 102 // 100), self._deal(BOB, 1), self._deal(BOB, -3), self._deal(CAROL, 7))
        yield self._order(MAKER, BOB, 7, self._price + 1)  # wei of size, a quote that is no whole number
        yield self._order(MAKER, BOB, -7, self._price + 1)
        yield self._order(MAKER, BOB, WAD, self._price * 106 // 100)
        yield self._order(MAKER, BOB, WAD, self._price * 94 // 100)
        yield self._order(MAKER, BOB, 0, self._price)
        yield self._order(MAKER, BOB, fixed.CAP + 1, self._price)
        yield self._order(MAKER, BOB, WAD, 0)
        yield self._order(MAKER, BOB, WAD, fixed.CAP + 1)
        yield self._order(BOB, BOB, WAD, self._price)
        yield self._order(MAKER, BOB, WAD, self._price, market.perp(9))
        yield self._order(MAKER, BOB, WAD, self._price, market.perp(1))
        yield self._order(MAKER, BOB, -WAD, self._price, market.perp(1))
        yield from (self._deal(BOB, 1, by=each) for each in (STRANGER, "maker", "bob"))

    def _margined(self, model: Model) -> Iterator[Step]:
        """Risk up to initial margin and beyond, at prices with a premium and with a doubt."""
        yield from (self._deal(BOB, 400), self._deal(BOB, -3), self._deal(BOB, 2_000), self._take(BOB, RICH_RAW))
        for premium in (3, -3, 8, -8):
            self._at += 60
            yield self._print(premium=self._price * premium // 100)
            yield from (self._deal(BOB, -1), self._deal(CAROL, 1))
        self._at += 60
        yield from (self._print(confidence=50 * PCT), self._deal(BOB, -1), self._pay(CAROL, 1))
        self._at += 60
        yield from (self._print(self._price * 110 // 100), self._deal(BOB, -1), self._pay(MAKER, 1))
        yield from (self._print(PRICE), self._deal(BOB, -1), self._deal(BOB, 1))

    def _secured(self, model: Model) -> Iterator[Step]:
        """Collateral comes and goes."""
        at = self._at
        for number, token in enumerate(("WETH", "FEE")):
            yield doors.mint(at, STRANGER, token=token, to="carol", amount_raw=100 * WAD)
            yield doors.deposit_collateral(at, "carol", account=CAROL, collateral=number, amount_raw=80 * WAD)
        for number, amount in ((0, 0), (0, fixed.CAP + 1), (9, 1), (0, 50 * WAD)):
            yield doors.deposit_collateral(at, "carol", account=CAROL, collateral=number, amount_raw=amount)
            yield doors.withdraw_collateral(
                at, "carol", account=CAROL, collateral=number, amount_raw=amount, to="carol"
            )
        yield doors.withdraw_collateral(at, "carol", account=CAROL, collateral=0, amount_raw=40 * WAD, to="carol")
        yield self._take(CAROL, RICH_RAW * 11 // 10)
        yield doors.withdraw_collateral(at, "carol", account=CAROL, collateral=0, amount_raw=29 * WAD, to="carol")
        for by in (STRANGER, BROKER):
            yield doors.withdraw_collateral(at, by, account=CAROL, collateral=0, amount_raw=1, to="carol")
        yield doors.deposit_collateral(at, "carol", account=CAROL, collateral=0, amount_raw=1)
        yield doors.deposit_collateral(at, STRANGER, account=CAROL, collateral=0, amount_raw=1)
        yield from (self._print(confidence=10 * PCT), doors.mint(at, STRANGER, token="WETH", to="erin", amount_raw=WAD))
        yield doors.deposit_collateral(at, "erin", account=AccountId("erin"), collateral=0, amount_raw=WAD)
        yield self._print()

    def _batched(self, model: Model) -> Iterator[Step]:
        """Several calls as one, judged at the end."""
        pay = doors.call_of(self._pay(BOB, 5))
        for units in (1, 5_000):
            yield doors.batch(self._at, BROKER, calls=(doors.call_of(self._deal(BOB, units)),))
            yield doors.batch(self._at, "bob", calls=(pay, doors.call_of(self._take(BOB, 5))))
        yield doors.batch(self._at, "bob", calls=(pay, doors.call_of(self._start(BOB))))

    def _guarded(self, model: Model) -> Iterator[Step]:
        """A jump waits for a second print, and a stable price follows."""
        guard = oracle.PriceGuard(5 * PCT, 120, PCT // 1_000)
        change = doors.GUARD.of(underlying=0, guard=guard)
        yield change.schedule(self._at, OWNER)
        self._at += 600
        yield from (change.enact(self._at, OWNER), self._print(PRICE))
        for wait, price in ((60, 110), (30, 110), (120, 110), (60, 108), (60, 112)):
            self._at += wait
            yield from (self._print(PRICE * price // 100), self._deal(BOB, -1), self._deal(CAROL, 1))
        change = doors.GUARD.of(underlying=0, guard=oracle.PriceGuard())
        yield change.schedule(self._at, OWNER)
        self._at += 600
        yield from (change.enact(self._at, OWNER), self._print(PRICE))

    def _lent(self, model: Model) -> Iterator[Step]:
        """Interest on the loan of an account that has borrowed on its collateral."""
        change = doors.INTEREST.of(interest=cash.Interest(PCT, 5 * PCT, 50 * PCT, 80 * PCT, 10 * PCT))
        yield change.schedule(self._at, OWNER)
        self._at += 600
        yield change.enact(self._at, OWNER)
        for wait in (3_600, 86_400):
            self._at += wait
            yield from (self._print(), self._pay(CAROL, 1), self._pay(BOB, 1))

    def _paused(self, model: Model) -> Iterator[Step]:
        """While the vault is paused."""
        at = self._at
        yield from (doors.pause(at, STRANGER), doors.pause(at, GUARD))
        yield from (self._pay(BOB, 5), self._take(BOB, 5), self._deal(BOB, 1), self._deal(BOB, -1))
        yield doors.deposit_collateral(at, "carol", account=CAROL, collateral=0, amount_raw=5)
        yield doors.withdraw_collateral(at, "carol", account=CAROL, collateral=0, amount_raw=5, to="carol")
        yield doors.set_mode(at, "bob", account=BOB, mode=1)
        yield from (self._start(BOB), self._declare(BOB), self._bid(BOB, CAROL, WAD))
        yield doors.fund_insurance(at, "alice", amount_raw=5)
        yield from (doors.unpause(at, STRANGER), doors.unpause(at, OWNER), doors.pause(at, OWNER))
        yield doors.unpause(at, OWNER)
        self._at += GRACE_SECS

    def _sold(self, model: Model) -> Iterator[Step]:
        """An account fails, is bid for, and is restored."""
        yield from (self._start(ALICE), self._end(ALICE), self._declare(ALICE), self._bid(ALICE, BOB, WAD))
        yield from (self._deal(ALICE, 500), self._start(ALICE))
        yield from self._fall(model, ALICE)
        yield from (self._start(ALICE), self._start(ALICE))
        yield from (self._deal(ALICE, -1), self._take(ALICE, 1), self._end(ALICE), self._declare(ALICE))
        yield doors.set_mode(self._at, "alice", account=ALICE, mode=1)
        yield doors.withdraw_collateral(self._at, "alice", account=ALICE, collateral=0, amount_raw=1, to="alice")
        yield self._bid(BOB, ALICE, WAD)
        yield from (self._bid(ALICE, CAROL, 0), self._bid(ALICE, CAROL, WAD + 1))
        yield from (self._bid(ALICE, CAROL, WAD // 100, 1), self._bid(ALICE, HER_OTHER, WAD // 100))
        yield self._bid(ALICE, ALICE, WAD)
        for wait, fraction in ((0, 20), (450, 20), (1_200, 50)):
            self._at += wait
            yield from (self._print(), self._bid(ALICE, CAROL, WAD // fraction))
        for allowed in (True, False):
            yield doors.set_operator(self._at, "carol", account=CAROL, operator=STRANGER, allowed=allowed)
            yield replace(self._bid(ALICE, CAROL, WAD // 100), sender=STRANGER)
        self._at += self._risk.heartbeat_secs + 1
        yield from (self._bid(ALICE, CAROL, WAD // 50), self._declare(ALICE), self._end(ALICE), self._print())
        yield doors.pause(self._at, OWNER)
        yield from (self._bid(ALICE, CAROL, WAD // 50), self._declare(ALICE), self._pay(ALICE, RICH_RAW))
        yield from (self._end(ALICE), doors.unpause(self._at, OWNER))
        yield from (self._deal(ALICE, -1), self._deal(ALICE, 300))
        yield from self._fall(model, ALICE)
        yield from self._reopened(self._start(ALICE))
        yield from self._reopened(self._bid(ALICE, CAROL, WAD // 100))
        yield self._pay(ALICE, 10 * RICH_RAW)
        yield from (self._bid(ALICE, CAROL, WAD), self._declare(ALICE), self._end(ALICE))

    def _reopened(self, step: Step) -> Iterator[Step]:
        """A step right after a pause, and when the grace time is over."""
        yield from (doors.pause(self._at, OWNER), doors.unpause(self._at, OWNER), replace(step, at=self._at))
        self._at += GRACE_SECS
        yield from (self._print(), replace(step, at=self._at))

    def _insolvent(self, model: Model) -> Iterator[Step]:
        """An account falls below nothing, and the insurance fund pays for it."""
        yield from (self._print(PRICE), self._deal(HER_OTHER, 500))
        yield from self._fall(model, HER_OTHER)
        yield from (self._start(HER_OTHER), self._bid(HER_OTHER, CAROL, WAD // 100))
        yield from self._fall(model, HER_OTHER, 0)
        yield from (self._take(BOB, 1), self._bid(HER_OTHER, CAROL, WAD // 100))
        yield from (self._declare(HER_OTHER), self._declare(HER_OTHER))
        yield from (self._bid(HER_OTHER, ALICE, WAD // 50), self._take(BOB, 1))
        yield doors.withdraw_collateral(self._at, "carol", account=CAROL, collateral=0, amount_raw=1, to="carol")
        for wait in (0, 600):
            self._at += wait
            yield from (self._print(), self._bid(HER_OTHER, CAROL, WAD // 50))
        yield doors.fund_insurance(self._at, "alice", amount_raw=10 * RICH_RAW)
        yield from (self._take(BOB, 1), self._bid(HER_OTHER, CAROL, WAD // 50))
        self._at += 1_800
        yield from (self._print(), self._bid(HER_OTHER, MAKER, WAD // 2), self._bid(HER_OTHER, MAKER, WAD))
        yield from (self._print(PRICE), self._pay(HER_OTHER, 2 * RICH_RAW), self._deal(HER_OTHER, 400))
        yield from self._fall(model, HER_OTHER, -100 * WAD)
        yield from (self._start(HER_OTHER), self._bid(HER_OTHER, MAKER, WAD))

    def _late(self, model: Model) -> Iterator[Step]:
        """A price at its last second, and too old."""
        self._at += 60
        yield from (self._print(PRICE), self._pay(BOB, 10 * RICH_RAW), self._print(number=1))
        self._at += self._risk.heartbeat_secs
        yield from (self._deal(BOB, 1), self._take(BOB, 1))
        self._at += 1
        yield from (
            self._deal(BOB, 1),
            self._deal(BOB, -1),
            self._take(BOB, 1),
            self._start(BOB),
            self._pay(BOB, 1),
        )
        yield doors.withdraw_collateral(self._at, "carol", account=CAROL, collateral=0, amount_raw=1, to="carol")
        yield from (self._bid(BOB, CAROL, WAD), self._print(), self._deal(BOB, 1))

    def _governed(self, model: Model) -> Iterator[Step]:
        """Changes that wait, and a vault that changes hands."""
        longer = self._risk.heartbeat_secs + 1
        at, risk = self._at, self._risk._replace(initial_rate=12 * PCT, heartbeat_secs=longer)
        yield doors.enact_risk(at, OWNER, underlying=0, risk=risk)
        yield from (doors.schedule_risk(at, by, underlying=0, risk=risk) for by in (STRANGER, OWNER))
        yield doors.enact_risk(at, OWNER, underlying=0, risk=risk)
        self._at = at = at + 600
        yield from (doors.enact_risk(at, by, underlying=0, risk=risk) for by in (STRANGER, OWNER))
        yield from (self._print(), self._deal(BOB, 1))
        yield from (doors.offer_ownership(at, by, to="heir") for by in (STRANGER, OWNER))
        yield from (doors.accept_ownership(at, by) for by in (STRANGER, "heir"))
        yield from (doors.pause(at, by) for by in (OWNER, "heir"))
