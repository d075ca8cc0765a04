"""A portfolio by every method of margin, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from crossvault.differential.step import instrument_name
from crossvault.mirror.correlation import sum as total_loss
from crossvault.mirror.fixed import WAD
from crossvault.portfolio.distance import Distance
from crossvault.portfolio.methods import ISOLATED, MethodComparison, MethodResult, efficiency
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.portfolio.sensitivity import Sensitivity
from crossvault.report.console import table
from crossvault.report.figures import amount, decimal, percent, ratio, usd, utc
from crossvault.report.scenario_heat import heat, scenario_name

_MOST_PAIRS, _MOST_UNITS = 8, 3
_NOTE = """IM and MM are equity less margin: what a method takes of the equity, wherever it counts it. Isolated is every
position alone, and the haircut of the collateral. Efficiency is 1 - IM / isolated IM, the multiplier their ratio.
Liquidated at: the common move of all prices at which maintenance margin is zero; a position alone has its share of the
equity, by its IM.""".replace("\n", " ")

_LOSSES = """Sum: the worst of every underlying; at once: the worst scenario for all; held: what correlation leaves of
the sum; beside: contingencies. All at initial, before the factor of the loss.""".replace("\n", " ")


@dataclass(frozen=True, slots=True)
class MarginReport:
    """A portfolio, what it was compared to, its greeks and marks; `chain` says what the contracts made of it."""

    held: Portfolio
    found: MethodComparison
    greeks: Sequence[Sensitivity]
    marks: dict[int, int]
    chain: str | None = None


def text(before: MarginReport, after: MarginReport | None) -> Group:
    """The comparison as text; with trades, before and after."""
    return Group(*_parts(before, after))


def _parts(before: MarginReport, after: MarginReport | None) -> Iterator[RenderableType]:
    held = before.held
    worth = f"equity {usd(before.found.asked[0].equity_wad)} {held.quote}"
    standard = f"standard margin of {held.standard.name}"
    yield Text.assemble((held.name, "bold"), f"  {utc(held.at)} UTC  {worth}  {standard}")
    if held.about:
        yield Text(held.about, style="dim")
    yield from _tables(before)
    if after is None:
        yield from _depth(before)
    else:
        yield ""
        yield Text("after the trade", style="bold")
        yield from _tables(after)
        yield ""
        yield Text("what the trade changes", style="bold")
        yield _changes(before.found, after.found)
        yield from _depth(after)
    for each in (before, after):
        if each is not None and each.chain is not None:
            yield ""
            yield Text(each.chain, style="bold green")


def _tables(weighed: MarginReport) -> Iterator[RenderableType]:
    yield ""
    yield _positions(weighed)
    yield ""
    yield _methods(weighed.found)


def _depth(weighed: MarginReport) -> Iterator[RenderableType]:
    yield Text(_NOTE, style="dim")
    scenes = [each for each in weighed.found.asked if each.scene is not None]
    if scenes:
        yield ""
        yield _worst(scenes, weighed.held.units)
        yield Text(_LOSSES, style="dim")
        assert scenes[0].scene is not None
        yield ""
        yield Text(f"every scenario of {scenes[0].method}", style="bold")
        yield heat(scenes[0].scene)
        yield from _pairs(scenes[0], weighed.held.units)
    yield ""
    yield _greeks(weighed.greeks)


def _positions(weighed: MarginReport) -> Table:
    made = table("position", ">size", ">mark", ">alone: IM", ">MM", ">liquidated at")
    for each in weighed.found.alone:
        name = instrument_name(each.instrument, weighed.held.units)
        mark, distance = usd(weighed.marks[each.instrument]), each.distance
        made.add_row(
            name, amount(each.size), mark, usd(each.tied.initial_wad), usd(each.tied.maintenance_wad), moves(distance)
        )
    for asset in weighed.held.assets:
        made.add_row(asset.token, amount(asset.amount_raw), "", "collateral", "", "")
    made.add_row(weighed.held.quote, usd(weighed.held.cash_wad), "", "cash", "", "")
    return made


def _methods(found: MethodComparison) -> Table:
    made = table("method", ">IM", ">MM", ">left", ">health", ">efficiency", ">multiplier", ">liquidated at")
    for each in found.asked:
        distance = each.distance if each.method != ISOLATED else first_to_go(found)
        left = each.equity_wad - each.tied.initial_wad
        spared = percent(efficiency(each.tied.initial_wad, found.isolated_wad), 1)
        made.add_row(
            each.method, usd(each.tied.initial_wad), usd(each.tied.maintenance_wad),
            Text(usd(left), style="red" if left < 0 else ""), ratio(each.health_wad), spared,
            multiplier(found.isolated_wad, each.tied.initial_wad), moves(distance),
        )  # fmt: skip
    return unbroken(made)


def unbroken(made: Table) -> Table:
    """The table, none of whose cells takes two lines."""
    for column in made.columns:
        column.no_wrap = True
    return made


def multiplier(whole_wad: int, part_wad: int) -> str:
    """How many times the capital goes further."""
    return f"{decimal(whole_wad * WAD // part_wad, 2)}x" if part_wad > 0 else ""


def first_to_go(found: MethodComparison) -> Distance:
    """The nearest shocks at which the first of the isolated positions is liquidated."""
    known = [each.distance for each in found.alone if each.distance is not None]
    downs, ups = [each.down for each in known if each.down is not None], [e.up for e in known if e.up is not None]
    return Distance(max(downs, default=None), min(ups, default=None))


def moves(distance: Distance | None) -> str:
    """Shocks of liquidation as text."""
    if distance is None:
        return ""
    if distance == (0, 0):
        return "now"
    down = "" if distance.down is None else percent(distance.down, 1).replace(" ", "")
    up = "" if distance.up is None else f"+{percent(distance.up, 1)}".replace(" ", "")
    return " ".join(each for each in (down, up) if each) or "never"


def _worst(scenes: Sequence[MethodResult], units: Sequence[str]) -> Table:
    shown = units if len(units) <= _MOST_UNITS else ()
    parts = [f">{unit}" for unit in shown]
    made = table("method", "worst scenario", ">in all", *parts, ">sum", ">at once", ">held", ">beside")
    for each in scenes:
        scene = each.scene
        assert scene is not None
        units_lost = [_whole(-leg.loss_wad) for leg in scene.outlook.legs[: len(shown)]]
        worst = scenario_name(scene.scenarios[scene.worst]) if scene.profits_wad[scene.worst] < 0 else "none loses"
        whole = _whole(min(0, scene.profits_wad[scene.worst]))
        losses = total_loss(scene.outlook.legs), scene.outlook.joint_wad, scene.held_wad
        row = [worst, whole, *units_lost, *(_whole(-each) for each in losses), _whole(-scene.beside_wad)]
        made.add_row(each.method, *row)
    return unbroken(made)


def _whole(wad: int) -> str:
    return decimal(wad, 0)


def _pairs(asked: MethodResult, units: Sequence[str]) -> Iterator[RenderableType]:
    shown = [each for each in asked.pairs if each.spared_wad][:_MOST_PAIRS]
    if not shown:
        return
    made = table("pair", "", ">spares of IM")
    for each in shown:
        made.add_row(instrument_name(each.first, units), instrument_name(each.second, units), usd(each.spared_wad))
    yield ""
    yield Text(f"offsets by pair under {asked.method}", style="bold")
    yield made


def _greeks(greeks: Sequence[Sensitivity]) -> Table:
    made = table("greeks", ">delta", ">of collateral", ">gamma", ">vega of 1 %", ">theta of a day")
    for each in greeks:
        made.add_row(
            each.unit, amount(each.delta_wad), amount(each.collateral_wad), decimal(each.gamma_wad, 6),
            usd(each.vega_wad // 100), usd(each.theta_wad // 365),
        )  # fmt: skip
    return made


def _changes(before: MethodComparison, after: MethodComparison) -> Table:
    made = table("method", ">IM before", ">after", ">change", ">MM before", ">after", ">change", ">left after")
    for old, new in zip(before.asked, after.asked, strict=True):
        row = [old.method]
        for was, now in zip(old.tied, new.tied, strict=True):
            row += [usd(was), usd(now), ("+" if now > was else "") + usd(now - was)]
        made.add_row(*row, usd(new.equity_wad - new.tied.initial_wad))
    return made
