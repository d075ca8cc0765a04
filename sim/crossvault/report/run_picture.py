"""The picture of a run: prices, health of the accounts closest to liquidation, the insurance fund, over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.report.console import RunPage
from crossvault.report.picture import COLOURS, DASHES, GREY, RED, canvas
from crossvault.report.run_timeline import Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 6
HIGHEST_HEALTH = 3.0  # above it an account is far from danger, and the line at one would sink
_AXES_OWN = 3  # underlyings that have axes of their own; more share one, relative to the first price


def run_picture(ran: RunPage) -> Figure:
    """The picture of a run; without prices it has the verdict alone."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    watch, story = ran.watch, ran.story
    alone = len(story.underlyings) <= _AXES_OWN
    rows = list(story.underlyings) if alone else ["prices"]
    result = ran.result
    same = result.compared == result.steps and not ran.failure
    verdict = "no difference" if same else f"stopped: {ran.failure}" if ran.failure else "stopped"
    about = f"seed {story.seed}; {result.compared:,} of {result.steps:,} steps compared, {verdict}"
    if ran.is_alone:
        about = f"seed {story.seed}; {result.steps:,} steps on the model alone, nothing compared"
    figure, axes = canvas(story.name, about, [0.8] * len(rows) + [1.3, 0.7])
    if watch.samples:
        _draw_prices(axes[: len(rows)], watch.samples, story.underlyings)
        _draw_health(axes[-2], ran)
        _draw_insurance(axes[-1], watch.samples)
    for each in axes:
        each.margins(x=0.01)
        if each is not axes[-1]:
            each.sharex(axes[-1])
            each.tick_params(labelbottom=False)
    locator: Any = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes[-1].xaxis.set_major_locator(locator)
    axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes[-1].set_xlabel("time [UTC]")
    return figure


def _times(samples: Sequence[Sample]) -> Any:
    return [datetime.fromtimestamp(each.at, UTC) for each in samples]


def _draw_prices(axes: Sequence[Axes], samples: Sequence[Sample], names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        shown = [each for each in samples if number < len(each.prices) and each.prices[number]]
        values = [each.prices[number] / WAD for each in shown]
        if len(axes) == len(names):
            axes[number].set_title(f"{name} index price [USDC]")
            axes[number].step(_times(shown), values, where="post", color=COLOURS[number], linewidth=1.3)
        elif shown:
            axes[0].set_title("index prices, each relative to its first [%]")
            relative = [100 * value / values[0] for value in values]
            axes[0].step(_times(shown), relative, where="post", color=COLOURS[number % 8], linewidth=1.2, label=name)
    if len(axes) != len(names):
        axes[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_health(axes: Axes, ran: RunPage) -> None:
    lowest = ran.watch.lowest_health
    chosen = sorted(lowest, key=lambda account: lowest[account][0])[:MOST_LINES]
    left = f", the {len(chosen)} lowest of {len(lowest)}" if len(lowest) > len(chosen) else ""
    axes.set_title(f"health of accounts{left} [maintenance margin balance / requirement]")
    for number, account in enumerate(chosen):
        _draw_account(axes, ran, account, number)
    axes.axhline(1, color=RED, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_ylim(0, HIGHEST_HEALTH)
    axes.set_yticks([0, 1, 2, 3], ["≤ 0", "1", "2", "≥ 3"])
    if chosen:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="✕ an auction starts", title_fontsize=8)


def _draw_account(axes: Axes, ran: RunPage, account: AccountId, number: int) -> None:
    shown = [each for each in ran.watch.samples if account in each.health]
    values = [min(HIGHEST_HEALTH, max(0.0, each.health[account] / WAD)) for each in shown]
    colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    axes.step(_times(shown), values, where="post", color=colour, linestyle=dashes, linewidth=1.3, label=str(account))
    sold = [each for each in ran.watch.liquidations if each.account == account]
    times: Any = [datetime.fromtimestamp(each.at, UTC) for each in sold]
    heights = [min(HIGHEST_HEALTH, max(0.0, each.health_wad / WAD)) for each in sold]
    axes.plot(times, heights, linestyle="", marker="x", markersize=7, color=colour)


def _draw_insurance(axes: Axes, samples: Sequence[Sample]) -> None:
    axes.set_title("insurance fund [USDC]")
    values = [each.insurance_wad / WAD for each in samples]
    axes.step(_times(samples), values, where="post", color=GREY, linewidth=1.3)
    axes.fill_between(_times(samples), values, step="post", color=GREY, alpha=0.15, linewidth=0)
    axes.set_ylim(bottom=0)
