"""The parts of a campaign and their results, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from crossvault.report.console import table


def part_list(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The parts that there are, and how each ended when it was last played on the present version."""
    made = table("part", "checks", "needs", "this version")
    for row in rows:
        needs = "a clone" if row["needs_clone"] else ""
        made.add_row(row["part"], row["about"], needs, row["outcome"] or "not played")
    return made


def results(rows: Sequence[Mapping[str, Any]], missing: Sequence[str]) -> RenderableType:
    """The results of the parts that ended, and the names of those that did not."""
    made = table("part", "outcome", ">exit", ">seconds", "counts")
    for row in rows:
        style = "green" if row["exit"] == 0 else "bold red"
        counts = ", ".join(f"{name} {value:,}" for name, value in row["counts"].items())
        made.add_row(row["part"], Text(row["outcome"], style=style), str(row["exit"]), f"{row['seconds']:,.1f}", counts)
    failed = [Text(f"{row['part']}: failed {each}") for row in rows for each in row.get("failed", ())]
    left = [Text(f"not played to the end: {', '.join(missing)}", style="yellow")] if missing else []
    return Group(made, *failed, *left)
