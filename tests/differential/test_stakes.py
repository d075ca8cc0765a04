"""Exposures of portfolio margin from a valued account: probes and mirror return equal values."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from books import BOOK, PORTFOLIO_BOOK
from crossvault.mirror import stakes
from crossvault.mirror.margin import Book
from crossvault.mirror.portfolio import ExpiryHoldings, Hedge, PortfolioExposure, PortfolioRisk
from crossvault.mirror.standard import HeldFuture, HeldOption
from inputs import HOLDING, strip
from ledgers import Drawn
from portfolio_inputs import FUTURES, RISK, SOME_FUTURES
from probing import Integer, Probes, assert_equal, started


def draw_underlying_of(random: Random) -> Drawn:
    valued = BOOK.draw(random)
    return {"book": valued, "underlying": random.randrange(len(valued.exposures))}


def draw_gathered(random: Random) -> Drawn:
    """An account in portfolio mode; some of its underlyings have no parameters, and some are beyond the last."""
    book = PORTFOLIO_BOOK.draw(random)
    risks = [RISK.draw(random) if random.random() < 0.7 else PortfolioRisk() for _ in book.stakes]
    return {"book": book, "risks": risks[: random.randint(0, 2 * len(risks))]}


def draw_strip(random: Random) -> Drawn:
    drawn = strip(random)
    return {"lines": drawn["lines"], "futures": FUTURES.draw(random), "first": drawn["first"]}


def draw_future(random: Random) -> Drawn:
    futures = SOME_FUTURES.draw(random)
    return {"futures": futures, "first": random.randrange(len(futures))}


def draw_place(random: Random) -> Drawn:
    drawn = draw_future(random)
    return {"futures": drawn["futures"], "place": drawn["first"]}


def draw_expiry(random: Random) -> Drawn:
    drawn, other = draw_future(random), SOME_FUTURES.draw(random)[0]
    of = random.choice([drawn["futures"][drawn["first"]], other])
    return {"futures": drawn["futures"], "underlying": of.underlying, "expiry": of.expiry}


def gather(book: Book, risks: list[PortfolioRisk]) -> list[PortfolioExposure]:
    return stakes.gather(book.stakes, book.holdings, book.lines, book.futures, risks)


def terms(book: Book, underlying: int) -> list[ExpiryHoldings]:
    return stakes.terms(book.lines, stakes.firsts(book.lines), book.futures, underlying)


def term(lines: list[HeldOption], futures: list[HeldFuture], first: int) -> ExpiryHoldings:
    places = stakes.firsts(lines)
    return stakes.term(lines, places, futures, places[first])


def hedges(book: Book, underlying: int) -> list[Hedge]:
    return stakes.hedges(book.holdings, underlying, book.exposures[underlying].confidence_wad)


STAKES: dict[str, tuple[Any, Any]] = {
    "gather": (draw_gathered, gather),
    "hedges": (draw_underlying_of, hedges),
    "isHedge": ({"held": HOLDING, "underlying": Integer(0, 1)}, stakes.is_hedge),
    "terms": (draw_underlying_of, terms),
    "firsts": (lambda random: {"lines": strip(random)["lines"]}, stakes.firsts),
    "term": (draw_strip, term),
    "bare": (draw_future, stakes.bare),
    "futureSize": (draw_expiry, stakes.future_size),
    "isAlone": (lambda random: {"lines": strip(random)["lines"], **draw_place(random)}, stakes.is_alone),
}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize("function", STAKES)
def test_probe_and_mirror_gather_the_same(probes: Probes, function: str) -> None:
    parameters, mirror = STAKES[function]
    assert_equal(probes, "ProbeStakes", function, parameters, mirror)
