"""A conformity report: interface of a foreign vault, stories, and the table of clauses; as text and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.text import Text

from crossvault.conform.adapter import ACCEPTED, EXACT, NAMED
from crossvault.conform.capability import CAPABILITIES
from crossvault.conform.search import ConformReport, StoryResult
from crossvault.conform.subject import AdaptedDoor, Subject
from crossvault.conform.verdict import AGREES, DIFFERS, PARTLY, UNREACHED, UNSUPPORTED, ClauseVerdict
from crossvault.report.console import ReportTable, show, table

_COLOURS = {AGREES: "green", DIFFERS: "bold red", PARTLY: "yellow", UNREACHED: "yellow", UNSUPPORTED: "dim"}
_REFUSALS = {
    EXACT: "refusals by name and arguments",
    NAMED: "refusals by name only",
    ACCEPTED: "refusals only as that: it does not use our errors",
}


def show_interface(subject: Subject) -> None:
    """Prints the part of the interface that a vault has."""
    there = [door for door in subject.doors.values() if door.exists]
    figures = "the whole state" if subject.has_snapshot else ""
    known = ", ".join(filter(None, (figures, f"{len(subject.figures)} figures")))
    print(f"{subject.name}  {subject.adapter.about or subject.path}")
    print(f"interface: {len(there)} of {len(subject.doors)} doors; {known}; {len(subject.events)} events; "
          f"{_REFUSALS[subject.refusals]}")  # fmt: skip
    for door in subject.doors.values():
        if _is_noted(door):
            print(f"  {door.action}: {door.note}")
    off = [f"{each.name} ({_why(subject, each.name)})" for each in CAPABILITIES if not subject.can(each.name)]
    print(f"not supported: {', '.join(off) or 'nothing'}")


def show_report(report: ConformReport, files: dict[int, str]) -> None:
    """Stories, the table of clauses, and the differences. files: what to type to see each, by place in the table."""
    _show_stories("published figures", report.published)
    _show_stories("scenarios", report.scenarios)
    counts = report.counts
    refused = sum(counts.refusals.values())
    share = f"{100 * refused // counts.steps} %" if counts.steps else "none"
    print(f"search: {report.walks} walks from seed {report.seed}; {counts.steps:,} steps compared, {share} of them "
          f"refused by the model; {counts.compared:,} figures")  # fmt: skip
    if counts.skipped:
        print(f"not sent to the vault: {', '.join(f'{name} {count}' for name, count in counts.skipped.most_common())}")
    print()
    show(_clauses(report))
    print()
    for place, verdict in sorted(enumerate(report.verdicts), key=lambda pair: pair[1].rank):
        if verdict.finding is not None:
            _show_finding(verdict, files.get(place, ""))
    for line in counts.broken:
        print(f"an invariant of the model broke: {line}")
    print(summary(report))


def summary(report: ConformReport) -> str:
    """All in one line."""
    states = Counter(verdict.state for verdict in report.verdicts)
    listed = ", ".join(f"{count} {state}" for state, count in states.items())
    if report.interrupted:
        return f"interrupted; until then, of {len(report.verdicts)} clauses: {listed}"
    return f"of {len(report.verdicts)} clauses: {listed}"


def document(report: ConformReport, files: dict[int, str]) -> dict[str, Any]:
    """A report as one JSON object."""
    subject, counts = report.subject, report.counts
    return {
        "vault": subject.name,
        "source": str(subject.path),
        "seed": report.seed,
        "agrees": report.agrees,
        "interrupted": report.interrupted,
        "refusals": subject.refusals,
        "doors": {door.action: _door(door) for door in subject.doors.values()},
        "figures": [*subject.figures, *(["snapshot"] if subject.has_snapshot else [])],
        "events": sorted(subject.events),
        "capabilities": {name: why or True for name, why in subject.capabilities.items()},
        "published": [each._asdict() for each in report.published],
        "scenarios": [each._asdict() for each in report.scenarios],
        "walks": report.walks,
        "steps": counts.steps,
        "figures_compared": counts.compared,
        "actions": dict(counts.actions),
        "refused": dict(counts.refusals),
        "broken": counts.broken,
        "clauses": [_clause(verdict, files.get(place)) for place, verdict in enumerate(report.verdicts)],
    }


def _clause(verdict: ClauseVerdict, file: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "section": verdict.clause.section,
        "clause": verdict.clause.text,
        "state": verdict.state,
        "agreed": verdict.agreed,
        "differed": verdict.differed,
        "note": verdict.note,
        "rank": verdict.rank,
    }
    if verdict.finding is not None:
        last = verdict.finding.steps[-1]
        found |= {"difference": str(verdict.finding.difference), "at": f"{last.action} by {last.sender}"}
        found |= {"steps": len(verdict.finding.steps), "file": file, "confirmed": verdict.finding.confirmed}
        found |= {"trace": verdict.finding.trace.splitlines()} if verdict.finding.trace else {}
    return found


def _door(door: AdaptedDoor) -> str | bool:
    return (str(door.call) if door.call is not None and door.exists else door.note) or door.exists


def _is_noted(door: AdaptedDoor) -> bool:
    """Whether a door has a note besides whether it exists."""
    return bool(door.note) and door.note != "missing" and not door.note.startswith("conform")


def _why(subject: Subject, name: str) -> str:
    return subject.capabilities[name]


def _show_stories(what: str, stories: list[StoryResult]) -> None:
    for each in stories:
        came = "agrees" if not each.why else each.why
        steps = f", {each.steps} steps" if each.steps else ""
        print(f"{what}: {each.name} {came}{steps}")


def _clauses(report: ConformReport) -> ReportTable:
    made = table("section", "clause", "came to", ">steps")
    section = ""
    for verdict in report.verdicts:
        first, section = verdict.clause.section != section, verdict.clause.section
        colour = _COLOURS.get(verdict.state, "yellow")
        met = verdict.agreed + verdict.differed
        steps = f"{verdict.differed:,} of {met:,}" if verdict.state == DIFFERS else f"{verdict.agreed:,}"
        blank = verdict.state == UNSUPPORTED
        note = f"\n{verdict.note}" if verdict.note and not blank else ""
        clause = Text.assemble(verdict.clause.text, (note, "dim"))
        made.add_row(section if first else "", clause, Text(verdict.state, style=colour), "" if blank else steps)
    return made


def _show_finding(verdict: ClauseVerdict, file: str) -> None:
    assert verdict.finding is not None
    last = verdict.finding.steps[-1]
    print(f"DIFFERS: {verdict.clause.section}: {verdict.clause.text}")
    print(f"  {verdict.finding.difference}")
    seen = "seen on Anvil too" if verdict.finding.confirmed else "neither made shorter nor played on Anvil"
    print(f"  after {len(verdict.finding.steps)} steps, the last {last.action} by {last.sender}; {seen}")
    if verdict.finding.trace:
        print("  the vault reverts without a reason; the calls inside:")
        print(*(f"    {line}" for line in verdict.finding.trace.splitlines()), sep="\n")
    if file:
        print(f"  to see it: {file}")
    print()
