"""The opening of a drawn market: a vault with its listings, an honest public, and a coalition with full wallets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from crossvault.attack.market_draw import PRESETS, WAD, MarketDraw, risk
from crossvault.attack.price_path import (
    ETH,
    FEEDER,
    FIRST_PRICES,
    GOLD,
    GOVERNOR,
    GUARDIAN,
    OLD,
    START_AT,
    expiry_of,
    forward_of,
    premium_of,
    print_of,
    surface_of,
)
from crossvault.differential import doors
from crossvault.differential.governance_doors import Announcement
from crossvault.differential.step import Step, TokenSpec, World
from crossvault.mirror import cash, collateral, fixed, liquidation, market, oracle, portfolio
from crossvault.mirror.account import AccountId
from crossvault.mirror.ruleset import Rules

COALITION = tuple(AccountId(name) for name in ("mal0", "mal1", "mal2"))
MATCHER = "mallory"  # the coalition's own matcher of trades, who holds no account
PERSON = frozenset({*(account.owner for account in COALITION), MATCHER})
LENDER, MAKER, ALICE, BOB, LIQUIDATOR = (AccountId(name) for name in ("lender", "maker", "alice", "bob", "lin"))
HONEST = (LENDER, MAKER, ALICE, BOB, LIQUIDATOR)
BROKER = "broker"
QUOTE = "USDC"
TOKENS = (TokenSpec(QUOTE, 6), TokenSpec("WETH", 18), TokenSpec("OLDT", 6), TokenSpec("BAR", 0))
WETH, OLDT, BAR = range(3)  # the collaterals
PRICED_BY = {WETH: ETH, OLDT: OLD, BAR: GOLD}
STRIKE_WAD = 2_000 * WAD
WALLETS = {QUOTE: 40_000 * 10**6, "WETH": 10 * 10**18, "OLDT": 10 * 10**6, "BAR": 3}  # of each of the coalition
_DEPOSITS = {LENDER: 200_000, MAKER: 200_000, ALICE: 20_000, BOB: 20_000, LIQUIDATOR: 100_000}
_TERMS = liquidation.AuctionTerms(WAD // 4, WAD, WAD // 2, 1_200, 7_200, 1_200)


def world() -> World:
    """The world of every market."""
    return World(TOKENS, QUOTE, GOVERNOR, 0, _TERMS, START_AT)


def opening_steps(draw: MarketDraw) -> list[Step]:
    """The steps that open a market, all of them accepted."""
    return [*_listings(draw), *_changes(draw), *_first_prints(draw), *_public(draw), *_coalition(draw)]


def instruments(draw: MarketDraw) -> tuple[int, ...]:
    """The instruments that are traded in a market."""
    perp = market.perp(ETH)
    if not draw.has_dated:
        return (perp,)
    expiry = expiry_of(draw)
    future = market.instrument_of(ETH, market.FUTURE, expiry, 0)
    return perp, future, *(market.instrument_of(ETH, kind, expiry, STRIKE_WAD) for kind in (market.CALL, market.PUT))


def old_secs(draw: MarketDraw) -> int:
    """The heartbeat of the feed that stops [seconds]."""
    return max(3_600, 2 * draw.every_secs)


def _listings(draw: MarketDraw) -> Iterator[Step]:
    yield doors.set_guardian(START_AT, GOVERNOR, to=GUARDIAN)
    yield doors.set_feeder(START_AT, GOVERNOR, feeder=FEEDER, allowed=True)
    eth = risk(draw)
    yield doors.list_underlying(START_AT, GOVERNOR, name="ETH", risk=eth)
    yield doors.list_underlying(START_AT, GOVERNOR, name="OLD", risk=eth._replace(heartbeat_secs=old_secs(draw)))
    yield doors.list_underlying(START_AT, GOVERNOR, name="GOLD", risk=eth)
    cap_wad = 10_000 * WAD if draw.has_cap else fixed.CAP
    eth_terms = collateral.HaircutTerms(WAD // 5, WAD * 15 // 100, cap_wad)
    yield doors.list_collateral(START_AT, GOVERNOR, token="WETH", underlying=ETH, terms=eth_terms)
    old_terms = collateral.HaircutTerms(WAD, WAD, WAD)
    yield doors.list_collateral(START_AT, GOVERNOR, token="OLDT", underlying=OLD, terms=old_terms)
    gold_terms = collateral.HaircutTerms(WAD // 5, WAD * 15 // 100, fixed.CAP)
    yield doors.list_collateral(START_AT, GOVERNOR, token="BAR", underlying=GOLD, terms=gold_terms)


def _changes(draw: MarketDraw) -> Iterator[Step]:
    found: list[Announcement] = []
    if draw.confirm_secs:
        guard = oracle.PriceGuard(WAD // 10, draw.confirm_secs, WAD // 10_000)
        found.append(doors.GUARD.of(underlying=ETH, guard=guard))
    if draw.has_interest:
        interest = cash.Interest(WAD // 10, WAD * 4 // 100, WAD * 6 // 10, WAD * 8 // 10, WAD // 2)
        found.append(doors.INTEREST.of(interest=interest))
    if draw.has_dated:
        found.append(doors.OPTIONS.of(underlying=ETH, risk=_option_risk(draw)))
    if draw.has_portfolio:
        modelled, rules = _portfolio_terms(draw.rates if draw.rates in PRESETS else "derive")
        found += [doors.PORTFOLIO.of(underlying=ETH, risk=modelled), doors.RULES.of(rules=rules)]
    for each in found:
        yield each.schedule(START_AT, GOVERNOR)
        yield each.enact(START_AT, GOVERNOR)


def _option_risk(draw: MarketDraw) -> market.OptionRisk:
    rate = WAD * 15 // 100, WAD // 10, WAD * 75 // 1_000, WAD * 75 // 1_000, WAD * 75 // 1_000
    return market.OptionRisk(draw.heartbeat_secs, WAD // 20, *rate, WAD * 105 // 100, WAD * 12 // 10, WAD * 11 // 10)


@cache
def _portfolio_terms(name: str) -> tuple[portfolio.PortfolioRisk, Rules]:
    from crossvault.scenario import preset
    from crossvault.scenario.rules import rules

    found = preset.load(name)
    if found.portfolio_risk is None or found.rules is None:
        return _portfolio_terms("derive")
    return found.portfolio_risk, rules(found.rules, ("ETH", "OLD", "GOLD"))


def _first_prints(draw: MarketDraw) -> Iterator[Step]:
    for underlying, price_wad in FIRST_PRICES.items():
        yield print_of(START_AT, underlying, price_wad, premium_of(draw) if underlying == ETH else 0)
    if draw.has_dated:
        expiry = expiry_of(draw)
        yield doors.open_expiry(START_AT, GOVERNOR, underlying=ETH, expiry=expiry)
        yield forward_of(START_AT, draw, FIRST_PRICES[ETH])
        yield surface_of(START_AT, draw)


def _public(draw: MarketDraw) -> Iterator[Step]:
    if draw.fund_usd:
        yield doors.mint(START_AT, GOVERNOR, token=QUOTE, to=GOVERNOR, amount_raw=draw.fund_usd * 10**6)
        yield doors.fund_insurance(START_AT, GOVERNOR, amount_raw=draw.fund_usd * 10**6)
    for account, usd in _DEPOSITS.items():
        yield doors.mint(START_AT, GOVERNOR, token=QUOTE, to=account.owner, amount_raw=usd * 10**6)
        yield doors.deposit_cash(START_AT, account.owner, account=account, amount_raw=usd * 10**6)
        yield doors.set_operator(START_AT, account.owner, account=account, operator=BROKER, allowed=True)
    rate_wad = risk(draw).initial_rate + risk(draw).base_rate
    size = min(90 * WAD, 9 * WAD * WAD // rate_wad)
    for account, signed in ((ALICE, size), (BOB, -size)):
        yield doors.trade(
            START_AT, BROKER, maker=MAKER, taker=account, instrument=market.perp(ETH), size=signed,
            price_wad=FIRST_PRICES[ETH] + premium_of(draw),
        )  # fmt: skip
    if draw.has_agent:
        yield doors.set_operator(START_AT, LENDER.owner, account=LENDER, operator=MATCHER, allowed=True)


def _coalition(draw: MarketDraw) -> Iterator[Step]:
    for account in COALITION:
        for token, amount_raw in WALLETS.items():
            if (token == "OLDT" and not draw.has_old) or (token == "BAR" and not draw.has_bar):
                continue
            yield doors.mint(START_AT, GOVERNOR, token=token, to=account.owner, amount_raw=amount_raw)
        for operator in (BROKER, MATCHER):
            yield doors.set_operator(START_AT, account.owner, account=account, operator=operator, allowed=True)
