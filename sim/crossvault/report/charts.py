"""Small charts for a terminal: lines of blocks, and health over time with the line at one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.report.figures import decimal, span
from crossvault.report.run_timeline import Sample

BLOCKS = "▁▂▃▄▅▆▇█"
MARKS = (("●", "red"), ("▲", "yellow"), ("■", "cyan"), ("◆", "magenta"))
SOLD = "✖"
MOST = 3 * WAD

_ROWS = 12
_GUTTER = 7


def sparkline(values: Sequence[int | None]) -> str:
    """One block per value between the smallest and the largest; a gap where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, width = min(known), max(1, max(known) - min(known))
    return "".join(" " if v is None else BLOCKS[(v - low) * (len(BLOCKS) - 1) // width] for v in values)


def columns(samples: Sequence[Sample], width: int) -> list[Sample | None]:
    """Samples on an even axis of time: the last sample of each column, nothing before the first one."""
    start, end = samples[0].at, samples[-1].at
    found: list[Sample | None] = [None] * width
    for sample in samples:
        place = column(sample.at, start, end, width)
        earlier = found[place]
        health = {**earlier.health, **sample.health} if earlier else dict(sample.health)
        for account, wad in (earlier.health if earlier else {}).items():
            health[account] = min(wad, sample.health.get(account, wad))
        found[place] = sample._replace(health=health)
    for place in range(1, width):
        found[place] = found[place] or found[place - 1]
    return found


def column(at: int, start: int, end: int, width: int) -> int:
    """The column of a time."""
    return (at - start) * (width - 1) // max(1, end - start)


def price_line(samples: Sequence[Sample], underlying: int, width: int) -> str:
    """The prices of an underlying over time."""
    axis = columns(samples, width)
    return sparkline([(s.prices[underlying] or None) if s and underlying < len(s.prices) else None for s in axis])


def health_chart(
    samples: Sequence[Sample], sold: Mapping[AccountId, int], chosen: Sequence[AccountId], width: int
) -> Text:
    """Health of a few accounts over time, the line at one, and where auctions started (`sold`: account -> time)."""
    axis = columns(samples, width - _GUTTER)
    top = _top(axis, chosen)
    grid = [[(" ", "")] * len(axis) for _ in range(_ROWS)]
    grid[_row(WAD, top)] = [("┄", "dim")] * len(axis)
    for (mark, style), account in reversed(list(zip(MARKS, chosen, strict=False))):
        for place, sample in enumerate(axis):
            if sample and account in sample.health:
                grid[_row(sample.health[account], top)][place] = (mark, style)
    text = Text()
    for number, row in enumerate(grid):
        text.append(_label(number, top), style="dim")
        for mark, style in row:
            text.append(mark, style=style or None)
        text.append("\n")
    _foot(text, samples, sold, len(axis))
    return text


def _top(axis: Sequence[Sample | None], chosen: Sequence[AccountId]) -> int:
    """The upper end of the axis: the highest health shown, between one and a half and three."""
    shown = [sample.health[account] for sample in axis if sample for account in chosen if account in sample.health]
    return min(MOST, max(3 * WAD // 2, max(shown, default=WAD)))


def _row(health_wad: int, top: int) -> int:
    inside = min(max(health_wad, 0), top)
    return _ROWS - 1 - inside * (_ROWS - 1) // top


def _label(row: int, top: int) -> str:
    if row == _row(WAD, top):
        return f"{'1.00':>{_GUTTER - 2}} ┤"
    if row in (0, _ROWS - 1):
        highest = decimal(top, 2) if top < MOST else f"≥ {MOST // WAD}"
        return f"{highest if row == 0 else '≤ 0':>{_GUTTER - 2}} ┤"
    return " " * (_GUTTER - 1) + "│"


def _foot(text: Text, samples: Sequence[Sample], sold: Mapping[AccountId, int], width: int) -> None:
    start, end = samples[0].at, samples[-1].at
    marks = [" "] * width
    for at in sold.values():
        marks[min(width - 1, max(0, column(at, start, end, width)))] = SOLD
    if sold:
        text.append(" " * _GUTTER + "".join(marks).rstrip() + "\n", style="red")
    last = f"+{span(end - start)}"
    text.append(" " * _GUTTER + "start" + last.rjust(width - len("start")), style="dim")
