"""The requirement by portfolio margin: worst loss of each underlying, their sum after offsets, contingencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crossvault.mirror import correlation, fixed, portfolio, stakes, standard, stress, valuation
from crossvault.mirror.correlation import ScenarioLossTable, UnderlyingLoss
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.mirror.ruleset import ModelParameters, Rules
from crossvault.mirror.standard import Level
from crossvault.report.explain_options import StatementLine
from crossvault.report.figures import amount, percent, usd
from crossvault.report.scenario_heat import scenario_name


def portfolio_terms(
    book: Book, level: Level, names: Sequence[str], model: ModelParameters, quote_wad: int
) -> Iterator[StatementLine]:
    """The requirement of a valued account by scenarios, and the contingencies."""
    found, rules = stress.outlook(valuation.exposures_of(book), model), model.rules
    for number, leg in enumerate(found.legs):
        if leg.loss_wad:
            yield _leg(found, number, leg, names[number], rules)
    yield from _losses(found, level, rules)
    loss = correlation.loss(found, rules.terms, rules.matrix, level)
    factor = correlation.loss_factor(rules.terms, quote_wad, level)
    if loss:
        formula = f"the largest of them, {usd(loss)} × {percent(factor)}"
        yield StatementLine("loss in scenarios", formula, fixed.mul_div_up(loss, factor, WAD))
    exposures = stakes.gather(book.stakes, book.holdings, book.lines, book.futures, model.risks)
    for exposure, name in zip(exposures, names, strict=False):
        yield from _contingencies(exposure, level, name)


def _leg(found: ScenarioLossTable, number: int, leg: UnderlyingLoss, name: str, rules: Rules) -> StatementLine:
    profits = found.profits_wad[number]
    place = portfolio.worst(profits)
    if profits[place] <= found.basis_wad[number]:
        return StatementLine(f"{name} at its worst", scenario_name(rules.scenarios[place]), leg.loss_wad, False)
    return StatementLine(f"{name} at its worst", "forwards move apart from the spot price", leg.loss_wad, False)


def _losses(found: ScenarioLossTable, level: Level, rules: Rules) -> Iterator[StatementLine]:
    """The candidates of which the largest is required; one underlying has but one."""
    if sum(leg.loss_wad != 0 for leg in found.legs) < 2:
        return
    terms, whole = rules.terms, correlation.sum(found.legs)
    initial = level == Level.INITIAL
    phi = terms.phi_initial if initial else terms.phi_maintenance
    yield StatementLine(
        "by correlation", "√(Σ W² + 2 Σ ρ W W)", correlation.combined(found.legs, rules.matrix, 0), False
    )
    if initial and terms.breakdown:
        broken = correlation.combined(found.legs, rules.matrix, terms.breakdown)
        yield StatementLine("broken down", f"each ρ worse by {percent(terms.breakdown)}", broken, False)
    yield StatementLine("one scenario for all", "the largest sum of all underlyings", found.joint_wad, False)
    formula = f"{percent(phi)} of the sum {usd(whole)}"
    yield StatementLine("least share", formula, fixed.mul_div_up(whole, phi, WAD), False)


def _contingencies(exposure: PortfolioExposure, level: Level, name: str) -> Iterator[StatementLine]:
    held, index = exposure.risk.contingency, usd(exposure.stake.index_wad)
    initial = level == Level.INITIAL
    if perps := portfolio.perp_contingency(exposure, level):
        rate = percent(held.perp_initial if initial else held.perp_maintenance)
        formula = f"{amount(exposure.stake.gross_size_wad)} {name} × {index} × {rate}"
        yield StatementLine(f"{name} perps and futures", formula, perps)
    for term in exposure.terms:
        if naked := portfolio.option_contingency(exposure, term, level):
            rate = percent(held.option_initial if initial else held.option_maintenance)
            formula = f"{amount(portfolio.naked(term.lines))} {name} × {index} × {rate}"
            yield StatementLine(f"{name} naked short options", formula, naked)
    for hedge in exposure.hedges:
        if cut := portfolio.hedge_contingency(held, hedge, level):
            haircut = hedge.haircut_initial if initial else hedge.haircut_maintenance
            yield StatementLine(f"{name} as collateral, haircut", f"{usd(hedge.value_wad)} × {percent(haircut)}", cut)
    if doubt := portfolio.doubt(exposure, level):
        yield StatementLine(f"{name} doubtful price", "", doubt)


def option_values(book: Book, underlying: int, name: str, level: Level) -> Iterator[StatementLine]:
    """Options of an underlying that portfolio margin counts in the margin balance."""
    exposure = book.exposures[underlying]
    for line in book.lines:
        if line.underlying == underlying:
            kind = "call" if line.is_call else "put"
            mark_wad = standard.waiting_mark(exposure, line) if level == Level.INITIAL else line.mark_wad
            safe = f" at the waiting price {usd(exposure.pending_wad)}" if mark_wad != line.mark_wad else ""
            formula = f"{amount(line.size)} × mark {usd(mark_wad)}{safe}"
            value = fixed.mul_div_floor(line.size, mark_wad, WAD)
            yield StatementLine(f"{name} {kind} {amount(line.strike_wad)}", formula, value)
