"""Accounts, valued somehow, in both modes: what margins are asked with."""

from random import Random

from crossvault.mirror import margin
from crossvault.mirror.portfolio import PortfolioExposure, PortfolioRisk
from crossvault.mirror.stress import PortfolioRequirement
from folio import RISK, TENFOLD, WIDE
from inputs import DOOR, HOLDING, exposure, lines
from probing import Made, Whole


def stakes(random: Random, made: margin.Book) -> list[PortfolioExposure]:
    """What portfolio margin is asked about, but options and collateral; some underlyings have no parameters."""
    found = []
    for each in made.exposures:
        risk = RISK.draw(random) if random.random() < 0.7 else PortfolioRisk()
        net = each.net_wad2 if risk.vol.floor_secs else 0
        found.append(
            PortfolioExposure(risk, each.index_wad, net, each.gross_size_wad if net else 0, each.confidence_wad)
        )
    return found


def book(random: Random) -> margin.Book:
    """An account, valued somehow."""
    exposures = [exposure(random) for _ in range(random.choice([1, 1, 2, 8]))]
    held = lines(random, len(exposures)) if random.random() < 0.6 else []
    made = margin.Book(Whole(-(2**150), 2**150).draw(random), [], exposures, held)
    for _ in range(random.choice([0, 1, 2, 8])):
        holding = HOLDING.draw(random)
        holding.underlying = random.randrange(len(exposures))
        made.holdings.append(holding)
    if random.random() < 0.6:
        made.stakes = stakes(random, made)
        made.verdict = PortfolioRequirement(*(WIDE.draw(random) for _ in range(5)))
    made.depeg_rate_wad = TENFOLD.draw(random)
    made.stale = margin.Stale(*(Whole(0, high).draw(random) for high in (8, 2**40 - 1, DOOR, DOOR)))
    return made


def modelled(random: Random) -> margin.Book:
    """An account in portfolio mode."""
    made = book(random)
    while not made.stakes:
        made = book(random)
    return made


BOOK, MODELLED = Made(book), Made(modelled)
