"""The margin of an account, term by term, as it would be reckoned on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sim.mirror import collateral, fixed, margin, oracle, standard
from sim.mirror.collateral import Asset
from sim.mirror.fixed import WAD
from sim.mirror.margin import Book, Holding
from sim.mirror.standard import Exposure, Level
from sim.report.figures import amount, percent, usd


class Term(NamedTuple):
    """One line of the reckoning: what it is, how it comes about, what it comes to [wad]."""

    label: str
    formula: str
    value_wad: int


class Reckoning(NamedTuple):
    """What counts for an account and what is required of it, at one level; the totals are the sums of the terms."""

    level: Level
    counted: tuple[Term, ...]
    required: tuple[Term, ...]

    @property
    def counted_wad(self) -> int:
        """Adjusted equity."""
        return sum(term.value_wad for term in self.counted)

    @property
    def required_wad(self) -> int:
        """Requirement."""
        return sum(term.value_wad for term in self.required)


def reckoning(
    book: Book, level: Level, assets: Sequence[Asset], premiums: Sequence[int], names: Sequence[str]
) -> Reckoning:
    """The reckoning of a valued account. premiums: of each underlying [wad]; names: of the underlyings."""
    counted = [Term("cash", "", book.cash_wad)]
    pairs = zip(book.holdings, assets, strict=True)
    counted += [_credit(holding, asset, level) for holding, asset in pairs if holding.value_wad]
    required: list[Term] = []
    for exposure, premium, name in zip(book.exposures, premiums, names, strict=True):
        if exposure.gross_wad2:
            mark_wad = oracle.mark(exposure.index_wad, premium, exposure.risk.mark_band)
            counted += _profits(exposure, level, name)
            required += _requirements(exposure, level, name, mark_wad)
        required += _doubts(exposure, book.depeg_rate_wad, level, name)
    made = Reckoning(level, tuple(counted), tuple(required))
    assert made.counted_wad == margin.adjusted_equity(book, level)
    assert made.required_wad == margin.requirement(book, level)
    return made


def _credit(holding: Holding, asset: Asset, level: Level) -> Term:
    terms = holding.terms
    haircut = terms.haircut_initial if level == Level.INITIAL else terms.haircut_maintenance
    capped = holding.value_wad > terms.cap_wad
    value = f"cap {usd(terms.cap_wad)} (value {usd(holding.value_wad)})" if capped else usd(holding.value_wad)
    credit = collateral.credit(holding.value_wad, haircut, terms.cap_wad)
    return Term(f"{asset.token} as collateral", f"{value} × (1 − {percent(haircut)})", credit)


def _profits(exposure: Exposure, level: Level, name: str) -> Iterator[Term]:
    if exposure.gain_wad:
        weight = exposure.risk.profit_weight if level == Level.INITIAL else WAD
        gained = fixed.mul_div_down(exposure.gain_wad, weight, WAD)
        yield Term(f"{name} profit", f"{usd(exposure.gain_wad)} × weight {percent(weight)}", gained)
    if exposure.loss_wad:
        yield Term(f"{name} loss", "in full", exposure.loss_wad)


def _requirements(exposure: Exposure, level: Level, name: str, mark_wad: int) -> Iterator[Term]:
    net, rate = abs(exposure.net_wad2), standard.rate(exposure.risk, exposure.size_wad, level)
    value = fixed.mul_div_up(net, rate, fixed.WAD_SQUARED)
    formula = f"{amount(abs(exposure.size_wad))} {name} × {usd(mark_wad)} × {percent(rate, 4)}"
    yield Term(f"{name} net", formula + _rate(exposure, level), value)
    if spread := exposure.gross_wad2 - net:
        rate = exposure.risk.spread_rate
        value = fixed.mul_div_up(spread, rate, fixed.WAD_SQUARED)
        yield Term(f"{name} spread", f"gross less net {usd(spread // WAD)} × {percent(rate)}", value)


def _rate(exposure: Exposure, level: Level) -> str:
    """How the rate comes about, where it depends on the size."""
    risk = exposure.risk
    if risk.base_rate == 0 and risk.impact_rate == 0:
        return ""
    skew = f"{amount(abs(exposure.size_wad))} / {amount(risk.skew_scale)}"
    term = f"base {percent(risk.base_rate)} + impact {percent(risk.impact_rate)} × {skew}"
    if level == Level.INITIAL:
        return f"; rate: the larger of {percent(risk.initial_rate)} and {term}"
    return f"; rate: the larger of {percent(risk.maintenance_rate)} and {percent(risk.maintenance_scale)} of ({term})"


def _doubts(exposure: Exposure, depeg_rate_wad: int, level: Level, name: str) -> Iterator[Term]:
    """What is required further because a price, or the peg of the quote token, is doubtful."""
    total = standard.contingency(exposure, depeg_rate_wad, level)
    doubt = standard.contingency(exposure, 0, level)
    risk = exposure.risk
    if doubt:
        size = amount(exposure.gross_size_wad + exposure.base_wad)
        missing = f"(1 − confidence {percent(exposure.confidence_wad)}) × factor {percent(risk.confidence_factor)}"
        yield Term(f"{name} doubtful price", f"{size} {name} × {usd(exposure.index_wad)} × {missing}", doubt)
    if total - doubt:
        size = amount(exposure.gross_size_wad)
        formula = f"{size} {name} × {usd(exposure.index_wad)} × {percent(depeg_rate_wad, 4)}"
        yield Term(f"{name} doubtful peg", formula, total - doubt)
