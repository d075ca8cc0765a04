"""A portfolio by every method of margin, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from crossvault.differential.step import instrument_name
from crossvault.mirror.correlation import sum as total_loss
from crossvault.mirror.fixed import WAD
from crossvault.portfolio.distance import LiquidationDistance
from crossvault.portfolio.margin_questions import MethodAnswers
from crossvault.portfolio.methods import ISOLATED, MethodComparison, MethodResult, efficiency
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.portfolio.sensitivity import Sensitivity
from crossvault.report.console import ReportTable, table
from crossvault.report.figures import amount, decimal, percent, ratio, usd, utc
from crossvault.report.margin_answers import answer_tables
from crossvault.report.margin_terms import HEADS, MarginTerms, margin_terms
from crossvault.report.scenario_heat import heat, scenario_name

_MOST_PAIRS, _MOST_UNITS = 8, 3
_NOTE = """Balance: margin balance, after haircuts; req.: requirement; buffer: balance less requirement; free: free
collateral; IM, MM: at initial, at maintenance. Capital: the equity at which a level is just met. Isolated is every
position alone, and the haircut of the collateral. Efficiency is 1 - capital IM / isolated capital IM, the multiplier
their ratio. Liquidated at: the common move of all prices at which the maintenance buffer is below zero; a position
alone has its share of the equity, by its capital IM.""".replace("\n", " ")

_LOSSES = """Sum: the worst of every underlying; at once: the worst scenario for all; loss: the sum after risk offsets;
contingencies are added to it. All at initial, before the factor of the loss.""".replace("\n", " ")


@dataclass(frozen=True, slots=True)
class MarginReport:
    """A portfolio by every method, its greeks and marks, and answers to questions.

    chain: the result of the comparison with the contracts.
    """

    portfolio: Portfolio
    found: MethodComparison
    greeks: Sequence[Sensitivity]
    marks: dict[int, int]
    answers: Sequence[MethodAnswers] = ()
    chain: str | None = None


def text(before: MarginReport, after: MarginReport | None) -> Group:
    """The comparison as text; with trades, before and after."""
    return Group(*_parts(before, after))


def _parts(before: MarginReport, after: MarginReport | None) -> Iterator[RenderableType]:
    portfolio = before.portfolio
    equity = f"equity {usd(before.found.results[0].equity_wad)} {portfolio.quote}"
    standard = f"standard margin of {portfolio.standard_name}"
    quote = "" if portfolio.depeg is None else f"  {portfolio.quote} at {amount(portfolio.quote_price_wad)} USD"
    yield Text.assemble((portfolio.name, "bold"), f"  {utc(portfolio.at)} UTC  {equity}  {standard}{quote}")
    if portfolio.about:
        yield Text(portfolio.about, style="dim")
    last = after or before
    if last.answers:
        if after is not None:
            yield Text("after the trade", style="bold")
        yield from answer_tables(last.portfolio, last.answers)
    else:
        yield from _comparison(before, after)
    for each in (before, after):
        if each is not None and each.chain is not None:
            yield ""
            yield Text(each.chain, style="bold green")


def _comparison(before: MarginReport, after: MarginReport | None) -> Iterator[RenderableType]:
    yield from _tables(before)
    if after is None:
        yield from _depth(before)
        return
    yield ""
    yield Text("after the trade", style="bold")
    yield from _tables(after)
    yield ""
    yield Text("change by the trade", style="bold")
    yield _changes(before.found, after.found)
    yield from _depth(after)


def _tables(report: MarginReport) -> Iterator[RenderableType]:
    yield ""
    yield _positions(report)
    for shown in (_initial, _maintenance, _capital):
        yield ""
        yield shown(report.found)


def _depth(report: MarginReport) -> Iterator[RenderableType]:
    yield Text(_NOTE, style="dim")
    modelled = [each for each in report.found.results if each.losses is not None]
    if modelled:
        yield ""
        yield _worst(modelled, report.portfolio.units)
        yield Text(_LOSSES, style="dim")
        assert modelled[0].losses is not None
        yield ""
        yield Text(f"every scenario of {modelled[0].method}", style="bold")
        yield heat(modelled[0].losses)
        yield from _pairs(modelled[0], report.portfolio.units)
    yield ""
    yield _greeks(report.greeks)


def _positions(report: MarginReport) -> ReportTable:
    made = table("position", ">size", ">mark", ">alone: capital IM", ">capital MM", ">liquidated at")
    for each in report.found.standalone:
        name = instrument_name(each.instrument, report.portfolio.units)
        mark, capital = usd(report.marks[each.instrument]), (usd(wad) for wad in each.capital)
        made.add_row(name, amount(each.size), mark, *capital, moves(each.distance))
    for asset in report.portfolio.assets:
        made.add_row(asset.token, amount(asset.amount_raw), "", "collateral", "", "")
    made.add_row(report.portfolio.quote, usd(report.portfolio.cash_wad), "", "cash", "", "")
    return made


def result_terms(result: MethodResult) -> MarginTerms:
    """The margin of a portfolio by one method, in the terms of every command."""
    return margin_terms(result.equity_wad, result.margin_balance_wad, result.requirement_wad, result.health_wad)


def _initial(found: MethodComparison) -> ReportTable:
    names = ("initial_margin_balance_wad", "initial_requirement_wad", "initial_buffer_wad", "free_collateral_wad")
    made = table("initial margin", *(f">{HEADS[name]}" for name in names))
    for each in found.results:
        terms = result_terms(each)
        made.add_row(each.method, *(signed(getattr(terms, name)) for name in names))
    return made


def _maintenance(found: MethodComparison) -> ReportTable:
    names = ("maintenance_margin_balance_wad", "maintenance_requirement_wad", "maintenance_buffer_wad")
    made = table("maintenance margin", *(f">{HEADS[name]}" for name in (*names, "health_wad")), ">liquidated at")
    for each in found.results:
        terms, distance = result_terms(each), each.distance if each.method != ISOLATED else first_liquidated(found)
        amounts = (signed(getattr(terms, name)) for name in names)
        made.add_row(each.method, *amounts, ratio(terms.health_wad), moves(distance))
    return made


def _capital(found: MethodComparison) -> ReportTable:
    made = table("capital", ">capital IM", ">capital MM", ">efficiency", ">multiplier")
    for each in found.results:
        saved = percent(efficiency(each.capital.initial_wad, found.isolated_capital_wad), 1)
        ratio_of_both = multiplier(found.isolated_capital_wad, each.capital.initial_wad)
        made.add_row(each.method, *(usd(wad) for wad in each.capital), saved, ratio_of_both)
    return made


def signed(wad: int) -> Text:
    """An amount of quote, red where it is below zero."""
    return Text(usd(wad), style="red" if wad < 0 else "")


def multiplier(whole_wad: int, part_wad: int) -> str:
    """Ratio of isolated capital to capital, as text."""
    return f"{decimal(whole_wad * WAD // part_wad, 2)}x" if part_wad > 0 else ""


def first_liquidated(found: MethodComparison) -> LiquidationDistance:
    """The nearest shocks at which the first of the isolated positions is liquidated; without any, the account is."""
    if not found.standalone:
        return found.results[1].distance or LiquidationDistance(None, None)
    known = [each.distance for each in found.standalone if each.distance is not None]
    downs, ups = [each.down for each in known if each.down is not None], [e.up for e in known if e.up is not None]
    return LiquidationDistance(max(downs, default=None), min(ups, default=None))


def moves(distance: LiquidationDistance | None) -> str:
    """Liquidation shocks as text."""
    if distance is None:
        return ""
    if distance == (0, 0):
        return "now"
    down = "" if distance.down is None else percent(distance.down, 1).replace(" ", "")
    up = "" if distance.up is None else f"+{percent(distance.up, 1)}".replace(" ", "")
    return " ".join(each for each in (down, up) if each) or "never"


def _worst(modelled: Sequence[MethodResult], units: Sequence[str]) -> ReportTable:
    shown = units if len(units) <= _MOST_UNITS else ()
    parts = [f">{unit}" for unit in shown]
    made = table("method", "worst scenario", ">in all", *parts, ">sum", ">at once", ">loss", ">contingencies")
    for each in modelled:
        found = each.losses
        assert found is not None
        units_lost = [_whole(-leg.loss_wad) for leg in found.outlook.legs[: len(shown)]]
        worst = scenario_name(found.scenarios[found.worst]) if found.profits_wad[found.worst] < 0 else "none loses"
        whole = _whole(min(0, found.profits_wad[found.worst]))
        losses = total_loss(found.outlook.legs), found.outlook.joint_wad, found.loss_initial_wad
        row = [worst, whole, *units_lost, *(_whole(-wad) for wad in (*losses, found.contingencies_wad))]
        made.add_row(each.method, *row)
    return made


def _whole(wad: int) -> str:
    return decimal(wad, 0)


def _pairs(result: MethodResult, units: Sequence[str]) -> Iterator[RenderableType]:
    shown = [each for each in result.pairs if each.risk_offset_wad][:_MOST_PAIRS]
    if not shown:
        return
    made = table("pair", "", ">risk offset IM")
    for each in shown:
        made.add_row(instrument_name(each.first, units), instrument_name(each.second, units), usd(each.risk_offset_wad))
    yield ""
    yield Text(f"risk offsets by pair under {result.method}", style="bold")
    yield made


def _greeks(greeks: Sequence[Sensitivity]) -> ReportTable:
    made = table("greeks", ">delta", ">of collateral", ">gamma", ">vega of 1 %", ">theta of a day")
    for each in greeks:
        made.add_row(
            each.unit, amount(each.delta_wad), amount(each.collateral_wad), decimal(each.gamma_wad, 6),
            usd(each.vega_wad // 100), usd(each.theta_wad // 365),
        )  # fmt: skip
    return made


def _changes(before: MethodComparison, after: MethodComparison) -> ReportTable:
    change = (">after", ">change")
    made = table("method", ">capital IM", *change, ">capital MM", *change, f">{HEADS['initial_buffer_wad']} after")
    for old, new in zip(before.results, after.results, strict=True):
        row = [old.method]
        for was, now in zip(old.capital, new.capital, strict=True):
            row += [usd(was), usd(now), ("+" if now > was else "") + usd(now - was)]
        made.add_row(*row, signed(result_terms(new).initial_buffer_wad))
    return made
