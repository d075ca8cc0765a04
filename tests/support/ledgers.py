"""Ledgers as plain values, for the probes of storage, and the mirror's ledgers with equal content."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import portfolio_inputs
from crossvault.mirror import account as accounts, cash, market, portfolio, ruleset
from crossvault.mirror.account import PORTFOLIO, STANDARD, AccountId, Entry, Holder, Image
from crossvault.mirror.cash import NO_FEED, Pool
from crossvault.mirror.collateral import Asset
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import CAP, RAY, WAD
from crossvault.mirror.funding import Track
from crossvault.mirror.ledger import State
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.oracle import WINDOW, Curve, Price
from crossvault.mirror.portfolio import PortfolioRisk as PortfolioRisk
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.surface import Svi
from inputs import AMOUNT, INTEREST, OPTION_RISK, PREMIUM, RATIO, RISK, SIZE, TERMS, VALUE, WORD, stored, svi, usual_svi
from probing import NOW, Integer, OneOf, fresh, shared

PEOPLE = OneOf(["alice", "bob", "carol"])
IDS = [AccountId("alice"), AccountId("alice", 1), AccountId("bob", 2**96 - 1)]
Drawn = dict[str, Any]


class Owned(NamedTuple):
    account: AccountId
    image: Image
    started_at: int


class Dated(NamedTuple):
    underlying: int
    expiry: int
    curve: Curve


class Setup(NamedTuple):
    cash: Pool
    risks: tuple[MarketRisk, ...]
    option_risks: tuple[OptionRisk, ...]
    portfolio_risks: tuple[PortfolioRisk, ...]
    rules: Rules
    prices: tuple[Price, ...]
    tracks: tuple[Track, ...]
    curves: tuple[Dated, ...]
    assets: tuple[Asset, ...]
    owned: tuple[Owned, ...]


def held(image: Image) -> Holder:
    """A holder with the state of an image."""
    self = Holder(UndoLog())
    self.principal = image.principal
    self.mode = image.mode
    for number, raw in enumerate(image.balances):
        self.balances[number] = raw
    self.words = tuple(accounts.word_of(entry.instrument, entry.size) for entry in image.entries)
    for entry in image.entries:
        stored = self.quotes[entry.instrument]
        stored.quote, stored.funding_index = entry.quote, entry.funding_index
    return self


def state(setup: Setup) -> State:
    """The mirror's ledger with the content of plain values."""
    self = State(UndoLog())
    for name in setup.cash.zeros:
        setattr(self.cash, name, getattr(setup.cash, name))
    self.risks = setup.risks
    ruleset.set_rules(self.model, setup.rules)
    self.assets = tuple(fresh(asset) for asset in setup.assets)
    for number in range(len(setup.risks)):
        self.option_risks[number] = setup.option_risks[number]
        if portfolio.is_modelled(setup.portfolio_risks[number]):
            ruleset.set_risk(self.model, number, setup.portfolio_risks[number])
        self.prices[number] = fresh(setup.prices[number])
        self.tracks[number] = fresh(setup.tracks[number])
    for underlying, expiry, curve in setup.curves:
        self.curves[market.term_of(underlying, expiry)] = fresh(curve)
    for owned in setup.owned:
        self.holders[owned.account] = held(owned.image)
        self.sales[owned.account].started_at = owned.started_at
    return self


# prices


def draw_price(random: Random) -> Price:
    """A price that is fresh, at its heartbeat or stale; sometimes none."""
    if random.random() < 0.04:
        return Price(UndoLog())
    index = Integer(1, CAP).draw(random) if random.random() < 0.2 else random.randint(10**15, 10**23)
    premium = PREMIUM.draw(random) if random.random() < 0.3 else random.randint(-index, index) // 50
    stable = (
        AMOUNT.draw(random) if random.random() < 0.1 else min(CAP, index * random.choice([80, 100, 100, 120]) // 100)
    )
    price: Price = stored(
        Price, index=index, premium=premium, confidence=random.choice([WAD, RATIO.draw(random)]), stable=stable,
        published_at=NOW - random.choice([0, 0, 30, 59, 60, 60, 61, 900, 3_600]),
        pending=random.choice([0, 0, 0, max(1, min(CAP, index * random.choice([50, 80, 120, 150]) // 100))]),
        pending_at=NOW - random.choice([0, 30, 59, 60, 61, 3_600, 3_601]),
        cumulative=2**150 + random.getrandbits(128),
    )  # fmt: skip
    return price


def draw_risk(random: Random) -> MarketRisk:
    """Parameters under which most prices are fresh, with and without funding."""
    risk: MarketRisk = RISK.draw(random)
    heartbeat = random.choice([60, 60, 3_600, 3_600])
    cap = random.choice([0, WAD // 100, risk.funding_cap])
    return risk._replace(heartbeat_secs=heartbeat, mark_band=random.choice([0, WAD // 20, WAD - 1]), funding_cap=cap)


def draw_option_risk(random: Random) -> OptionRisk:
    risk: OptionRisk = OPTION_RISK.draw(random)
    return risk._replace(heartbeat_secs=random.choice([0, 60, 3_600, 3_600]))


def draw_track(random: Random) -> Track:
    index = Integer(-(2**176), 2**176).draw(random) if random.random() < 0.1 else random.randint(-(10**31), 10**31)
    track: Track = stored(Track, index=index, updated_at=NOW - random.choice([0, 1, 60, 8 * 3_600, 30 * 86_400]))
    return track


_TO_EXPIRY = [-86_400, -600, -1, 0, 1, 600, WINDOW - 1, WINDOW, WINDOW + 1, 86_400, 30 * 86_400, 900 * 86_400]


def draw_curve(random: Random, underlying: int, price: Price) -> Dated:
    """An expiry before, in or after its window, or settled; its prices fresh, stale or not yet published."""
    left = random.choice(_TO_EXPIRY)
    expiry, start_at = NOW + left, NOW + left - WINDOW
    forward = AMOUNT.draw(random) if random.random() < 0.1 else min(CAP, price.index * random.randint(90, 110) // 100)
    ages = [0, 0, 30, 60, 61, 3_600]
    curve: Curve = stored(
        Curve, forward=forward, rate=random.choice([0, WAD // 20, Integer(0, 10 * WAD).draw(random)]),
        confidence=random.choice([WAD, RATIO.draw(random)]), published_at=NOW - random.choice(ages),
        listed_at=NOW - 10**6,
        svi=usual_svi(random, forward, left), surface_confidence=random.choice([WAD, RATIO.draw(random)]),
        surface_published_at=NOW - random.choice(ages),
    )  # fmt: skip
    if random.random() < 0.1:
        curve.svi = svi(random)
    if random.random() < 0.1:
        curve.forward = curve.rate = curve.confidence = curve.published_at = 0
    if random.random() < 0.1:
        curve.svi, curve.surface_confidence, curve.surface_published_at = Svi(), 0, 0
    if price.published_at > start_at:  # a price in the window records its start, one after its end the settlement price
        sum_wad_secs = random.choice([0, price.index, random.randint(0, CAP)]) * (price.published_at - start_at)
        curve.start_cumulative = price.cumulative - min(sum_wad_secs, price.cumulative - 1)
    if left < 0 and (price.published_at >= expiry or random.random() < 0.5):
        curve.settlement = Integer(1, CAP).draw(random) if random.random() < 0.3 else max(1, price.index)
    return Dated(underlying, expiry, curve)


def draw_curves(random: Random, prices: Sequence[Price], most: int) -> tuple[Dated, ...]:
    dated: dict[tuple[int, int], Dated] = {}
    for _ in range(random.randint(0, most)):
        underlying = random.randrange(len(prices))
        if prices[underlying].published_at:  # an expiry opens only while the price is fresh
            drawn = draw_curve(random, underlying, prices[underlying])
            dated[drawn[:2]] = drawn
    return tuple(dated.values())


# accounts


def draw_instrument(random: Random, underlyings: int, curves: Sequence[Dated]) -> int:
    """A listed perp, future or option."""
    if not curves or random.random() < 0.25:
        return market.perp(random.randrange(underlyings))
    underlying, expiry, curve = random.choice(curves)
    kind = random.choice([market.FUTURE, market.CALL, market.PUT, market.CALL, market.PUT])
    if kind == market.FUTURE:
        return market.instrument_of(underlying, kind, expiry, 0)
    near = (curve.settlement or curve.forward or WAD) * random.choice([50, 80, 90, 95, 100, 105, 110, 120, 200]) // 100
    strike = Integer(1, CAP).draw(random) if random.random() < 0.1 else max(1, min(CAP, near))
    return market.instrument_of(underlying, kind, expiry, strike)


def draw_entry(random: Random, instrument: int, index: int) -> Entry:
    size = (SIZE if random.random() < 0.1 else Integer(-(10**23), 10**23)).draw(random) or 1
    kind = market.kind_of(instrument)
    if market.is_option(kind):
        return Entry(instrument, size, 0, 0)
    near = -size * random.randint(1, 10**21) // 10**18
    quote = VALUE.draw(random) if random.random() < 0.3 else near
    funding = index + random.randint(-(10**30), 10**30) if kind == market.PERP else 0
    return Entry(instrument, size, quote, funding)


def draw_held(
    random: Random, tracks: Sequence[Track], curves: Sequence[Dated], decimals: Sequence[int], most: int, mode: int
) -> Image:
    """Random holdings of listed instruments and collaterals."""
    instruments = {draw_instrument(random, len(tracks), curves) for _ in range(random.randint(0, most))}
    drawn = random.sample(sorted(instruments), len(instruments))
    entries = tuple(draw_entry(random, each, tracks[market.underlying_of(each)].index) for each in drawn)
    balances = tuple(random.choice([0, Integer(0, CAP // 10 ** (18 - each)).draw(random)]) for each in decimals)
    principal = VALUE.draw(random) if random.random() < 0.5 else random.randint(-(10**20), 10**30)
    return Image(principal, mode, balances, entries)


def draw_pool(random: Random, underlyings: int, principals: Sequence[int]) -> Pool:
    """The quote side of a vault with the principals of some accounts, and possibly of others."""
    feed = random.choice([NO_FEED, NO_FEED, random.randrange(underlyings)])
    terms = cash.DepegTerms(feed, WAD * 98 // 100, Integer(0, 10 * WAD).draw(random))
    borrow = random.choice([RAY, random.randint(RAY, 9 * RAY), Integer(RAY, cash.MAX_INDEX).draw(random)])
    pool: Pool = stored(
        Pool, token="usd", decimals=6, terms=terms, interest=random.choice([cash.Interest(), INTEREST.draw(random)]),
        accrued_at=NOW - random.choice([0, 0, 1, 3_600, 86_400, 400 * 86_400]),
        supply_index=random.choice([RAY, random.randint(RAY, borrow)]), borrow_index=borrow,
        total_supply=sum(each for each in principals if each > 0) + random.choice([0, AMOUNT.draw(random)]),
        total_borrow=sum(-each for each in principals if each < 0) + random.choice([0, AMOUNT.draw(random)]),
        insurance_wad=AMOUNT.draw(random), deficit_wad=AMOUNT.draw(random),
    )  # fmt: skip
    return pool


@shared
def draw_setup(random: Random) -> Setup:
    """A ledger with two accounts, from small to the largest possible."""
    count, most = random.choice(
        [(1, 2), (1, 4), (2, 6), (3, 8), (8, 32)] if random.random() < 0.5 else [(1, 3), (2, 5)]
    )
    prices = tuple(draw_price(random) for _ in range(count))
    tracks = tuple(draw_track(random) for _ in range(count))
    curves = draw_curves(random, prices, min(most, 12))
    listed = [
        (random.randrange(19), random.randrange(count), TERMS.draw(random)) for _ in range(random.choice([0, 1, 2, 8]))
    ]
    assets = tuple(
        stored(Asset, token=f"token{i}", decimals=decimals, underlying=underlying, terms=terms, total_raw=2**100)
        for i, (decimals, underlying, terms) in enumerate(listed)
    )
    rules = portfolio_inputs.rules(random) if random.random() < 0.7 else Rules()
    modes = [PORTFOLIO if rules.scenarios and random.random() < 0.7 else STANDARD for _ in range(2)]
    images = [draw_held(random, tracks, curves, [each[0] for each in listed], most, mode) for mode in modes]
    owned = tuple(Owned(IDS[i], image, random.choice([0, 0, NOW])) for i, image in enumerate(images))
    pool = draw_pool(random, count, [image.principal for image in images])
    risks = tuple(draw_risk(random) for _ in range(count))
    options = tuple(draw_option_risk(random) for _ in range(count))
    modelled = tuple(
        portfolio_inputs.RISK.draw(random) if random.random() < 0.7 else PortfolioRisk() for _ in range(count)
    )
    return Setup(pool, risks, options, modelled, rules, prices, tracks, curves, assets, owned)


# arguments


def draw_call(random: Random, **others: Any) -> Drawn:
    return {"self": draw_setup(random), "account": IDS[0]} | {name: each.draw(random) for name, each in others.items()}


def draw_underlying(random: Random) -> Drawn:
    setup = draw_setup(random)
    return {"self": setup, "underlying": random.randrange(len(setup.risks))}


def draw_quoted(random: Random) -> Drawn:
    """An instrument that is listed, held or not, and not settled."""
    setup = draw_setup(random)
    open_ = [each for each in setup.curves if each.curve.settlement == 0]
    return {"self": setup, "instrument": draw_instrument(random, len(setup.risks), open_)}


def draw_delta(random: Random, size: int) -> int:
    """A change of a size: often one that closes, reverses or exceeds the cap."""
    limits = [-size, -2 * size, CAP - size, CAP + 1 - size, -CAP - size, -CAP - 1 - size, 0, 1, -1]
    return random.choice(limits) if random.random() < 0.5 else SIZE.draw(random)


def draw_position(random: Random, setup: Setup) -> int:
    """The instrument of a position of the first account, or any listed one."""
    entries = setup.owned[0].image.entries
    if entries and random.random() < 0.8:
        return random.choice(entries).instrument
    return draw_instrument(random, len(setup.risks), setup.curves)


def draw_any(random: Random, setup: Setup) -> int:
    """The instrument of a position, or any number."""
    return WORD.draw(random) if random.random() < 0.05 else draw_position(random, setup)


def draw_indexable(random: Random, setup: Setup) -> int:
    """The instrument of a position, or any number of 152 bits but a perp of an underlying that is not listed."""
    drawn = draw_any(random, setup)
    while drawn >= 2**152 or (market.kind_of(drawn) == market.PERP and market.underlying_of(drawn) >= len(setup.risks)):
        drawn = draw_any(random, setup)
    return drawn
