"""Accounts valued from a ledger: probes and mirror return equal books, requirements and metrics."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from books import PORTFOLIO_BOOK
from crossvault.mirror import account as accounts, cash, market, pricer, valuation
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.correlation import PortfolioRequirement, ScenarioLossTable
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book, Holding
from crossvault.mirror.oracle import WINDOW, Curve
from crossvault.mirror.portfolio import Stake
from crossvault.mirror.standard import Exposure, HeldFuture, HeldOption, Level
from drawn_books import (
    draw_alike,
    draw_dated,
    draw_held,
    draw_holdings,
    draw_linear,
    draw_lines,
    draw_note,
    draw_noted,
    draw_option,
    draw_position_call,
    draw_ruled,
    draw_surfaced,
)
from ledgers import (
    Setup,
    draw_call,
    draw_setup,
    draw_underlying,
    state,
)  # fmt: skip
from probing import NOW, OneOf, Probes, assert_equal, fresh, started

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
