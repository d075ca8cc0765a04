"""Sections of a page about the whole of a run: prices and funding, health of accounts, the vault's own money."""

from __future__ import annotations

from collections.abc import Iterable

from crossvault.history.table_schema import ACCOUNTS
from crossvault.report.figures import utc
from crossvault.report.page import PagePart, PageSection
from crossvault.report.page_data import ThinnedSeries, exact
from crossvault.report.page_history import AccountSeries, RunHistory, lowest_health
from crossvault.report.page_parts import (
    ChartLine,
    ChartMark,
    Heading,
    LineChart,
    PageColumn,
    PageTable,
    Pair,
    Prose,
)

SHOWN = 6  # accounts drawn at first
_HEALTH, _ONE = (-1.0, 3.0), [("below 1: can be liquidated", "1")]
_VAULT = {
    "insurance": "Insurance fund", "deficit": "Open deficits of accounts in liquidation",
    "supplied": "Cash of accounts", "borrowed": "Debts of accounts",
}  # fmt: skip
_PERCENT = 16  # decimal places of a wad of ratio as percent


def chart_line(name: str, series: ThinnedSeries, scale: int = 18) -> ChartLine:
    """A line of a chart."""
    points = series.points()
    values = [None if value is None else exact(value, scale) for _, value in points]
    return ChartLine(name, [at for at, _ in points], values, series.count)


def market_parts(history: RunHistory) -> list[PagePart]:
    """A chart of prices for every underlying, and one of funding rates."""
    found: list[PagePart] = []
    for underlying in dict.fromkeys(name for name, _, _ in history.prices):
        lines = [
            chart_line(kind if expiry is None else f"{kind} {utc(expiry)[:10]}", series)
            for (name, kind, expiry), series in history.prices.items()
            if name == underlying
        ]
        title = f"{'Index price' if len(lines) == 1 else 'Prices'} of {underlying}"
        found.append(LineChart(title, f"{history.quote} per {underlying}", lines))
    rates = {name: each for name, each in history.funding.items() if any(value for _, value in each.points())}
    if rates:
        lines = [chart_line(name, series, _PERCENT) for name, series in rates.items()]
        found.append(LineChart("Funding rate, paid by longs where above zero", "% per 8 hours", lines, places=4))
    else:
        found.append(Prose("No funding was due: every funding rate is zero."))
    return found or [Prose("No price was published.")]


def health_parts(history: RunHistory) -> list[PagePart]:
    """Health of every account over time, and an account a row."""
    ranked = ranked_accounts(history)
    if not ranked:
        return [Prose("No account had a position or a balance.")]
    lines = [chart_line(name, found.series["health"]) for name, found in ranked if found.lowest is not None]
    parts: list[PagePart] = []
    if lines:
        title = "Health: maintenance margin balance / requirement"
        parts.append(LineChart(title, "ratio", lines, auction_marks(history), _ONE, _HEALTH, SHOWN, places=3))
    return [*parts, _overview(history, ranked)]


def ranked_accounts(history: RunHistory) -> list[tuple[str, AccountSeries]]:
    """The accounts, those with the lowest health first."""
    return sorted(history.accounts.items(), key=lambda each: (lowest_health(each[1]), each[0]))


def auction_marks(history: RunHistory, account: str | None = None) -> list[ChartMark]:
    """Marks of auctions: of every account their start, of one account from start to end."""
    rows = [each for each in history.auctions if account in (None, each.account)]
    if account is None:
        return [ChartMark(each.at, f"auction of {each.account} starts", f"#{history.key}={each.step}") for each in rows]
    return [
        ChartMark(each.at, f"auction {each.number}", f"#{history.key}={each.step}", each.ended_at or history.extent.end)
        for each in rows
    ]


def _overview(history: RunHistory, ranked: Iterable[tuple[str, AccountSeries]]) -> PagePart:
    quote = history.quote
    columns = (
        PageColumn("account", "", "account"), PageColumn("lowest health", "ratio", "number", 3),
        PageColumn("at", "UTC", "time"), PageColumn("health at end", "ratio", "number", 3),
        PageColumn("equity at end", quote, "number"), PageColumn("maintenance requirement at end", quote, "number"),
        PageColumn("initial requirement at end", quote, "number"), PageColumn("cash at end", quote, "number"),
        PageColumn("mode"), PageColumn("auctions", "", "number", 0),
    )  # fmt: skip
    stems = ("health", "equity", "maintenance_requirement", "initial_requirement", "cash")
    rows = []
    for name, found in ranked:
        values = [found.last[ACCOUNTS.place(stem)] for stem in stems]
        lowest, at = found.lowest or (None, None)
        auctions = sum(each.account == name for each in history.auctions)
        texts = [None if value is None else exact(value) for value in (lowest, *values)]
        rows.append((name, texts[0], at, *texts[1:], found.last[ACCOUNTS.place("mode")], str(auctions)))
    return PageTable("Accounts, the lowest health first", columns, rows)


def vault_parts(history: RunHistory) -> list[PagePart]:
    """Insurance fund and open deficits, and the cash of accounts."""
    quote, series = history.quote, history.vault
    if not series["insurance"].count:
        return [Prose("The vault had no money.")]
    charts = [LineChart(title, quote, [chart_line(stem, series[stem])]) for stem, title in _VAULT.items()]
    return [Pair(("", ""), ([charts[0], charts[2]], [charts[1], charts[3]]))]


def auction_parts(history: RunHistory) -> list[PagePart]:
    """Every auction, a row each."""
    if not history.auctions:
        return [Prose("No account was liquidated.")]
    quote = history.quote
    columns = (
        PageColumn("step", "", history.key), PageColumn("start", "UTC", "time"), PageColumn("account", "", "account"),
        PageColumn("auction", "", "number", 0), PageColumn("equity", quote, "number"),
        PageColumn("maintenance buffer", quote, "number"), PageColumn("bids", "", "number", 0),
        PageColumn("sold", "% of the account", "number"), PageColumn("bidders paid", quote, "number"),
        PageColumn("insurance paid", quote, "number"), PageColumn("end", "UTC", "time"), PageColumn("ended by"),
        PageColumn("last step", "", history.key),
    )  # fmt: skip
    rows = [
        (
            each.step, each.at, each.account, str(each.number), exact(each.equity_wad), exact(each.buffer_wad),
            str(each.bids), exact(each.sold_wad, _PERCENT), exact(each.paid_wad), exact(each.payout_wad),
            each.ended_at, each.ended_by, each.last_step,
        )
        for each in history.auctions
    ]  # fmt: skip
    return [PageTable("Auctions in the order of their starts", columns, rows)]


def account_parts(history: RunHistory, name: str) -> list[PagePart]:
    """Health and money of one account over time, and its margin in full at moments."""
    found = history.accounts[name]
    stems = ("equity", "maintenance_margin_balance", "maintenance_requirement", "initial_requirement")
    money = [chart_line(stem.replace("_", " "), found.series[stem]) for stem in stems]
    marks = auction_marks(history, name)
    parts: list[PagePart] = [
        LineChart("Equity, margin balance and requirements", history.quote, money, marks),
    ]
    if found.lowest is not None:
        health = [chart_line("health", found.series["health"])]
        parts.append(LineChart("Health", "ratio", health, marks, _ONE, _HEALTH, places=3))
    if not found.moments:
        parts.append(Prose("At the end it has no position."))
    for label, inside in found.moments:
        parts += [Heading(f"Margin {label}"), *inside]
    return parts


def section(key: str, title: str, parts: list[PagePart], about: str = "") -> PageSection:
    """A section of a page."""
    return PageSection(key, title, parts, about)
