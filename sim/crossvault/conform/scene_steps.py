"""The steps that set pieces for the clauses are made of: one plain market, a few people, and what they do in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crossvault.conform.subject import Subject
from crossvault.conform.walk import unfit
from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step, StepStream, TokenSpec, World
from crossvault.mirror import fixed, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.liquidation import AuctionTerms

WAD, PCT = fixed.WAD, fixed.WAD // 100
OWNER, GUARD, FEEDER, BROKER, STRANGER = "governor", "guardian", "feeder", "broker", "stranger"
MAKER, ALICE, BOB, CAROL = AccountId("maker"), AccountId("alice"), AccountId("bob"), AccountId("carol")
HER_OTHER = AccountId("alice", 1)
ALL = (MAKER, ALICE, BOB, CAROL, HER_OTHER)
ETH, PRICE, RICH_RAW = market.perp(0), 100 * WAD, 10**10  # 10,000 of quote
_ANY_PRICE = 2**255 - 1
_MOST_FALLS = 80
DELAY_SECS, GRACE_SECS = 600, 60
_STARTS_AT = 1_700_000_000
HAIRCUTS = HaircutTerms(20 * PCT, 10 * PCT, 5_000 * WAD)
_TERMS = AuctionTerms(15 * PCT, 98 * PCT, 80 * PCT, 900, 14_400, 1_800, GRACE_SECS)
_RISK = market.MarketRisk(
    heartbeat_secs=3_600, mark_band=5 * PCT, trade_band=5 * PCT, initial_rate=10 * PCT, base_rate=8 * PCT,
    impact_rate=PCT, maintenance_rate=5 * PCT, maintenance_scale=50 * PCT, spread_rate=PCT, profit_weight=50 * PCT,
    confidence_threshold=90 * PCT, confidence_factor=WAD, funding_base=PCT, funding_cap=4 * PCT,
    skew_scale=100 * WAD,
)  # fmt: skip

Scene = Callable[[Model], Iterator[Step]]


class SceneSteps:
    """Scenes as steps on the model, one after another. Steps that a vault does not support are left out."""

    def __init__(self, subject: Subject) -> None:
        terms = subject.known_terms(_TERMS)
        tokens = (TokenSpec("USDC", 6), TokenSpec("WETH", 18), TokenSpec("FEE", 18, "fee"))
        self.world = World(tokens, "USDC", OWNER, DELAY_SECS, terms, _STARTS_AT)
        self._subject, self._at, self._price = subject, _STARTS_AT, PRICE
        self._risk = _RISK._replace(**subject.pins())

    def steps(self, model: Model) -> StepStream:
        """The steps that the vault supports."""
        for scene in self._scenes():
            for step in scene(model):
                if not unfit(self._subject, step.action, step.args):
                    yield step

    def _scenes(self) -> tuple[Scene, ...]:
        raise NotImplementedError

    def _print(
        self, price: int = 0, premium: int = 0, confidence: int = WAD, age: int = 0, by: str = FEEDER, number: int = 0
    ) -> Step:
        self._price = price or self._price
        return doors.publish_price(
            self._at, by, underlying=number, index_wad=price or self._price, premium_wad=premium,
            confidence_wad=confidence, published_at=self._at - age,
        )  # fmt: skip

    def _deal(self, taker: AccountId, units: int, maker: AccountId = MAKER, by: str = BROKER) -> Step:
        return self._order(maker, taker, units * WAD, self._price, by=by)

    def _order(
        self, maker: AccountId, taker: AccountId, size: int, price: int, instrument: int = ETH, by: str = BROKER
    ) -> Step:
        return doors.trade(self._at, by, maker=maker, taker=taker, instrument=instrument, size=size, price_wad=price)

    def _pay(self, account: AccountId, amount_raw: int, by: str = "") -> Step:
        return doors.deposit_cash(self._at, by or account.owner, account=account, amount_raw=amount_raw)

    def _take(self, account: AccountId, amount_raw: int, by: str = "") -> Step:
        owner = account.owner
        return doors.withdraw_cash(self._at, by or owner, account=account, amount_raw=amount_raw, to=owner)

    def _bid(self, account: AccountId, bidder: AccountId, fraction: int, limit: int = _ANY_PRICE) -> Step:
        return doors.bid(self._at, bidder.owner, account=account, bidder=bidder, fraction_wad=fraction, limit_wad=limit)

    def _start(self, account: AccountId) -> Step:
        return doors.start_liquidation(self._at, STRANGER, account=account)

    def _end(self, account: AccountId) -> Step:
        return doors.end_liquidation(self._at, STRANGER, account=account)

    def _declare(self, account: AccountId) -> Step:
        return doors.declare_insolvent(self._at, STRANGER, account=account)

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
