"""The study of capital efficiency as tables: what cross margin saves, and what became of the books on the paths."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType

from sim.report.charts import sparkline
from sim.report.page import table


def tables(study: dict[str, Any]) -> RenderableType:
    """Both tables with what a reader must know of them."""
    played = study["replayed"]
    return Group(
        f"{study['accounts']:,} books on {study['underlyings']} underlyings, seed {study['seed']}: capital saved"
        " against isolated positions, per cent\n",
        savings(study["efficiency"]),
        "\nsaved: of the equity at which initial margin is just met, of a book without profit; isolated is"
        "\nevery position alone by standard margin. requirement: 1 - IM(whole) / sum IM(alone) by one method."
        "\nhistogram: from -100 to 100 %\n",
        f"{played['accounts']:,} books on {played['paths']} paths of {played['steps']} half days, with 1.2 times the"
        " capital they are asked for\n",
        fates(study["replay"]),
        "\nisolated and cross have the same capital; lean is cross with 1.2 times what the whole book is asked"
        "\nfor, by the method that asks for less. liquidated: any position of the book; lost: realised where"
        "\nliquidated, at mark\n",
    )


def savings(rows: list[dict[str, Any]]) -> RenderableType:
    """What is saved by kind of book and method."""
    made = table("book", "method", ">books", ">10th", ">median", ">90th", ">capital", ">requirement", "histogram")
    for row in rows:
        if not row["accounts"]:
            continue
        tenths = (f"{row[name]:.1f}" for name in ("tenth_pct", "median_pct", "ninetieth_pct"))
        made.add_row(
            row["kind"], row["method"], f"{row['accounts']:,}", *tenths, f"{row['capital_multiplier']:.2f} x",
            f"{row['requirement_median_pct']:.1f}", sparkline(row["histogram"]),
        )  # fmt: skip
    return made


def fates(rows: list[dict[str, Any]]) -> RenderableType:
    """What became of the books by correlation and way to hold them."""
    made = table("correlation", "held", ">capital", ">liquidated", ">closed", ">lost", ">median loss", ">shortfall")
    for row in rows:
        median = row["median_loss_pct_where_liquidated"]
        made.add_row(
            row["correlation"], row["held"], f"{row['capital_usd']:,.0f}", f"{row['liquidated_pct']:.1f} %",
            f"{row['positions_closed_pct']:.1f} %", f"{row['lost_pct_of_capital']:.2f} %",
            "" if median is None else f"{median:.0f} %", f"{row['shortfall_pct_of_capital']:.2f} %",
        )  # fmt: skip
    return made
