"""Accounts valued from a ledger: probes and mirror return equal books, requirements and metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, cast

import pytest

from books import BOOK, PORTFOLIO_BOOK
from crossvault.mirror import account as accounts, cash, market, pricer, surface, valuation
from crossvault.mirror.account import PORTFOLIO, STANDARD, AccountId, Image
from crossvault.mirror.correlation import PortfolioRequirement, ScenarioLossTable
from crossvault.mirror.fixed import CAP
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book, Holding
from crossvault.mirror.oracle import WINDOW, Curve
from crossvault.mirror.portfolio import Stake
from crossvault.mirror.standard import Exposure, HeldFuture, HeldOption, Level
from inputs import LINE, SIZE, svi, usual_svi
from ledgers import (
    IDS,
    Drawn,
    Setup,
    draw_any,
    draw_call,
    draw_curve,
    draw_position,
    draw_price,
    draw_quoted,
    draw_setup,
    draw_underlying,
    state,
)  # fmt: skip
from probing import NOW, Integer, OneOf, Probes, assert_equal, fresh, started

NEAR_OR_NEVER = [0, NOW, NOW - 59, NOW - 60, NOW - 61, NOW - 3_600]


# arguments


def draw_linear(random: Random) -> Drawn:
    """A perp, or a future that has not settled; held or not."""
    drawn = draw_quoted(random)
    while market.is_option(market.kind_of(drawn["instrument"])):
        drawn = draw_quoted(random)
    setup = drawn["self"]
    held = [
        entry.instrument for entry in setup.owned[0].image.entries if market.kind_of(entry.instrument) == market.PERP
    ]
    instrument = random.choice(held) if held and random.random() < 0.5 else drawn["instrument"]
    return {"self": setup, "account": IDS[0], "instrument": instrument}


def draw_option(random: Random) -> Drawn:
    drawn = draw_quoted(random)
    while not market.is_option(market.kind_of(drawn["instrument"])):
        drawn = draw_quoted(random)
    return {**drawn, "size": SIZE.draw(random)}


def draw_dated(random: Random) -> Drawn:
    drawn = draw_quoted(random)
    while market.kind_of(drawn["instrument"]) == market.PERP:
        drawn = draw_quoted(random)
    return drawn


def draw_marked(random: Random) -> HeldOption:
    """An option before, at or after its expiry, at the volatility of a surface."""
    price = draw_price(random)
    curve, line = draw_curve(random, 0, price).curve, LINE.draw(random)
    line.secs = random.choice([0, 1, 60, 3_600, 86_400, 30 * 86_400, 10**9])
    if random.random() < 0.7:
        base = max(1, price.index)
        line.forward_wad, line.strike_wad = base, max(1, base * random.randint(30, 300) // 100)
        curve.svi = svi(random) if random.random() < 0.3 else usual_svi(random, base, line.secs)
    line.vol_wad = surface.vol(curve.svi, line.strike_wad) if curve.svi.ref_forward else 0
    line.rate_wad = curve.rate
    return cast(HeldOption, line)


def draw_surfaced(random: Random) -> Drawn:
    """Options, each with the surface that it is priced by, or none."""
    lines = [draw_marked(random) for _ in range(random.choice([1, 3]))]
    secs = [max(1, line.secs) for line in lines]
    surfaces = [usual_svi(random, line.forward_wad, each) for line, each in zip(lines, secs, strict=True)]
    return {"lines": lines, "surfaces": [each if random.random() < 0.8 else surface.Svi() for each in surfaces]}


def draw_position_call(random: Random) -> Drawn:
    setup = draw_setup(random)
    return {"self": setup, "instrument": draw_position(random, setup)}


def draw_note(random: Random) -> Drawn:
    valued = BOOK.draw(random)
    if random.random() < 0.7:
        valued.stale.underlying = 0
    drawn = {"underlying": random.randrange(8), "expiry": Integer(0, 2**40 - 1).draw(random)}
    heartbeat = random.choice([0, 60, 3_600])
    return {"valued": valued, **drawn, "published_at": random.choice(NEAR_OR_NEVER), "heartbeat_secs": heartbeat}


def draw_noted(random: Random) -> Drawn:
    valued = BOOK.draw(random)
    if random.random() < 0.5:
        valued.stale.underlying = 0
    return {"valued": valued}


def draw_ruled(random: Random) -> Drawn:
    """An account in either mode, in a vault with portfolio margin rules."""
    drawn = draw_call(random)
    while not drawn["self"].rules.scenarios:
        drawn = draw_call(random)
    return drawn


def draw_held(random: Random) -> Drawn:
    setup = draw_setup(random)
    return {"self": setup, "held": setup.owned[0].image}


def draw_holdings(random: Random) -> Drawn:
    """Holdings at, within or just beyond one of their bounds."""
    setup = draw_setup(random)
    held = setup.owned[0].image
    entries = [each for each in held.entries if market.kind_of(each.instrument) == market.PERP]
    entries = [each._replace(size=random.choice([CAP, -CAP, CAP + 1, 1])) for each in entries[: random.randrange(3)]]
    limit = valuation.MAX_HELD
    if entries and random.random() < 0.3:
        entries[0] = entries[0]._replace(
            quote=random.choice([limit, -limit - 1]), funding_index=random.choice([0, limit + 1])
        )
    if entries and random.random() < 0.1:
        entries[0] = entries[0]._replace(instrument=draw_any(random, setup))
    balances = held.balances if random.random() < 0.8 else (*held.balances, 0)
    principal = random.choice([0, limit, -limit, limit + 1])
    mode = random.choice([held.mode, STANDARD, PORTFOLIO, 2])
    return {"self": setup, "held": Image(principal, mode, balances, tuple(entries))}


def draw_alike(random: Random) -> Drawn:
    """Options, of which some are priced already, in the same places or others."""
    lines = draw_lines(random)
    priced = [replace(each, size=1, mark_wad=random.randrange(9)) for each in lines if random.random() < 0.7]
    random.shuffle(priced)
    return {"self": draw_setup(random), "lines": lines, "priced": [*priced, *draw_lines(random)]}


def draw_lines(random: Random) -> list[HeldOption]:
    return [draw_marked(random) for _ in range(random.choice([0, 1, 3]))]


# results


def blank(stored: State, options: int = 0, futures: int = 0) -> Book:
    lines = [HeldOption() for _ in range(options)]
    valued = Book(0, [Holding() for _ in stored.assets], [Exposure() for _ in stored.risks], lines)
    valued.futures = [HeldFuture() for _ in range(futures)]
    if stored.model.has_rules:
        valued.stakes = [Stake() for _ in stored.risks]
        valued.modelled = stored.model.modelled
    return valued


def value_balances(self: Setup, account: AccountId, now: int) -> Book:
    stored = state(self)
    valued = blank(stored)
    valuation.value_balances(stored, valuation.image(stored, account).balances, valued, now=now)
    return valued


def dated_counts(self: Setup, account: AccountId) -> tuple[int, int]:
    stored = state(self)
    return valuation.dated_counts(stored, valuation.image(stored, account).entries)


def value_positions(self: Setup, account: AccountId, now: int) -> Book:
    stored = state(self)
    valued = blank(stored, *valuation.dated_counts(stored, valuation.image(stored, account).entries))
    valuation.value_positions(stored, valuation.image(stored, account).entries, valued, now=now)
    return valued


def value_linear(self: Setup, account: AccountId, instrument: int, now: int) -> Book:
    stored = state(self)
    valued = blank(stored)
    valuation.value_linear(stored, valued, accounts.entry(stored.holders[account], instrument), now=now)
    return valued


def option_line(self: Setup, instrument: int, size: int, now: int) -> tuple[HeldOption, Book]:
    stored = state(self)
    valued = blank(stored)
    return valuation.option_line(stored, valued, instrument, size, now=now), valued


def forward(self: Setup, instrument: int, now: int) -> tuple[int, int, Book]:
    stored = state(self)
    valued = blank(stored)
    valuation.load(stored, valued, market.underlying_of(instrument), now=now)
    return *valuation.forward(stored, valued, instrument, now=now), valued


def curve_of(self: Setup, instrument: int) -> Curve:
    return valuation.curve_of(state(self), instrument)


def load(self: Setup, underlying: int, now: int) -> tuple[Book, Exposure]:
    stored = state(self)
    valued = blank(stored)
    valuation.load(stored, valued, underlying, now=now)
    return valued, valuation.load(stored, valued, underlying, now=now)


def note(valued: Book, underlying: int, expiry: int, published_at: int, heartbeat_secs: int, now: int) -> Book:
    valuation.note(valued, underlying, expiry, published_at, heartbeat_secs, now=now)
    return valued


def valued_image(self: Setup, held: Image, now: int) -> Book:
    return valuation.valued_image(state(self), held, now=now)


def fill_book(self: Setup, held: Image, now: int) -> Book:
    stored = state(self)
    valued = valuation.empty_book(stored, held)
    valuation.fill_book(stored, held, valued, now=now)
    return valued


def image(self: Setup, account: AccountId) -> tuple[Image]:
    return (valuation.image(state(self), account),)


def require_valid(self: Setup, held: Image, now: int) -> tuple[()]:
    valuation.require_valid(state(self), held, now=now)
    return ()


def quote_price(self: Setup, now: int) -> tuple[int, Book]:
    stored = state(self)
    valued = blank(stored)
    return valuation.quote_price(stored, valued, now=now), valued


def mark_options(self: Setup, lines: list[HeldOption]) -> list[HeldOption]:
    marked: list[HeldOption] = fresh(lines)
    valuation.mark_options(state(self), marked)
    return marked


def mark_alike(self: Setup, lines: list[HeldOption], priced: list[HeldOption]) -> list[HeldOption]:
    marked: list[HeldOption] = fresh(lines)
    valuation.mark_alike(state(self), marked, priced)
    return marked


def assess(self: Setup, account: AccountId, now: int) -> tuple[ScenarioLossTable, PortfolioRequirement]:
    stored = state(self)
    valued = valuation.valued_image(stored, valuation.image(stored, account), now=now)
    return valuation.assess(stored, valued, now=now), valued.verdict


def requirement(self: Setup, account: AccountId, level: Level, now: int) -> int:
    stored = state(self)
    valued = valuation.valued_image(stored, valuation.image(stored, account), now=now)
    return valuation.requirement(stored, valued, level, now=now)


def metrics(self: Setup, account: AccountId, now: int) -> tuple[Any]:
    stored = state(self)
    return (valuation.metrics(stored, valuation.image(stored, account), now=now),)


def on_ledger(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a function of a ledger and an account or instrument as a function of plain values; () for no result."""

    def applied(self: Setup, now: int, **others: Any) -> Any:
        found = function(state(self), *others.values(), now=now)
        return () if found is None else found if type(found) is tuple else (found,)

    return applied


VALUATION: dict[str, tuple[Any, Any]] = {
    "valueBalances": (draw_call, value_balances),
    "datedCounts": (draw_call, dated_counts),
    "valuePositions": (draw_call, value_positions),
    "valueLinear": (draw_linear, value_linear),
}
LINES: dict[str, tuple[Any, Any]] = {
    "optionLine": (draw_option, option_line),
    "forward": (draw_dated, forward),
    "futureLine": (draw_option, on_ledger(valuation.future_line)),
    "curveOf": (draw_position_call, curve_of),
    "load": (draw_underlying, load),
    "note": (draw_note, note),
}
BOOK_VALUES: dict[str, tuple[Any, Any]] = {
    "book": (draw_call, on_ledger(valuation.book)),
    "requireFresh": (draw_noted, valuation.require_fresh),
}
IMAGES: dict[str, tuple[Any, Any]] = {
    "image": (draw_call, image),
    "valuedImage": (draw_held, valued_image),
    "emptyBook": (draw_held, lambda self, held: valuation.empty_book(state(self), held)),
    "fillBook": (draw_held, fill_book),
    "markAlike": (draw_alike, mark_alike),
    "requireValid": (draw_holdings, require_valid),
    "quotePrice": (lambda random: {"self": draw_setup(random)}, quote_price),
    "exposuresOf": ({"valued": PORTFOLIO_BOOK}, lambda valued: (valuation.exposures_of(valued),)),
    "markOptions": (lambda random: {"self": draw_setup(random), "lines": draw_lines(random)}, mark_options),
}
REQUIREMENTS: dict[str, tuple[Any, Any]] = {
    "assess": (draw_ruled, assess),
    "requirement": (lambda random: draw_ruled(random) | {"level": OneOf(list(Level)).draw(random)}, requirement),
}
METRICS: dict[str, tuple[Any, Any]] = {
    "metrics": (draw_call, metrics),
}
BOOKS = {
    "ProbeValuation": VALUATION, "ProbeLine": LINES, "ProbeBook": BOOK_VALUES, "ProbeImage": IMAGES,
    "ProbeRequirement": REQUIREMENTS, "ProbeMetrics": METRICS,
}  # fmt: skip
MARKS: dict[str, tuple[Any, Any]] = {
    "quotes": (draw_surfaced, pricer.quotes),
}
ALL = BOOKS | {"ProbePricer": MARKS}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize(
    ("probe", "function"), [(probe, name) for probe, table in ALL.items() for name in table], ids=str
)
def test_probe_and_mirror_value_the_same(probes: Probes, probe: str, function: str) -> None:
    parameters, mirror = ALL[probe][function]
    assert_equal(probes, probe, function, parameters, mirror)


def test_ledgers_are_of_every_kind() -> None:
    """The drawn ledgers include every state that a door allows."""
    random = Random("ledgers")
    setups = [draw_setup(random) for _ in range(400)]
    counts = kinds_of_curves(setups) | kinds_of_accounts(setups)
    assert {name: count for name, count in counts.items() if count < 10} == {}


def kinds_of_curves(setups: list[Setup]) -> dict[str, int]:
    curves = [(each.expiry, each.curve) for setup in setups for each in setup.curves]
    return {
        "before": sum(expiry - WINDOW >= NOW for expiry, _ in curves),
        "in the window": sum(expiry - WINDOW < NOW < expiry and curve.start_cumulative > 0 for expiry, curve in curves),
        "in the window, no print since": sum(
            expiry - WINDOW < NOW < expiry and curve.start_cumulative == 0 for expiry, curve in curves
        ),
        "over, not settled": sum(expiry <= NOW and curve.settlement == 0 for expiry, curve in curves),
        "settled": sum(curve.settlement > 0 for _, curve in curves),
        "no forward": sum(curve.published_at == 0 for _, curve in curves),
        "no surface": sum(curve.surface_published_at == 0 for _, curve in curves),
    }


def kinds_of_accounts(setups: list[Setup]) -> dict[str, int]:
    entries = [entry for setup in setups for owned in setup.owned for entry in owned.image.entries]
    return {
        **{
            f"kind {kind}, {'short' if short else 'long'}": sum(
                market.kind_of(entry.instrument) == kind and (entry.size < 0) == short for entry in entries
            )
            for kind in (market.PERP, market.FUTURE, market.CALL, market.PUT)
            for short in (False, True)
        },
        "funding runs": sum(
            risk.funding_cap > 0 and track.updated_at < NOW
            for setup in setups
            for risk, track in zip(setup.risks, setup.tracks, strict=True)
        ),
        "interest runs": sum(setup.cash.accrued_at < NOW and any(setup.cash.interest) for setup in setups),
        "a loan": sum(owned.image.principal < 0 for setup in setups for owned in setup.owned),
        "eight underlyings": sum(len(setup.risks) == 8 for setup in setups),
        "many positions": sum(len(owned.image.entries) > 20 for setup in setups for owned in setup.owned),
        "in portfolio mode": sum(owned.image.mode for setup in setups for owned in setup.owned),
        "in standard mode though there are rules": sum(
            not owned.image.mode and bool(setup.rules.scenarios) for setup in setups for owned in setup.owned
        ),
        "portfolio margin of some underlyings only": sum(
            {bool(each.vol.floor_secs) for each in setup.portfolio_risks} == {False, True} for setup in setups
        ),
        "a price of the quote token": sum(setup.cash.terms.feed != cash.NO_FEED for setup in setups),
    }
