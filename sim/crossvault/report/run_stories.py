"""Several runs as one table: a story a row, and the exit code of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from crossvault.differential.ending import DISAGREED, DONE, INTERRUPTED
from crossvault.lockstep.run import Diverged
from crossvault.report.console import ReportTable, RunPage, table

_CUT = {INTERRUPTED: "interrupted", DISAGREED: "engines disagree"}


def outcome(ran: RunPage, code: int) -> str:
    """The outcome of a run in a word or two."""
    if code == DONE:
        return "agrees"
    if isinstance(ran.result.failure, Diverged):
        return f"differs at step {ran.result.failure.number:,}"
    return _CUT.get(code, "failed" if ran.result.failure else "cut short")


def story_table(runs: Sequence[tuple[RunPage, int]], left: Sequence[str]) -> RenderableType:
    """The runs with their exit codes, and the stories that were not played any more."""
    return Group(_rows(runs), *_totals(runs, left))


def _rows(runs: Sequence[tuple[RunPage, int]]) -> ReportTable:
    made = table("story", ">seed", "outcome", ">exit", ">steps", ">margins", ">auctions", ">seconds")
    for ran, code in runs:
        result = ran.result
        counts = (result.compared, result.metrics_compared, len(ran.watch.liquidations))
        made.add_row(
            ran.story.name, str(ran.story.seed), Text(outcome(ran, code), style="green" if code == DONE else "red"),
            str(code), *(f"{count:,}" for count in counts), f"{result.seconds:.1f}",
        )  # fmt: skip
    return made


def _totals(runs: Sequence[tuple[RunPage, int]], left: Sequence[str]) -> Iterator[RenderableType]:
    agreed = sum(code == DONE for _, code in runs)
    steps = sum(ran.result.compared for ran, _ in runs)
    seconds = sum(ran.result.seconds for ran, _ in runs)
    yield Text(f"{agreed} of {len(runs) + len(left)} stories agree, {steps:,} steps compared in {seconds:.1f} s")
    if left:
        yield Text(f"not played: {', '.join(left)}", style="yellow")
