"""Answers to what-if questions about a portfolio, as text: a table for each question, a row for each method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from crossvault.differential.step import instrument_name
from crossvault.mirror import market
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.fixed import WAD
from crossvault.mirror.refusal import Refusal
from crossvault.portfolio.distance import LiquidationDistance
from crossvault.portfolio.margin_questions import MethodAnswers
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.portfolio.solver_hedge import PerpHedge
from crossvault.portfolio.solver_prices import LiquidationPrice
from crossvault.portfolio.solver_trades import SolvedTrade
from crossvault.report.console import ReportTable, table
from crossvault.report.figures import amount, percent, usd
from crossvault.scenario.refusal_text import FileUnits, sentence

_CENT, _SIZE = WAD // 100, WAD // 10**6
_UNTIL = """Cash needed: the least deposit with which the account is not liquidatable before this price, and then first
where stated; below zero, so much may be missing. Rounded up; --json has every digit.""".replace("\n", " ")
_MAX = """Long, short: the largest trade at this price that initial margin allows, or that does not lower a negative
buffer. Rounded toward zero; --json has every digit, with which one wei more is refused.""".replace("\n", " ")
_HEDGE = """Delta: of positions and collateral. Of trades with the same requirement, the smallest.""".replace("\n", " ")
_PRICES = """Below, above: the first price of one underlying at which the account is liquidatable, with its perp and
forwards moving by the same part and the others still; together: the common move of all. Never: at no price from -99 %
to +900 %.""".replace("\n", " ")


def answer_tables(portfolio: Portfolio, found: Sequence[MethodAnswers]) -> Iterator[RenderableType]:
    """The tables of all questions of the command line."""
    first = found[0]
    for place, until in enumerate(first.until):
        unit = portfolio.units[until.underlying]
        now_wad = portfolio.prices[unit].index
        yield from _titled(f"cash until {unit} is at {usd(until.price_wad)}, from {usd(now_wad)} now")
        yield _until(portfolio, found, place)
        yield Text(_UNTIL, style="dim")
    for place, (trade, _) in enumerate(first.max_sizes):
        name = instrument_name(trade.instrument, portfolio.units)
        yield from _titled(f"largest trade of {name} at the mark of {usd(trade.price_wad)}")
        yield _largest(portfolio, found, place)
        yield Text(_MAX, style="dim")
    for place in range(len(first.hedges)):
        yield from _hedges(portfolio, found, place)
    if first.liquidation is not None:
        yield from _titled("liquidation prices")
        yield _prices(portfolio, found)
        yield Text(_PRICES, style="dim")


def _titled(title: str) -> Iterator[RenderableType]:
    yield ""
    yield Text(title, style="bold")


def _until(portfolio: Portfolio, found: Sequence[MethodAnswers], place: int) -> ReportTable:
    made = table("method", f">cash needed, {portfolio.quote}", ">first liquidated at")
    for each in found:
        answer = each.until[place]
        first = "not on this side" if answer.first_wad is None else usd(answer.first_wad)
        made.add_row(each.method, usd(-(-answer.cash_raw // _CENT) * _CENT), first)
    return made


def _largest(portfolio: Portfolio, found: Sequence[MethodAnswers], place: int) -> ReportTable:
    unit = portfolio.units[market.underlying_of(found[0].max_sizes[place][0].instrument)]
    made = table("method", f">long, {unit}", f">short, {unit}", "limit")
    for each in found:
        pair = each.max_sizes[place]
        limits = dict.fromkeys(limit(portfolio, trade.refusal) for trade in pair)
        made.add_row(each.method, *(amount(_toward_zero(trade)) for trade in pair), "; ".join(limits))
    return made


def _toward_zero(trade: SolvedTrade) -> int:
    size = abs(trade.size) // _SIZE * _SIZE
    return size if trade.size > 0 else -size


def limit(portfolio: Portfolio, refusal: Refusal | None) -> str:
    """What limits a trade: initial margin, or another refusal."""
    if refusal is None or isinstance(refusal, InsufficientMargin):
        return "initial margin"
    return sentence(refusal, FileUnits(portfolio.units, portfolio.quote))


def _hedges(portfolio: Portfolio, found: Sequence[MethodAnswers], place: int) -> Iterator[RenderableType]:
    known = [(each.method, each.hedges[place]) for each in found]
    hedges = [(method, each) for method, each in known if isinstance(each, PerpHedge)]
    if hedges:
        sample = hedges[0][1]
        unit = portfolio.units[sample.underlying]
        delta = f"delta {amount(sample.unhedged.delta_wad)}"
        yield from _titled(f"hedge of {unit}, {delta}, with {unit}-PERP at {usd(sample.price_wad)}")
        yield _hedge_table(hedges)
        yield Text(_HEDGE, style="dim")
    for method, refused in known:
        if isinstance(refused, Refusal):
            yield Text(f"{method}: no hedge: {limit(portfolio, refused)}")


def _hedge_table(hedges: Sequence[tuple[str, PerpHedge]]) -> ReportTable:
    made = table(
        "method", ">req. IM now", ">least delta: size", ">req. IM", ">least req.: size", ">req. IM", ">delta left"
    )
    for method, each in hedges:
        found = each.least_delta, each.least_requirement
        cells = [text for trade in found for text in (amount(trade.size), usd(trade.margin.requirement_wad))]
        now, left = usd(each.unhedged.margin.requirement_wad), amount(each.least_requirement.delta_wad)
        made.add_row(method, now, *cells, left)
    return made


def _prices(portfolio: Portfolio, found: Sequence[MethodAnswers]) -> ReportTable:
    made = table("method", *(f">{unit} {side}" for unit in portfolio.units for side in ("below", "above")), ">together")
    for each in found:
        assert each.liquidation is not None
        cells = [cell for price in each.liquidation.alone for cell in _both(portfolio, price)]
        made.add_row(each.method, *cells, _moves(each.liquidation.together))
    return made


def _both(portfolio: Portfolio, price: LiquidationPrice) -> tuple[str, str]:
    index_wad = portfolio.prices[portfolio.units[price.underlying]].index

    def cell(found_wad: int | None) -> str:
        if found_wad is None:
            return "never"
        if found_wad == index_wad:
            return "now"
        return f"{usd(found_wad)} ({percent((found_wad - index_wad) * WAD // index_wad, 1).replace(' ', '')})"

    return cell(price.down_wad), cell(price.up_wad)


def _moves(distance: LiquidationDistance) -> str:
    if distance == (0, 0):
        return "now"
    known = [percent(each, 1).replace(" ", "") for each in distance if each is not None]
    return " ".join(each if each.startswith("-") else f"+{each}" for each in known) or "never"
