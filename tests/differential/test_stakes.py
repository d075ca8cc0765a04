"""Exposures of portfolio margin from a valued account: probes and mirror return equal values."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from books import BOOK, PORTFOLIO_BOOK
from crossvault.mirror import stakes
from crossvault.mirror.margin import Book
from crossvault.mirror.portfolio import ExpiryHoldings, Hedge
from crossvault.mirror.standard import HeldOption
from inputs import HOLDING, strip
from ledgers import Drawn
from probing import Integer, Probes, assert_equal, fresh, started


def draw_underlying_of(random: Random) -> Drawn:
    valued = BOOK.draw(random)
    return {"book": valued, "underlying": random.randrange(len(valued.exposures))}


def gather(book: Book) -> Book:
    valued: Book = fresh(book)
    stakes.gather(valued.stakes, valued.holdings, valued.lines)
    return valued


def terms(book: Book, underlying: int) -> list[ExpiryHoldings]:
    return stakes.terms(book.lines, stakes.firsts(book.lines), underlying)


def term(lines: list[HeldOption], first: int) -> ExpiryHoldings:
    places = stakes.firsts(lines)
    return stakes.term(lines, places, places[first])


def hedges(book: Book, underlying: int) -> list[Hedge]:
    return stakes.hedges(book.holdings, underlying, book.exposures[underlying].confidence_wad)


STAKES: dict[str, tuple[Any, Any]] = {
    "gather": ({"book": PORTFOLIO_BOOK}, gather),
    "hedges": (draw_underlying_of, hedges),
    "isHedge": ({"held": HOLDING, "underlying": Integer(0, 1)}, stakes.is_hedge),
    "terms": (draw_underlying_of, terms),
    "firsts": (lambda random: {"lines": strip(random)["lines"]}, stakes.firsts),
    "term": (strip, term),
}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize("function", STAKES)
def test_probe_and_mirror_gather_the_same(probes: Probes, function: str) -> None:
    parameters, mirror = STAKES[function]
    assert_equal(probes, "ProbeStakes", function, parameters, mirror)
