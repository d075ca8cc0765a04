"""What-if questions about a portfolio, and their answers by each method of margin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crossvault.mirror.refusal import Refusal
from crossvault.portfolio.distance import LiquidationDistance
from crossvault.portfolio.solver import ISOLATED_METHOD, STANDARD_METHOD, MarginCase, MarginMethod
from crossvault.portfolio.solver_hedge import PerpHedge, hedge
from crossvault.portfolio.solver_prices import (
    CashUntil,
    LiquidationPrice,
    cash_until,
    liquidation_price,
    liquidation_shock,
)
from crossvault.portfolio.solver_trades import SolvedTrade, largest_trade
from crossvault.portfolio.vault_setup import CROSS, FOLIO, VaultSetup
from crossvault.scenario.preset import Preset


class MarginQuestions(NamedTuple):
    """Prices that an account is to last until (underlying, price [wad]), instruments to trade, underlyings to hedge."""

    until: tuple[tuple[int, int], ...] = ()
    max_sizes: tuple[int, ...] = ()
    hedges: tuple[int, ...] = ()
    liquidation: bool = False


class LiquidationPrices(NamedTuple):
    """Liquidation prices of each underlying with the others still, and the shock of all together."""

    alone: tuple[LiquidationPrice, ...]
    together: LiquidationDistance


class MethodAnswers(NamedTuple):
    """The answers by one method, in the order of the questions; largest trades long and short.

    A refusal stands in place of a hedge whose perp cannot be traded.
    """

    case: MarginCase
    until: tuple[CashUntil, ...]
    max_sizes: tuple[tuple[SolvedTrade, SolvedTrade], ...]
    hedges: tuple[PerpHedge | Refusal, ...]
    liquidation: LiquidationPrices | None

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.case.method.name


def cases(stage: VaultSetup, chosen: Sequence[str], presets: Sequence[Preset]) -> Iterator[MarginCase]:
    """The portfolio by isolated margin, by standard margin if chosen, and by each preset while it is in force."""
    plain = [ISOLATED_METHOD, *([STANDARD_METHOD] if STANDARD_METHOD.name in chosen else [])]
    for method in plain:
        yield MarginCase(stage.model, CROSS, stage.portfolio.at, method, stage.portfolio.followers)
    for preset in presets:
        stage.apply_preset(preset)
        method = MarginMethod(preset.name, stage.model.vault.ledger.holders[FOLIO].mode)
        yield MarginCase(stage.model, FOLIO, stage.portfolio.at, method, stage.portfolio.followers)


def answers(case: MarginCase, wanted: MarginQuestions, underlyings: int) -> MethodAnswers:
    """The answers to all questions by the method of a case."""
    sizes = tuple((largest_trade(case, each, 1), largest_trade(case, each, -1)) for each in wanted.max_sizes)
    prices = None
    if wanted.liquidation:
        every = range(underlyings)
        prices = LiquidationPrices(
            tuple(liquidation_price(case, number) for number in every), liquidation_shock(case, every)
        )
    until = tuple(cash_until(case, *each) for each in wanted.until)
    return MethodAnswers(case, until, sizes, tuple(_hedge(case, each) for each in wanted.hedges), prices)


def _hedge(case: MarginCase, underlying: int) -> PerpHedge | Refusal:
    try:
        return hedge(case, underlying)
    except Refusal as refused:
        return refused
