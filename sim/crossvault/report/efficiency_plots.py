"""The study of capital efficiency as one page of plots that loads nothing: the library that draws them is inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

import plotly.graph_objects as go
import plotly.io
from plotly.subplots import make_subplots

from crossvault.report.efficiency import titles

BLUE, ORANGE = "#3b6fb6", "#e07b39"
METHODS = {"standard": BLUE, "portfolio": ORANGE}
REGIMES = {"holds": BLUE, "breaks": ORANGE}
COSTS = {  # name of the figure -> its title, and the name of its error
    "liquidated_pct": ("liquidated<br>[% of books]", "liquidated_error_pct"),
    "lost_pct_of_capital": ("liquidation loss per book<br>[% of capital, all books]", "lost_error_pct"),
    "median_loss_pct_where_liquidated": ("median loss where<br>liquidated [% of capital]", None),
    "net_loss_pct_of_capital": ("net loss per book<br>[% of capital, all books]", None),
    "shortfall_pct_of_capital": ("shortfall of the vault<br>[% of capital]", None),
}
WIDE, GAP = 2, 0.1  # plots in a row; between plots
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1240px; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; margin: 1em 0 }
td, th { padding: 2px 7px; text-align: right; border-bottom: 1px solid #ddd } th { vertical-align: bottom }
td.text, th.text { text-align: left; white-space: nowrap } p { max-width: 50em } .scroll { overflow-x: auto }
"""


def page(study: dict[str, Any]) -> str:
    """The whole page; the document of `--json` is in its element `study`, and the same study gives the same page."""
    name = f"{study['accounts']:,} books on {study['underlyings']} underlyings, seed {study['seed']}"
    document = json.dumps(study).replace("<", "\\u003c")
    hours = study["step_secs"] // 3_600
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>crossvault efficiency: {escape(name)}</title>
<link rel="icon" href="data:,"><style>{STYLE}</style></head><body>
<h1>Capital saved by cross margin, and its risk</h1><p>{escape(name)}.</p>
<h2>Capital saved</h2>
<p>Saved of initial capital, the equity at which initial margin is just met, against every position alone by standard
margin; a book has no profit. Books that save nothing are at zero; below zero the whole book needs more.</p>
{_drawn(savings(study), "savings", library=True)}
{_table(study["efficiency"])}
<h2>Liquidations and losses</h2>
<p>The same books along price paths of {study["steps"]} steps of {hours} hours, with {study["buffer"]} times their
initial capital. Isolated and cross have the same capital, that of the isolated positions; lean has that of the whole
book. Where correlation breaks, every second underlying follows the shared factor the other way. Standard margin counts
no correlation, so that only portfolio margin relies on it. Losses of liquidation are realised at mark, while the rest
may have gained; a net loss is that of the whole book when the path ends. Bars of error: one standard error over
paths.</p>
{_drawn(costs(study), "costs", library=False)}
{_table(study["replay"])}
<p>Added by a breakdown of correlation on the same draws, in points of per cent:</p>
{_table(study["breakdown"])}
{_table(study["replayed"])}
<script type="application/json" id="study">{document}</script>
</body></html>
"""


def savings(study: dict[str, Any]) -> Any:
    """Capital saved, by kind of book: a histogram for each method."""
    rows = [row for row in study["efficiency"] if row["accounts"]]
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    high = -(-len(kinds) // WIDE)
    books = {row["kind"]: f"{row['kind']} ({row['accounts']:,} books)" for row in rows}
    figure = make_subplots(
        high, WIDE, subplot_titles=list(books.values()), shared_yaxes="all", vertical_spacing=0.3 / high,
        horizontal_spacing=GAP / 2,
    )  # fmt: skip
    for row in rows:
        place = divmod(kinds.index(row["kind"]), WIDE)
        bars = _histogram(row, showlegend=place == (0, 0))
        figure.add_trace(bars, place[0] + 1, place[1] + 1)
    figure.update_xaxes(range=[-105, 105], tickvals=[-100, -50, 0, 50, 100], zeroline=True, zerolinecolor="#999")
    figure.update_xaxes(ticktext=["≤ -100", "-50", "0", "50", "100"], showticklabels=True)
    figure.update_xaxes(title_text="capital saved [%]", row=high)
    figure.update_yaxes(title_text="books [%]", range=[0, 105], col=1)
    return _laid_out(figure, 210 * high).update_layout(barmode="overlay", bargap=0.02)


def _histogram(row: dict[str, Any], showlegend: bool) -> Any:
    """Per cents of the books in equal bins of capital saved, from -100 to 100 %."""
    counts, method = row["histogram"], row["method"]
    width = 200 / len(counts)
    edges = [-100 + width * place for place in range(len(counts))]
    return go.Bar(
        x=[edge + width / 2 for edge in edges], y=[100 * each / row["accounts"] for each in counts],
        width=width, name=f"{method} margin", legendgroup=method, showlegend=showlegend,
        marker={"color": METHODS[method], "opacity": 0.65}, customdata=counts,
        hovertemplate=f"{method}: saved %{{x}} ± {width / 2:g} %<br>%{{customdata}} books, %{{y:.1f}} %<extra></extra>",
    )  # fmt: skip


def costs(study: dict[str, Any]) -> Any:
    """Liquidations and losses: a row of plots for each group of books, a bar for each way to hold them."""
    named = titles(study)
    figure = make_subplots(
        len(named), len(COSTS), subplot_titles=[title for title, _ in COSTS.values()] * len(named),
        shared_yaxes="columns", vertical_spacing=0.5 / len(named), horizontal_spacing=GAP / 2,
    )  # fmt: skip
    for high, name in enumerate(named, 1):
        for regime in REGIMES:
            rows = [each for each in study["replay"] if (each["books"], each["correlation"]) == (name, regime)]
            for wide, cost in enumerate(COSTS, 1):
                figure.add_trace(_bars(rows, cost, regime, showlegend=(high, wide) == (1, 1)), high, wide)
        top = figure.get_subplot(high, 1).yaxis.domain[1]
        figure.add_annotation(
            text=f"<b>{named[name]}</b>", x=0, y=top, yshift=58, xref="paper", yref="paper", showarrow=False,
            xanchor="left", yanchor="bottom",
        )  # fmt: skip
    figure.update_yaxes(rangemode="tozero")
    return _laid_out(figure, 370 * len(named), top=110).update_layout(barmode="group")


def _bars(rows: list[dict[str, Any]], cost: str, regime: str, showlegend: bool) -> Any:
    """One figure of every way to hold some books."""
    _, error = COSTS[cost]
    values = [row[cost] for row in rows]
    errors = [row[error] for row in rows] if error else []
    return go.Bar(
        x=[row["held"] for row in rows], y=values, name=f"correlation {regime}", legendgroup=regime,
        showlegend=showlegend, marker={"color": REGIMES[regime]},
        error_y={"type": "data", "array": errors, "color": "#555", "thickness": 1} if all(errors) and errors else None,
        hovertemplate=f"correlation {regime}, %{{x}}: %{{y}} %<extra></extra>",
    )  # fmt: skip


def _laid_out(figure: Any, height: int, top: int = 70) -> Any:
    legend = {"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top"}
    margin = {"l": 60, "r": 20, "t": top, "b": 50}
    figure.update_annotations(font_size=13)
    return figure.update_layout(template="plotly_white", height=height, legend=legend, margin=margin)


def _drawn(figure: Any, name: str, *, library: bool) -> str:
    text: str = plotly.io.to_html(
        figure, full_html=False, include_plotlyjs=library, div_id=name, config={"displaylogo": False}
    )
    return text


def _table(rows: list[dict[str, Any]]) -> str:
    """All figures of some rows but their histograms."""
    names = [name for name in rows[0] if name != "histogram"]
    head = "".join(_cell("th", name.replace("_", " ").replace("pct", "%"), rows[0][name]) for name in names)
    return f'<div class="scroll"><table><tr>{head}</tr>\n{"".join(_lines(rows, names))}</table></div>'


def _lines(rows: list[dict[str, Any]], names: list[str]) -> Iterator[str]:
    for row in rows:
        yield f"<tr>{''.join(_cell('td', row.get(name), row.get(name)) for name in names)}</tr>\n"


def _cell(tag: str, shown: Any, like: Any) -> str:
    text = "" if shown is None else shown if isinstance(shown, str) else f"{shown:,}"
    kind = ' class="text"' if isinstance(like, str) else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"
