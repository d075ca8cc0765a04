"""A mutation test as tables: the score by file and by operator, and the mutants that nothing noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.syntax import Syntax

from crossvault.report.console import table

_REACHED = {True: "reached, and nothing differs", False: "never reached", None: "compiled alone: not known if reached"}


def tables(found: Mapping[str, Any]) -> RenderableType:
    """Counts, scores, and the mutants that survived."""
    cut = "  (interrupted: what was judged is kept, and not judged again)" if found["interrupted"] else ""
    open_ = [each for each in found["survivors"] if each["equivalent"] is None]
    parts: list[RenderableType] = [
        f"{found['tested']:,} of {found['all']:,} mutants, {found['recalled']:,} judged earlier, the others"
        f" {found['mutants_per_second']:.2f} a second{cut}\n",
        scores("contract", found["files"]),
        "",
        scores("operator", found["operators"]),
        "",
    ]
    for each in open_:
        parts += [f"{each['id']}  (line {each['line']}; {_REACHED[each['reached']]})", change_text(each["diff"])]
    parts += [f"judged equivalent, but killed: {each}" for each in found["misjudged"]]
    met = "met" if found["score_pct"] >= found["threshold_pct"] else "not met"
    parts.append(
        f"score {found['score_pct']:.2f} %: {found['killed']:,} killed, {len(open_):,} survived,"
        f" {found['equivalent']:,} equivalent by a written reason, {found['refused']:,} do not compile;"
        f" threshold {found['threshold_pct']:g} % {met}"
    )
    return Group(*parts)


def scores(what: str, rows: Mapping[str, Mapping[str, Any]]) -> RenderableType:
    """The score of each group of mutants."""
    made = table(what, ">mutants", ">killed", ">survived", ">equivalent", ">refused", ">score")
    for name, row in rows.items():
        numbers = (row["tested"], row["killed"], row["survived"] - row["equivalent"], row["equivalent"], row["refused"])
        made.add_row(name, *(f"{number:,}" if number else "" for number in numbers), f"{row['score_pct']:.1f} %")
    return made


def change_text(text: str) -> RenderableType:
    """The change of a diff, in colours."""
    return Syntax(
        text.partition("\n@@")[2].partition("\n")[2],
        "diff",
        theme="ansi_light",
        background_color="default",
        word_wrap=True,
    )
