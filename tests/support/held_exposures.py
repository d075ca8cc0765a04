"""What an account holds, from exposures of portfolio margin: positions, collateral and options that give them."""

from collections.abc import Iterator, Sequence

from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.margin import Holding
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.mirror.ruleset import ModelParameters, Rules
from crossvault.mirror.standard import HeldFuture, HeldOption
from crossvault.mirror.stress import HeldExposures

MOST = 2**96 - 1  # of a collateral's cap


def held(exposures: Sequence[PortfolioExposure], rules: Rules) -> tuple[HeldExposures, ModelParameters]:
    """An account with these exposures, and the parameters of portfolio margin that they are under.

    The options and futures of each expiry stay an expiry of their own; collateral has the confidence of its underlying.
    """
    stakes = [each.stake for each in exposures]
    found = HeldExposures(stakes, list(_holdings(exposures)), list(_lines(exposures)), list(_futures(exposures)))
    return found, ModelParameters(rules, tuple(each.risk for each in exposures))


def _holdings(exposures: Sequence[PortfolioExposure]) -> Iterator[Holding]:
    for number, exposure in enumerate(exposures):
        for hedge in exposure.hedges:
            terms = HaircutTerms(hedge.haircut_initial, hedge.haircut_maintenance, min(hedge.value_wad, MOST))
            yield Holding(hedge.value_wad, hedge.value_wad, terms, number)


def _lines(exposures: Sequence[PortfolioExposure]) -> Iterator[HeldOption]:
    for number, exposure in enumerate(exposures):
        for expiry, term in enumerate(exposure.terms, 1):
            for line in term.lines:
                yield HeldOption(
                    number, expiry, line.strike_wad, line.is_call, line.size, line.mark_wad,
                    term.fixed_wad + term.floating_wad, term.fixed_wad, line.vol_wad, term.rate_wad, term.secs,
                    term.confidence_wad,
                )  # fmt: skip


def _futures(exposures: Sequence[PortfolioExposure]) -> Iterator[HeldFuture]:
    for number, exposure in enumerate(exposures):
        for expiry, term in enumerate(exposure.terms, 1):
            if term.future_size:
                yield HeldFuture(number, expiry, term.future_size, term.fixed_wad, term.floating_wad, term.secs)
