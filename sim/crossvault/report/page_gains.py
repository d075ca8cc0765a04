"""Who gained and who lost in a run: a bar and a row for each person, and a picture of the flows by source."""

from __future__ import annotations

from collections import Counter

from crossvault.history.gain_flows import ROUNDED, SOURCES, RunGains, label, person
from crossvault.report.page import PagePart
from crossvault.report.page_data import exact
from crossvault.report.page_history import RunHistory
from crossvault.report.page_parts import BarTable, FlowChart, PageColumn, PageTable, Payment, Prose

_MOST_BARS = 40


def gain_parts(history: RunHistory) -> list[PagePart]:
    """The gains of persons, who gained from each other, and every figure of each person."""
    found, quote = history.gains, history.quote
    if not found.persons:
        return [Prose("No person paid anything in.")]
    parts: list[PagePart] = [_bars(found, quote)]
    drawn = [each for each in found.flows if each.source != ROUNDED]
    if drawn:
        flows = [Payment(label(each.payer), label(each.payee), exact(each.amount_wad), each.source) for each in drawn]
        parts.append(FlowChart("Losses left, gains right", quote, flows, is_by_purpose=True))
    return [*parts, _table(found, quote)]


def _bars(found: RunGains, quote: str) -> PagePart:
    largest = sorted((abs(each.gain_wad) for each in found.persons), reverse=True)[:_MOST_BARS]
    rows = [(each.name, exact(each.gain_wad)) for each in found.persons if abs(each.gain_wad) >= largest[-1]]
    title = "Gains of persons" if len(rows) == len(found.persons) else "The largest gains and losses of persons"
    return BarTable(title, quote, rows)


def _table(found: RunGains, quote: str) -> PagePart:
    """A row for each person, then for each other party; a column for every source with a flow."""
    sources = [name for name in SOURCES if any(each.source == name for each in found.flows)]
    names = ("gain", "paid in", "taken out", "worth at end", *sources)
    columns = (PageColumn("person"), *(PageColumn(name, quote, "number") for name in names))
    rows = [
        (
            each.name,
            *map(exact, (each.gain_wad, each.paid_in_wad, each.taken_out_wad, each.worth_wad)),
            *_parts(found.sources.get(person(each.name), Counter()), sources),
        )
        for each in found.persons
    ]
    rows += [
        (label(party), exact(gain_wad), None, None, None, *_parts(found.sources[party], sources))
        for party, gain_wad in found.others.items()
    ]
    return PageTable("Persons, and what is no person: the gains sum to zero", columns, rows)


def _parts(sums: Counter[str], sources: list[str]) -> list[str | None]:
    return [exact(sums[name]) if sums[name] else None for name in sources]
