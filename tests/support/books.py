"""Valued accounts with random figures, in both modes, as arguments of margin functions."""

from dataclasses import replace
from random import Random
from typing import Any

from crossvault.mirror import margin
from crossvault.mirror.correlation import PortfolioRequirement
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import Stake
from crossvault.mirror.standard import Level
from inputs import DOOR, HOLDING, exposure, lines
from portfolio_inputs import FUTURES, TENFOLD, WIDE
from probing import Generated, Integer, shared


def stakes(random: Random, made: margin.Book) -> tuple[list[Stake], int]:
    """Perps and futures in portfolio margin, and a bit of each underlying that has parameters of it."""
    found, modelled = [], 0
    for number, each in enumerate(made.exposures):
        modelled |= (random.random() < 0.7) << number
        net = each.net_wad2 if modelled >> number else 0
        found.append(Stake(each.index_wad, net, each.gross_size_wad if net else 0, each.confidence_wad))
    return found, modelled


@shared
def book(random: Random) -> margin.Book:
    """A valued account with random figures."""
    exposures = [exposure(random) for _ in range(random.choice([1, 1, 2, 8]))]
    held = lines(random, len(exposures)) if random.random() < 0.6 else []
    made = margin.Book(Integer(-(2**150), 2**150).draw(random), [], exposures, held)
    for _ in range(random.choice([0, 1, 2, 8])):
        holding = HOLDING.draw(random)
        holding.underlying = random.randrange(len(exposures))
        made.holdings.append(holding)
    if random.random() < 0.6:
        made.stakes, made.modelled = stakes(random, made)
        made.futures = FUTURES.draw(random)
        made.verdict = PortfolioRequirement(*(WIDE.draw(random) for _ in range(5)))
    made.depeg_rate_wad = TENFOLD.draw(random)
    made.stale = margin.Stale(*(Integer(0, high).draw(random) for high in (8, 2**40 - 1, DOOR, DOOR)))
    return made


def underlying_of_a_book(random: Random) -> dict[str, Any]:
    """A valued account, and the number of one of its underlyings."""
    drawn = BOOK.draw(random)
    return {"self": drawn, "underlying": random.randrange(len(drawn.exposures))}


def portfolio_book(random: Random) -> margin.Book:
    """An account in portfolio mode."""
    made = book(random)
    while not made.stakes:
        made = book(random)
    return made


OF_A_BOOK = ("equity", "safeEquity", "health", "freeCollateral", "notional", "leverage", "leftOut")  # no other argument
BOOK, PORTFOLIO_BOOK = Generated(book), Generated(portfolio_book)


def changed_books(random: Random) -> dict[str, margin.Book]:
    """An account before and after a change, with a requirement that is near its balance or far from it."""
    valued, before = BOOK.draw(random), BOOK.draw(random)
    if random.random() < 0.7:
        step = random.choice([0, -1, 1, WAD]) * random.randint(0, 9)
        before = replace(valued, cash_wad=valued.cash_wad + step)
    if random.random() < 0.7:
        balances = (margin.safe_equity(valued), margin.margin(valued, Level.MAINTENANCE))
        near = random.choice(balances) + random.randint(-3, 3) * random.choice([1, WAD])
        valued, before = (replace(each, cash_wad=each.cash_wad - near) for each in (valued, before))
    return {"self": valued, "before": before}
