"""Who gained and who lost in a run: persons with their sources, and the largest flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from crossvault.history.gain_flows import ROUNDED, SOURCES, GainFlow, PersonGain, RunGains, label, person
from crossvault.report.console import RunPage, table
from crossvault.report.figures import usd

_MOST_PERSONS = 12
_MOST_FLOWS = 10
_SUMS = ("paid_in_wad", "taken_out_wad", "worth_wad", "gain_wad")
_SHOWN = 5 * 10**15  # half a cent


def gains(ran: RunPage, width: int) -> Iterator[RenderableType]:
    """A row for every person with its sources, and the largest flows; nothing of a single person."""
    found = ran.gains.gains(ran.story.persons) if ran.gains and ran.result.failure is None else RunGains()
    if len(found.persons) > 1:
        yield ""
        yield Text("who gained, who lost", style="bold")
        yield from tables(found)


def tables(found: RunGains) -> Iterator[RenderableType]:
    """The persons with the largest gains and losses, their sources, and the largest flows."""
    yield from _persons(found)
    yield from _flows([each for each in found.flows if each.amount_wad >= _SHOWN and each.source != ROUNDED])


def _persons(found: RunGains) -> Iterator[RenderableType]:
    by_gain = sorted(found.persons, key=lambda each: -abs(each.gain_wad))
    rows = [(each.name, [each]) for each in found.persons if each in by_gain[:_MOST_PERSONS]]
    if rest := by_gain[_MOST_PERSONS:]:
        rows.append((f"{len(rest)} more", rest))
    made = table("person", ">paid in", ">taken out", ">worth at end", ">gain")
    for name, some in rows:
        made.add_row(name, *(usd(sum(getattr(each, field) for each in some)) for field in _SUMS))
    for party, gain_wad in found.others.items():
        if abs(gain_wad) >= _SHOWN:
            made.add_row(label(party), "", "", "", usd(gain_wad))
    made.add_row("all", "", "", "", usd(0), style="bold")
    yield made
    yield from _sources([(name, _together(found, some)) for name, some in rows])


def _together(found: RunGains, some: Sequence[PersonGain]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in some:
        total.update(found.sources.get(person(each.name), {}))
    return total


def _sources(rows: Sequence[tuple[str, Counter[str]]]) -> Iterator[RenderableType]:
    """A column for every source of which there is a cent."""
    names = [name for name in SOURCES if any(abs(sums[name]) >= _SHOWN for _, sums in rows)]
    if not names:
        return
    made = table("gain from", *(f">{name}" for name in names))
    for name, sums in rows:
        made.add_row(name, *(usd(sums[each]) if abs(sums[each]) >= _SHOWN else "" for each in names))
    yield ""
    yield made


def _flows(found: Sequence[GainFlow]) -> Iterator[RenderableType]:
    if not found:
        return
    made = table("gain of", "from", ">amount", "by")
    for each in found[:_MOST_FLOWS]:
        made.add_row(label(each.payee), label(each.payer), usd(each.amount_wad), each.source)
    yield ""
    yield made
    rest = found[_MOST_FLOWS:]
    more = (
        f"and {len(rest)} more, {usd(sum(each.amount_wad for each in rest))} together (all are in --json)\n"
        if rest
        else ""
    )
    yield Text(f"{more}worth: of accounts above zero; a position gains from who holds the other side", style="dim")


def document(ran: RunPage) -> dict[str, Any] | None:
    """The same as JSON, with all flows; None where the run was cut, or began on a vault in use."""
    if ran.gains is None or ran.result.failure is not None:  # in the middle of a step they do not add up
        return None
    found = ran.gains.gains(ran.story.persons)
    return {
        "persons": {each.name: _person(found, each) for each in found.persons},
        "insurance_fund_wad": str(found.fund_wad),
        "flows": [
            {
                "source": each.source, "payer_kind": each.payer.kind, "payer": label(each.payer),
                "payee_kind": each.payee.kind, "payee": label(each.payee), "amount_wad": str(each.amount_wad),
            }
            for each in found.flows
        ],
    }  # fmt: skip


def _person(found: RunGains, each: PersonGain) -> dict[str, Any]:
    sources = found.sources.get(person(each.name), Counter())
    return {
        "paid_in_wad": str(each.paid_in_wad), "taken_out_wad": str(each.taken_out_wad),
        "worth_wad": str(each.worth_wad), "gain_wad": str(each.gain_wad),
        "sources": {name: str(sources[name]) for name in SOURCES if sources[name]},
    }  # fmt: skip
