"""The study of capital efficiency as tables: capital saved by cross margin, and liquidations and losses on paths."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from crossvault.report.charts import sparkline
from crossvault.report.console import table


def tables(study: dict[str, Any]) -> RenderableType:
    """All tables with their explanations."""
    hours = study["step_secs"] // 3_600
    return Group(
        f"{study['accounts']:,} books on {study['underlyings']} underlyings, seed {study['seed']}: capital saved"
        " against isolated positions, per cent\n",
        savings(study["efficiency"]),
        "\nsaved: of initial capital, the equity at which initial margin is just met, of a book without profit;"
        "\nisolated is every position alone by standard margin. requirement: 1 - req. IM of the whole / sum of"
        "\nreq. IM of each position alone, by one method."
        "\nhistogram: from -100 to 100 %\n",
        f"Replayed along price paths, {study['steps']} steps of {hours} hours, with {study['buffer']} times the initial"
        " capital\n",
        outcomes(study),
        "\nisolated and cross have the same capital, that of the isolated positions; lean has that of the whole"
        "\nbook. liquidated: books with any position liquidated; closed: positions. loss: per book of all,"
        "\nrealised where liquidated, at mark, of its capital, while the rest may have gained; median: of"
        "\nliquidated books alone; net loss: per book of all, where the whole of it has lost when the path ends."
        "\n±: one standard error over paths. Standard margin counts no correlation, so that only portfolio"
        "\nmargin relies on it. Added by a breakdown of correlation, on the same draws:\n",
        changes(study["breakdown"]),
    )


def savings(rows: list[dict[str, Any]]) -> RenderableType:
    """Capital saved by kind of book and method."""
    made = table("book", "method", ">books", ">10th", ">median", ">90th", ">capital", ">requirement", "histogram")
    for row in rows:
        if not row["accounts"]:
            continue
        tenths = (f"{row[name]:.1f}" for name in ("tenth_pct", "median_pct", "ninetieth_pct"))
        made.add_row(
            row["kind"], row["method"], f"{row['accounts']:,}", *tenths, f"{row['capital_multiplier']:.2f} x",
            f"{row['requirement_median_pct']:.1f}", Text(sparkline(row["histogram"]), no_wrap=True),
        )  # fmt: skip
    return made


def titles(study: dict[str, Any]) -> dict[str, str]:
    """Titles of the replayed books, by their name."""
    cheaper = "alone by standard margin, whole by the cheaper method"
    found = {}
    for each in study["replayed"]:
        margin = cheaper if each["method"] == "cheaper" else f"alone and whole by {each['method']} margin"
        found[each["books"]] = f"{each['books']}, {margin}: {each['accounts']:,} books on {each['paths']:,} paths"
    return found


def outcomes(study: dict[str, Any]) -> RenderableType:
    """Liquidations and losses of the books, by correlation and way to hold them."""
    parts: list[RenderableType] = []
    for name, title in titles(study).items():
        made = table(
            "correlation", "held", ">capital", ">liquidated", ">closed", ">loss", ">median", ">net loss",
            ">shortfall",
        )  # fmt: skip
        for row in study["replay"]:
            if row["books"] == name:
                made.add_row(row["correlation"], row["held"], *_figures(row))
        parts += [*([""] if parts else []), title, made]
    return Group(*parts)


def _figures(row: dict[str, Any]) -> list[str]:
    median = row["median_loss_pct_where_liquidated"]
    return [
        f"{row['capital_usd']:,.0f}",
        f"{row['liquidated_pct']:.1f}{_error(row['liquidated_error_pct'])} %",
        f"{row['positions_closed_pct']:.1f} %",
        f"{row['lost_pct_of_capital']:.1f} %",
        "" if median is None else f"{median:.0f} %",
        f"{row['net_loss_pct_of_capital']:.1f} %",
        f"{row['shortfall_pct_of_capital']:.2f} %",
    ]


def changes(rows: list[dict[str, Any]]) -> RenderableType:
    """Liquidations and losses added by a breakdown of correlation."""
    made = table("points of per cent", "held", ">liquidated", ">loss of capital")
    for row in rows:
        made.add_row(
            row["books"], row["held"],
            f"{row['liquidated_points']:+.1f}{_error(row['liquidated_error_points'])}",
            f"{row['lost_points']:+.1f}{_error(row['lost_error_points'])}",
        )  # fmt: skip
    return made


def _error(error: float | None) -> str:
    return "" if error is None else f" ± {error:.1f}"
