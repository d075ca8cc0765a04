"""The market of the gas benchmark: every bound reached, and every optional term in force.

Eight underlyings with eight expiries each, eight collaterals, interest, funding, low confidences, a quote token below
its peg, a guard on every price.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ParamSpec

from crossvault.differential import doors
from crossvault.differential.feeder import Feeder
from crossvault.differential.step import EXCHANGE, Step, TokenSpec, World
from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, shock
from crossvault.mirror.account import PORTFOLIO, AccountId
from crossvault.mirror.fixed import WAD
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.surface import Svi

P = ParamSpec("P")
AT = 1_700_000_000
DAY = 86_400
COUNT = 8
FEEDER = Feeder("feed", WAD // 4)
ACCOUNTS = ALICE, BOB, CAROL, DAVE = tuple(AccountId(name) for name in ("alice", "bob", "carol", "dave"))
TERMS = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
TOKENS = (TokenSpec("USDC", 6), *(TokenSpec(f"T{i}", 18) for i in range(COUNT)))
WORLD = World(TOKENS, "USDC", "gov", 0, TERMS, AT)
EXPIRIES = [AT + (40 + i) * DAY for i in range(market.MAX_EXPIRIES)]
GUARD = oracle.PriceGuard(WAD // 10, 60, 10**10)
PRICES = [100 * WAD] * (COUNT - 1) + [WAD * 95 // 100]  # the last is the quote token's own, and below its peg
FAIR, HALF, LITTLE, NOTHING = (
    collateral.HaircutTerms(percent * WAD // 100, percent * WAD // 100, 10**6 * WAD) for percent in (10, 50, 70, 100)
)

HEARTBEAT = 365 * DAY  # seconds

_RISK = market.MarketRisk(
    heartbeat_secs=HEARTBEAT, mark_band=WAD // 20, trade_band=WAD // 2, initial_rate=WAD // 10, base_rate=WAD // 20,
    impact_rate=WAD // 10, maintenance_rate=WAD // 20, maintenance_scale=WAD // 2, spread_rate=WAD // 100,
    profit_weight=WAD // 2, confidence_threshold=WAD // 2, confidence_factor=WAD // 50, funding_base=10**14,
    funding_cap=WAD // 100, skew_scale=10**6 * WAD,
)  # fmt: skip
_OPTIONS = market.OptionRisk(
    365 * DAY, WAD, WAD * 15 // 100, WAD // 10, WAD * 75 // 1000, WAD * 75 // 1000, WAD // 10, WAD * 105 // 100,
    WAD * 11 // 10, WAD,
)  # fmt: skip
_SVI = Svi(WAD // 10, WAD // 10, -WAD // 4, 0, WAD // 4, 365 * DAY, 100 * WAD)
_PERCENT = WAD // 100
_PORTFOLIO_RISK = portfolio.PortfolioRisk(
    shock.VolRisk(50 * _PERCENT, 27 * _PERCENT, 45 * _PERCENT, 30 * _PERCENT, 13 * _PERCENT, DAY),
    shock.SkewRisk(
        15 * _PERCENT, -5 * _PERCENT, 15 * _PERCENT, -5 * _PERCENT, _PERCENT, 4 * WAD, 60 * _PERCENT, -_PERCENT
    ),
    shock.RateRisk(95 * _PERCENT, WAD, 8 * _PERCENT, 104 * _PERCENT, WAD // 2, 8 * _PERCENT),
    portfolio.BasisRisk(4 * _PERCENT, -4 * _PERCENT, WAD // 2, 2 * WAD),
    portfolio.Contingency(2 * _PERCENT, _PERCENT, _PERCENT, _PERCENT // 2, WAD // 2, WAD // 50),
)


def rules(scenarios: int) -> Rules:
    """A number of scenarios of which no two share a spot shock."""
    moves = [(1 if k % 2 else -1) * (k + 1) * _PERCENT for k in range(scenarios)]
    made = tuple(shock.Scenario(move, WAD, k % shock.MODES) for k, move in enumerate(moves))
    terms = correlation.LossTerms(20 * _PERCENT, 20 * _PERCENT, 10 * _PERCENT, WAD, WAD, WAD, WAD)
    return Rules(made, terms, correlation.Matrix(*[(WAD // 2,) * correlation.MAX_PAIRS] * 2))


def listing() -> Iterator[Step]:
    """Lists underlyings, collaterals and expiries up to every cap, with all optional terms in force."""
    yield doors.set_feeder(AT, "gov", feeder="feed", allowed=True)
    for i in range(COUNT):
        yield doors.list_underlying(AT, "gov", name=f"U{i}", risk=_RISK)
        yield doors.list_collateral(AT, "gov", token=f"T{i}", underlying=i, terms=FAIR)
        yield from _changed(doors.OPTIONS, AT, underlying=i, risk=_OPTIONS)
        yield from _changed(doors.GUARD, AT, underlying=i, guard=GUARD)
    yield from _changed(doors.DEPEG, AT, terms=cash.DepegTerms(COUNT - 1, WAD * 98 // 100, WAD))
    interest = cash.Interest(WAD // 50, WAD // 10, WAD, WAD * 8 // 10, WAD // 10)
    yield from _changed(doors.INTEREST, AT, interest=interest)
    yield from prints(AT, 100)
    for i in range(COUNT):
        for expiry in EXPIRIES:
            yield doors.open_expiry(AT, "gov", underlying=i, expiry=expiry)
            yield forward(AT, i, expiry)
            yield surface(AT, i, expiry)


def funding() -> Iterator[Step]:
    """Funds accounts with every collateral; the two that trade have loans, the others lend."""
    for account in (CAROL, DAVE, ALICE, BOB):
        yield doors.mint(AT, "faucet", token="USDC", to=account.owner, amount_raw=10**15)
        for operator in ("broker", EXCHANGE):
            yield doors.set_operator(AT, account.owner, account=account, operator=operator, allowed=True)
        for i in range(COUNT):
            yield doors.mint(AT, "faucet", token=f"T{i}", to=account.owner, amount_raw=10**22)
            yield doors.deposit_collateral(AT, account.owner, account=account, collateral=i, amount_raw=10**21)
        if account in (CAROL, DAVE):
            yield doors.deposit_cash(AT, account.owner, account=account, amount_raw=10**14)
        else:
            yield doors.withdraw_cash(AT, account.owner, account=account, amount_raw=3 * 10**11, to=account.owner)
    yield doors.fund_insurance(AT, "dave", amount_raw=10**12)


def portfolio_margin(scenarios: int) -> Iterator[Step]:
    """Sets portfolio margin of every underlying, and every account in that mode."""
    for i in range(COUNT):
        yield from _changed(doors.PORTFOLIO, AT, underlying=i, risk=_PORTFOLIO_RISK)
    yield from _changed(doors.RULES, AT, rules=rules(scenarios))
    for account in ACCOUNTS:
        yield doors.set_mode(AT, account.owner, account=account, mode=PORTFOLIO)


def haircuts(at: int, terms: collateral.HaircutTerms) -> Iterator[Step]:
    """Changes the haircuts of every collateral."""
    for i in range(COUNT):
        yield from _changed(doors.HAIRCUT, at, collateral=i, terms=terms)


def prints(at: int, percent: int) -> Iterator[Step]:
    """Publishes the price of every underlying."""
    for i in range(COUNT):
        yield price(at, i, percent)


def heartbeat(at: int, underlying: int, heartbeat_secs: int) -> Iterator[Step]:
    """Changes the longest age of the prints of an underlying, but for its surfaces [seconds]."""
    risk = _RISK._replace(heartbeat_secs=heartbeat_secs)
    yield from _changed(doors.RISK, at, underlying=underlying, risk=risk)


def price(at: int, underlying: int, percent: int) -> Step:
    """A print of an underlying, in percent of its first price, at a low confidence."""
    return FEEDER.price(at, underlying, PRICES[underlying] * percent // 100, 10**14)


def forward(at: int, underlying: int, expiry: int) -> Step:
    """A print of the forward of an expiry."""
    return FEEDER.forward(at, underlying, expiry, PRICES[underlying] * 101 // 100, WAD // 20)


def surface(at: int, underlying: int, expiry: int) -> Step:
    """A print of the vol surface of an expiry."""
    svi = _SVI._replace(ref_secs=expiry - at, ref_forward=PRICES[underlying] * 101 // 100)
    return FEEDER.surface(at, underlying, expiry, svi)


def _changed(change: doors.DelayedChange[P], at: int, *args: P.args, **kwargs: P.kwargs) -> Iterator[Step]:
    yield change.schedule(at, "gov", *args, **kwargs)
    yield change.enact(at, "gov", *args, **kwargs)
