"""Small world with a perp, a future and options on one underlying, and accounts with cash."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, TokenSpec, World
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.fixed import WAD
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.surface import Svi

P = ParamSpec("P")
Door = Callable[Concatenate[int, str, P], Step]
START = 1_700_000_000
DAY = 86_400
EXPIRY = START + 7 * DAY
MAKER, TAKER, OTHER = AccountId("maker"), AccountId("taker"), AccountId("other")
BROKER = "broker"
YEAR = 365 * DAY

_AUCTION = AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
_RISK = MarketRisk(
    heartbeat_secs=30 * DAY, trade_band=WAD // 2, initial_rate=WAD // 10, maintenance_rate=WAD // 20,
    maintenance_scale=WAD, profit_weight=WAD, skew_scale=WAD,
)  # fmt: skip
_OPTIONS = OptionRisk(
    heartbeat_secs=30 * DAY, trade_band=WAD, max_spot_rate=15 * WAD // 100, min_spot_rate=WAD // 10,
    call_rate=75 * WAD // 1000, put_rate=75 * WAD // 1000, put_mark_rate=75 * WAD // 1000,
    put_initial_scale=105 * WAD // 100, unpaired_initial=12 * WAD // 10, unpaired_maintenance=11 * WAD // 10,
)  # fmt: skip


def call(strike_usd: int) -> int:
    return market.instrument_of(0, market.CALL, EXPIRY, strike_usd * WAD)


def put(strike_usd: int) -> int:
    return market.instrument_of(0, market.PUT, EXPIRY, strike_usd * WAD)


FUTURE = market.instrument_of(0, market.FUTURE, EXPIRY, 0)
PERP = market.perp(0)


def accepted(outcome: Outcome) -> Outcome:
    """An outcome without a refusal."""
    assert outcome.refusal is None, outcome.refusal
    return outcome


class SmallMarket:
    """World driven step by step: `apply` requires acceptance, `attempt` does not; index and forward 1500, vol 80 %."""

    def __init__(self, **cash_usd: int) -> None:
        self.model = Model(World((TokenSpec("USDC", 6),), "USDC", "governor", 0, _AUCTION, START))
        self.at = START
        self.apply("governor", doors.list_underlying, name="ETH", risk=_RISK)
        self.apply("governor", doors.set_feeder, feeder="feeder", allowed=True)
        self.publish_index(1500)
        for change in (doors.OPTIONS.schedule, doors.OPTIONS.enact):
            self.apply("governor", change, underlying=0, risk=_OPTIONS)
        self.apply("governor", doors.open_expiry, underlying=0, expiry=EXPIRY)
        self.apply(
            "feeder", doors.publish_forward, underlying=0, expiry=EXPIRY, forward_wad=1500 * WAD, rate_wad=0,
            confidence_wad=WAD, published_at=START,
        )  # fmt: skip
        svi = Svi(a=64 * WAD // 100 * 7 * DAY // YEAR, ref_secs=7 * DAY, ref_forward=1500 * WAD)
        self.apply(
            "feeder", doors.publish_surface, underlying=0, expiry=EXPIRY, svi=svi, confidence_wad=WAD,
            published_at=START,
        )  # fmt: skip
        for name, usd in cash_usd.items():
            account = AccountId(name)
            self.apply(name, doors.set_operator, account=account, operator=BROKER, allowed=True)
            if usd:
                self.apply(name, doors.mint, token="USDC", to=name, amount_raw=usd * 10**6)
                self.apply(name, doors.deposit_cash, account=account, amount_raw=usd * 10**6)

    def attempt(self, sender: str, door: Door[P], *args: P.args, **kwargs: P.kwargs) -> Outcome:
        return self.model.apply(door(self.at, sender, *args, **kwargs))

    def attempt_call(self, sender: str, call: Call) -> Outcome:
        """A call of a batch, alone."""
        return self.model.apply(doors.named(self.at, sender, call.action, call.args))

    def apply(self, sender: str, door: Door[P], *args: P.args, **kwargs: P.kwargs) -> Outcome:
        return accepted(self.attempt(sender, door, *args, **kwargs))

    def publish_index(self, index_usd: int) -> None:
        self.apply(
            "feeder", doors.publish_price, underlying=0, index_wad=index_usd * WAD, premium_wad=0, confidence_wad=WAD,
            published_at=self.at,
        )  # fmt: skip

    def mark(self, instrument: int) -> int:
        return self.model.vault.quotation(instrument, now=self.at)[0]


def trade(instrument: int, size: int, price_wad: int, maker: AccountId = MAKER, taker: AccountId = TAKER) -> Call:
    """Trade in which the taker buys a size of whole units, or sells if it is negative."""
    return doors.call_of(doors.trade(
        START, BROKER, maker=maker, taker=taker, instrument=instrument, size=size * WAD, price_wad=price_wad
    ))  # fmt: skip
