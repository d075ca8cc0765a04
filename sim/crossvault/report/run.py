"""A run as text: steps compared, prices, auctions and their causes, health, capital, who gained, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from crossvault.differential.ending import BrokenInvariant
from crossvault.lockstep.run import Diverged
from crossvault.mirror.account import AccountId
from crossvault.report import broken_rule, charts
from crossvault.report.console import RunPage, table
from crossvault.report.differences import difference_table, money_text
from crossvault.report.figures import ratio, share, usd
from crossvault.report.run_auctions import auctions
from crossvault.report.run_gains import gains
from crossvault.report.run_watch import RunWatch
from crossvault.shrink.largest import largest

_MOST_ACCOUNTS = 10


@dataclass(frozen=True, slots=True)
class RunSummary:
    """All sections of a run, its charts as wide as the page."""

    ran: RunPage

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for section in (_head, _prices, auctions, _health, _accounts, gains, _notes, _failure):
            yield from section(self.ran, options.max_width)


def _head(ran: RunPage, width: int) -> Iterator[RenderableType]:
    story, result = ran.story, ran.result
    sides = "the model alone" if ran.is_alone else f"{ran.engine} beside the model"
    yield Text.assemble((story.name, "bold"), f"  seed {story.seed}  {sides}")
    yield Text(story.about.strip(), style="italic")
    per_second = result.steps / result.seconds if result.seconds else 0.0
    rate = f"{per_second:,.{0 if per_second >= 10 else 1}f} steps/s" if result.seconds else ""
    margins = f" and {result.metrics_compared:,} margins" if result.metrics_compared else ""
    counts = f"{result.compared:,} of {result.steps:,} steps{margins} compared"
    verdict = (("no difference", "bold green") if result.compared == result.steps and not ran.failure
               else ("stopped", "bold red"))  # fmt: skip
    if ran.is_alone:
        counts, verdict = f"{result.steps:,} steps", ("nothing compared", "bold")
    yield Text.assemble(counts, ", ", verdict, f"  ({result.seconds:.1f} s, {rate})")
    for warning in story.warnings:
        yield Text(f"warning: {warning}", style="yellow")


def _prices(ran: RunPage, width: int) -> Iterator[RenderableType]:
    watch = ran.watch
    if not watch.samples:
        return
    made = table("price", ">first", ">lowest", ">highest", ">last", "over time")
    for number, (first, lowest, highest, last) in enumerate(watch.price_range):
        line = charts.price_line(watch.samples, number, max(10, width - 64))
        figures = (usd(wad) for wad in (first, lowest, highest, last))
        made.add_row(ran.story.underlyings[number], *figures, Text(line, no_wrap=True))
    yield ""
    yield made


def _health(ran: RunPage, width: int) -> Iterator[RenderableType]:
    watch = ran.watch
    chosen = _lowest(watch)[: len(charts.MARKS)]
    chosen = [account for account in chosen if watch.lowest_health[account][0] < charts.MOST] or chosen[:1]
    if not chosen or len(watch.samples) < 2:
        return
    sold: dict[AccountId, int] = {}
    for each in watch.liquidations:
        sold.setdefault(each.account, each.at)
    legend = Text("health", style="bold")
    for (mark, style), account in zip(charts.MARKS, chosen, strict=False):
        legend.append(f"   {mark} {account}", style=f"not bold {style}")
    legend.append("   ┄ one: below it an account can be liquidated", style="not bold dim")
    legend.append(f"   {charts.SOLD} auction" if sold else "", style="not bold red")
    yield ""
    yield legend
    yield charts.health_chart(watch.samples, sold, chosen, width)


def _lowest(watch: RunWatch) -> list[AccountId]:
    return sorted(watch.lowest_health, key=lambda account: (watch.lowest_health[account][0], str(account)))


def _accounts(ran: RunPage, width: int) -> Iterator[RenderableType]:
    watch = ran.watch
    chosen = _lowest(watch)
    if not chosen or watch.model is None:
        return
    made = table("account", ">lowest health", ">peak leverage", ">equity at end", ">isolated", ">cross", ">saved")
    for account in chosen[:_MOST_ACCOUNTS]:
        [metrics] = watch.model.metrics([account], watch.ended_at)
        need = watch.capital[account]
        made.add_row(
            str(account), ratio(watch.lowest_health[account][0]), ratio(watch.peak_leverage[account][0]),
            usd(metrics.equity_wad), *_capital(need.isolated_wad, need.cross_wad),
        )  # fmt: skip
    needs = [watch.capital[account] for account in chosen]
    isolated, cross = sum(need.isolated_wad for need in needs), sum(need.cross_wad for need in needs)
    made.add_row(f"all {len(chosen)}", "", "", "", *_capital(isolated, cross), style="bold")
    yield ""
    yield made
    yield Text(
        "isolated, cross: cash that would have kept the positions at initial margin, each alone through its own worst "
        "moment, and all together through theirs",
        style="dim",
    )


def _capital(isolated_wad: int, cross_wad: int) -> tuple[str, str, str]:
    return usd(isolated_wad), usd(cross_wad), share(isolated_wad - cross_wad, isolated_wad)


def _notes(ran: RunPage, width: int) -> Iterator[RenderableType]:
    watch = ran.watch
    yield ""
    if watch.insurance and watch.insurance[0]:
        highest, lowest, last = watch.insurance
        low = f"{usd(lowest)} at its lowest after that"
        yield Text(f"insurance fund: {usd(highest)} at most, {low}, {usd(last)} at the end")
    if ran.result.refusals:
        counted = ", ".join(f"{name} {count:,}" for name, count in ran.result.refusals.most_common())
        yield Text(f"refused{'' if ran.is_alone else ', by both sides alike'}: {counted}")
    if ran.weaknesses:
        yield Text(broken_rule.weaknesses(ran.weaknesses))


def _failure(ran: RunPage, width: int) -> Iterator[RenderableType]:
    failure = ran.result.failure
    if isinstance(failure, Diverged):
        yield ""
        where = f"step {failure.number}: {failure.step.action} by {failure.step.sender}"
        yield Text(f"DIFFERENCE at {where}", style="bold red")
        yield difference_table(failure.found)
        if seen := largest(failure.found, (), ran.story.world):
            yield Text(f"largest difference: {money_text(seen)}", style="bold")
    elif isinstance(failure, BrokenInvariant):
        yield ""
        yield from broken_rule.lines(failure, ran.result.steps, ran.story.world.quote)
    elif ran.failure:
        yield ""
        yield Text(ran.failure, style="bold red")
