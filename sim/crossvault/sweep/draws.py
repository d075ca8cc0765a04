"""Draws markets and accounts from a seed: books of positions by kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np

from crossvault.mirror import cash, collateral, correlation, market, portfolio, ruleset, shock
from crossvault.mirror.account import MAX_OPTIONS, PORTFOLIO
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import RAY, WAD
from crossvault.mirror.ledger import State
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.shock import ABSOLUTE, DOWN, LINEAR, STILL, UP, Scenario
from crossvault.mirror.surface import Svi
from crossvault.sweep import quotes
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Amounts, Floats, Ints, Population

NOW, DAY, YEAR = 1_800_000_000, 86_400, 365 * 86_400
NAMES = ("BTC", "ETH", "SOL", "AVAX", "LINK", "UNI", "DOGE", "XRP")
SPOTS = (90_000, 3_000, 150, 30, 15, 8, 0.15, 0.6)
DAYS = (7, 30, 90)
STRIKES = (70, 80, 90, 95, 100, 105, 110, 120, 140)  # per cent of the spot price
KINDS = ("neutral", "directional", "pairs", "basis", "covered", "strangles", "mixed")
OPTIONS_EACH = {"neutral": 2, "covered": 1, "strangles": 4, "mixed": 4}  # at most, of each underlying of a book

PERCENT, MILLE = WAD // 100, WAD // 1000
MOVES = (  # the published list: spot shocks in tenths of a per cent with their modes, all with the same dampening
    (WAD, (180, -180), (UP,)),
    (WAD, (135, 90, 45, 0, -45, -90, -135), (DOWN, STILL, UP)),
    (WAD * 6 // 110, (-660,), (UP,)),
    (WAD * 12 // 110, (-330,), (UP,)),
    (72 * MILLE, (500,), (UP,)),
    (36 * MILLE, (1_000,), (UP,)),
    (18 * MILLE, (2_000,), (UP,)),
    (12 * MILLE, (3_000,), (UP,)),
    (WAD, (0,), (LINEAR, ABSOLUTE)),
)
RULES = Rules(
    tuple(Scenario(move * MILLE, part, mode) for part, moves, modes in MOVES for move in moves for mode in modes),
    correlation.LossTerms(20 * PERCENT, 25 * PERCENT, 15 * PERCENT, WAD, 80 * PERCENT, 98 * PERCENT, 2 * WAD),
    correlation.Matrix((60 * PERCENT,) * correlation.MAX_PAIRS, (50 * PERCENT,) * correlation.MAX_PAIRS),
)
RISK = market.MarketRisk(
    DAY, 5 * PERCENT, WAD // 2, 10 * PERCENT, 5 * PERCENT, 10 * PERCENT, 5 * PERCENT, WAD // 2, PERCENT, WAD,
    55 * PERCENT, WAD, 10**14, PERCENT, 10**7 * WAD,
)  # fmt: skip
OPTIONS = market.OptionRisk(
    DAY, WAD, *(part * MILLE for part in (150, 100, 75, 75, 75, 1_050, 1_200, 1_100))
)  # fmt: skip
PORTFOLIO_RISK = portfolio.PortfolioRisk(
    shock.VolRisk(50 * PERCENT, 275 * MILLE, 45 * PERCENT, 30 * PERCENT, 13 * PERCENT, DAY),
    shock.SkewRisk(15 * PERCENT, -5 * PERCENT, 15 * PERCENT, -5 * PERCENT, PERCENT, 4 * WAD, 60 * PERCENT, -WAD // 10),
    shock.RateRisk(95 * PERCENT, WAD, 8 * PERCENT, 104 * PERCENT, WAD // 2, 8 * PERCENT),
    portfolio.BasisRisk(45 * MILLE, -45 * MILLE, WAD // 2, 2 * WAD),
    portfolio.Contingency(2 * PERCENT, 15 * MILLE, 5 * MILLE, 3 * MILLE, 55 * PERCENT, WAD),
)
HAIRCUT = collateral.HaircutTerms(15 * PERCENT, 10 * PERCENT, 10**9 * WAD)


class Leg(NamedTuple):
    """Positions: account, underlying, place among its instruments, size [n] in units of 10,000 of spot notional."""

    owner: Ints
    underlying: Ints
    place: Ints
    size: Floats


def random_market(underlyings: int, seed: int = 0) -> Market:
    """Underlyings with a perp, futures and options of three expiries each, every one also held as collateral."""
    rng, state = np.random.default_rng(seed), State(UndoLog())
    state.cash.supply_index = state.cash.borrow_index = RAY
    state.cash.accrued_at, state.cash.terms = NOW, cash.DepegTerms(cash.NO_FEED)
    state.names, state.risks = NAMES[:underlyings], (RISK,) * underlyings
    ruleset.set_rules(state.model, RULES)
    for number in range(underlyings):
        _add_underlying(state, number, wad(SPOTS[number] * rng.uniform(0.8, 1.25)), rng)
    return Market(state, NOW, tuple(_instruments(state)))


def wad(value: float) -> int:
    """A number in wads."""
    return round(value * 10**9) * 10**9


def _add_underlying(state: State, number: int, index: int, rng: np.random.Generator) -> None:
    state.option_risks[number] = OPTIONS
    ruleset.set_risk(state.model, number, PORTFOLIO_RISK)
    price = state.prices[number]
    price.index = price.stable = index
    price.premium, price.confidence, price.published_at = index // 2_000, WAD, NOW
    state.tracks[number].updated_at = NOW
    asset = collateral.Asset(state.journal)
    asset.decimals, asset.underlying, asset.terms = 18, number, HAIRCUT
    state.assets = (*state.assets, asset)
    vol = rng.uniform(0.45, 0.9)
    for days in DAYS:
        curve, secs = state.curves[market.term_of(number, NOW + days * DAY)], days * DAY
        curve.forward, curve.rate = index + index * secs // (25 * YEAR), 4 * PERCENT
        curve.confidence = curve.surface_confidence = WAD
        curve.published_at = curve.surface_published_at = NOW
        curve.listed_at, wing = 1, wad(0.35 * sqrt(secs / YEAR))
        level = wad(vol * vol * secs / YEAR) - wing // 20
        curve.svi = Svi(level, wing // 5, -WAD // 4, 0, WAD // 4, secs, curve.forward)


def _instruments(state: State) -> Iterator[int]:
    """Underlying by underlying: the perp, the futures, then by expiry and strike a call and a put."""
    for number in range(len(state.risks)):
        yield market.perp(number)
        ends = [NOW + days * DAY for days in DAYS]
        yield from (market.instrument_of(number, market.FUTURE, end, 0) for end in ends)
        for end in ends:
            for part in STRIKES:
                strike = state.prices[number].index * part // 100
                yield market.instrument_of(number, market.CALL, end, strike)
                yield market.instrument_of(number, market.PUT, end, strike)


PER_UNDERLYING = 1 + len(DAYS) * (1 + 2 * len(STRIKES))


def option_place(expiry: Ints, strike: Ints, is_put: Ints | int) -> Ints:
    """Place of options among the instruments of their underlying."""
    return 1 + len(DAYS) + 2 * (expiry * len(STRIKES) + strike) + is_put


def random_population(of: Market, count: int, seed: int = 0, kinds: Sequence[str] = KINDS) -> tuple[Population, Ints]:
    """Accounts in portfolio mode, and the kind of each book as its place among `kinds`."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(kinds), count)
    balances = np.zeros((count, of.underlyings))
    legs: list[Leg] = []
    for number, kind in enumerate(kinds):
        mine = np.flatnonzero(drawn == number)
        most = min(of.underlyings, MAX_OPTIONS // OPTIONS_EACH.get(kind, 1))  # portfolio mode takes no more options
        breadth = rng.integers(min(1 + (kind == "pairs"), most), most + 1, len(mine))
        wanted = rng.random((len(mine), of.underlyings)).argsort(axis=1) < breadth[:, None]
        rows, underlyings = np.nonzero(wanted)
        legs += _book(kind, mine[rows], underlyings, rng, balances, of)
    return _population_of(of, legs, balances, rng), drawn


def _book(kind: str, owner: Ints, under: Ints, rng: np.random.Generator, balances: Floats, of: Market) -> Iterator[Leg]:
    """The positions of one kind of book; a size of 1 is a notional of about 10,000."""
    n = len(owner)
    size, side = rng.lognormal(0, 0.8, n), rng.choice([-1.0, 1.0], n)
    expiry, zero = rng.integers(0, len(DAYS), n), np.zeros(n, np.int64)
    low, high = rng.integers(0, 3, n), rng.integers(6, 9, n)

    def leg(place: Ints, signed: Floats) -> Leg:
        return Leg(owner, under, place, signed)

    if kind == "directional":
        yield leg(zero, size * side)
    elif kind == "pairs":  # long and short in turn over the underlyings of an account
        turn = np.arange(n) - np.searchsorted(owner, owner)
        yield leg(zero, size * side[np.searchsorted(owner, owner)] * np.where(turn % 2, -1.0, 1.0))
    elif kind == "basis":
        yield from (leg(zero, -size * side), leg(1 + expiry, size * side * rng.uniform(0.95, 1.05, n)))
    elif kind == "neutral":  # a straddle, its delta hedged by the perp
        at = zero + STRIKES.index(100)
        yield from (leg(option_place(expiry, at, put), -size * side) for put in (0, 1))
        yield leg(zero, size * side * rng.uniform(0.0, 0.2, n))
    elif kind == "covered":
        spots = np.array([of.state.prices[i].index / WAD for i in range(of.underlyings)])
        balances[owner, under] = size * 10_000 / spots[under] * rng.uniform(1.0, 1.2, n)
        yield leg(option_place(expiry, high, 0), -size)
    elif kind == "strangles":
        yield from (leg(option_place(expiry, high, 0), -size), leg(option_place(expiry, low, 1), -size))
        yield leg(option_place(expiry, zero + 8, 0), size * (high < 8))
        yield leg(option_place(expiry, zero, 1), size * (low > 0))
    else:
        for _ in range(4):
            yield leg(rng.integers(0, PER_UNDERLYING, n), rng.lognormal(-0.5, 1, n) * rng.choice([-1.0, 1.0], n))


def _population_of(of: Market, legs: Sequence[Leg], balances: Floats, rng: np.random.Generator) -> Population:
    """Positions in the order of their accounts, with entry prices and enough cash for most."""
    count, at = len(balances), quotes.quotes_of(of)
    owner = np.concatenate([each.owner for each in legs])
    column = np.concatenate([each.underlying * PER_UNDERLYING + each.place for each in legs])
    under = np.concatenate([each.underlying for each in legs])
    size = np.concatenate([each.size for each in legs]) * 10_000 / at.index[under]
    real = np.flatnonzero(np.abs(size) > 1e-9)
    _, first = np.unique((owner * len(of.instruments) + column)[real], return_index=True)
    kept = real[first]
    owner, column, size, under = owner[kept], column[kept], size[kept], under[kept]
    linear = column % PER_UNDERLYING < 1 + len(DAYS)
    entry = np.where(linear, at.marks[column] * rng.normal(1, 0.03, len(column)), 0.0)
    notional = np.bincount(owner, np.abs(size) * at.index[under], count)
    starts = np.searchsorted(owner, np.arange(count + 1))
    return Population(
        np.full(count, PORTFOLIO, np.int64),
        amounts(notional * rng.uniform(0.02, 0.6, count), rng),
        amounts(balances, rng),
        starts,
        column,
        amounts(size, rng),
        Amounts(*(np.where(linear, each, 0) for each in _pair(amounts(-size * entry, rng)))),
    )


def amounts(values: Floats, rng: np.random.Generator) -> Amounts:
    """Integers near floats, with random digits below float precision; zero stays zero."""
    whole = np.floor(values)
    wei = np.minimum((values - whole) * 1e18, 1e18 - 2_000).astype(np.int64)
    return Amounts(whole.astype(np.int64), np.where(values == 0, 0, wei + rng.integers(0, 1_000, values.shape)))


def _pair(of: Amounts) -> tuple[Ints, Ints]:
    return of.whole, of.wei
