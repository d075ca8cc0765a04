"""Two versions of the contracts: storage, interface and what changed in each story, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from crossvault.differential.compare import Difference
from crossvault.mirror.refusal import Refusal
from crossvault.report.console import ReportTable, table
from crossvault.report.figures import decimal
from crossvault.upgrade.changes import ChangeGroup, ChangeRow
from crossvault.upgrade.interface_changes import InterfaceChange
from crossvault.upgrade.storage_layout import LayoutChange
from crossvault.upgrade.version_run import FinalEquity, VersionRun

_MOST_ROWS = 40
NO_CHANGE = "no change"
_RED, _GREEN = "red", "green"


class VersionNames(NamedTuple):
    """How two versions are shown: their directories with their hashes, and the files that differ."""

    old: str
    new: str
    files: Sequence[str]


class CodeChanges(NamedTuple):
    """What two versions differ in before anything is played: the places of storage, and doors, events, refusals."""

    layout: Sequence[LayoutChange]
    interface: Sequence[InterfaceChange]

    @property
    def is_red(self) -> bool:
        """Whether something stored or called before is lost or means something else."""
        found = [each.is_harmless for each in self.layout], [each.is_harmless for each in self.interface]
        return not all(map(all, found))


def money(wad: int) -> str:
    """A change of money, with its sign and every digit."""
    text = decimal(abs(wad), 18)
    return f"{'-' if wad < 0 else '+'}{text.rstrip('0').rstrip('.')}"


def head(names: VersionNames, code: CodeChanges) -> Group:
    """The two versions, their storage and their interface."""
    return Group(*_head(names, code))


def _head(names: VersionNames, code: CodeChanges) -> Iterator[RenderableType]:
    files = ", ".join(names.files) or "no file"
    yield Text(f"old: {names.old}\nnew: {names.new}\ndiffer in {files}")
    yield ""
    if not code.layout:
        yield Text("storage: every field is where it was", style=_GREEN)
    else:
        made = table("storage of", "field", "how", "old", "new")
        for each in code.layout:
            made.add_row(each.contract, each.field, _colored(each), each.old or "none", each.new or "none")
        yield made
    if code.interface:
        yield ""
        made = table("interface of", "", "name", "old", "new")
        for change in code.interface:
            how = _RED if not change.is_harmless else _GREEN
            made.add_row(
                change.contract, change.kind, Text(change.name, style=how), change.old or "none", change.new or "none"
            )
        yield made
    else:
        yield Text("doors, events, refusals: as they were", style=_GREEN)


def _colored(change: LayoutChange) -> Text:
    return Text(change.how, style=_GREEN if change.is_harmless else _RED)


def stories(runs: Sequence[VersionRun]) -> ReportTable:
    """A story a row: whether it changes."""
    made = table("story", ">seed", "outcome", ">steps", ">margins", ">steps that differ", ">seconds")
    for ran in runs:
        word = outcome(ran)
        made.add_row(
            ran.story.name, str(ran.story.seed), Text(word, style=_GREEN if word == NO_CHANGE else _RED),
            f"{ran.steps:,}", f"{ran.margins:,}", f"{len(ran.table.steps):,}", f"{ran.seconds:.1f}",
        )  # fmt: skip
    return made


def outcome(ran: VersionRun) -> str:
    """The outcome of a story in a word or two."""
    if ran.table.rows:
        return f"changes from step {min(ran.table.steps):,}"
    if ran.failure:
        return "failed"
    return "interrupted" if ran.interrupted else NO_CHANGE


def changes(ran: VersionRun) -> Group:
    """The changes of a story: what changed, whose, by how much; then the equity of the accounts at the end."""
    return Group(*_changes(ran))


def _changes(ran: VersionRun) -> Iterator[RenderableType]:
    found, groups = ran.table, ran.table.groups()
    yield Text(f"{ran.story.name}: {len(found.steps):,} of {ran.steps:,} steps differ", style="bold")
    doors = (f"{door.replace('_', ' ')} {len(at):,} (from {at[0]:,})" for door, at in found.doors.items())
    yield Text(f"by door: {', '.join(doors)}")
    if found.first_state is not None:
        yield Text(
            f"the state differs from step {found.first_state:,} on: what is later may follow from it", style="dim"
        )
    if amounts := [each for each in groups if each.largest.wei]:
        yield ""
        yield _amounts(amounts, ran.story.world.quote)
    if values := [each for each in groups if not each.largest.wei]:
        yield ""
        yield _values(values)
    yield ""
    yield _accounts(ran)


def _amounts(groups: Sequence[ChangeGroup], quote: str) -> ReportTable:
    """The changes of money, largest first."""
    heads = ("changed", f">largest change, new less old [{quote}]", "of", ">step", ">accounts", ">times", ">first")
    made = table(*heads)
    for each in groups[:_MOST_ROWS]:
        row = each.largest
        counts = (f"{count:,}" for count in (row.at, len(each.owners), each.steps, each.first))
        made.add_row(f"{row.kind} {row.name}", money(row.wei or 0), ", ".join(row.owners), *counts)
    made.caption = _left(len(groups))
    return made


def _values(groups: Sequence[ChangeGroup]) -> ReportTable:
    """What changed and is no money, with both values, by the first step."""
    made = table("changed", ">old", ">new", "of", ">step", ">accounts", ">times", ">first")
    for each in sorted(groups, key=lambda group: group.first)[:_MOST_ROWS]:
        row = each.largest
        counts = (f"{count:,}" for count in (row.at, len(each.owners), each.steps, each.first))
        values = _plain(row.largest.model), _plain(row.largest.chain)
        made.add_row(f"{row.kind} {row.name}", *values, ", ".join(row.owners), *counts)
    made.caption = _left(len(groups))
    return made


def _plain(value: Any) -> str:
    """A value in words; structs by their members."""
    return str(value).replace("Struct(", "(")


def _accounts(ran: VersionRun) -> ReportTable:
    """Who is affected: the first change of each, and the equity at the end where that differs, largest change first."""
    ends = {each.account: each for each in ran.equities}
    owners = sorted(ran.table.firsts, key=lambda owner: abs(ends[owner].wei or 0) if owner in ends else 0, reverse=True)
    quote = ran.story.world.quote
    of_equity = (">equity at the end, new less old", f">old [{quote}]", f">new [{quote}]") if ends else ()
    made = table("account", "first change", ">step", *of_equity)
    for owner in owners[:_MOST_ROWS]:
        first = ran.table.firsts[owner]
        door = first.door.replace("_", " ")  # which the name of a verdict begins with
        what = first.name if first.name.startswith(f"{door}: ") else f"{door}: {first.name}"
        cells = (owner, what, f"{first.number:,}")
        made.add_row(*cells, *(_ending(ends.get(owner)) if ends else ()))
    made.caption = _left(len(owners))
    return made


def _ending(end: FinalEquity | None) -> tuple[str, str, str]:
    if end is None:
        return "", "", ""
    return "no number" if end.wei is None else money(end.wei), _wad(end.old), _wad(end.new)


def _left(rows: int) -> str:
    return f"{rows - _MOST_ROWS:,} further rows are in --json" if rows > _MOST_ROWS else ""


def _wad(value: int | Refusal) -> str:
    """An equity with every digit, or the refusal of a view in its words."""
    return money(value).removeprefix("+") if isinstance(value, int) else str(value)


def code_document(names: VersionNames, code: CodeChanges) -> dict[str, Any]:
    """Versions, storage and interface as JSON."""
    return {
        "old": names.old,
        "new": names.new,
        "files": list(names.files),
        "storage": [each._asdict() | {"breaks": not each.is_harmless} for each in code.layout],
        "interface": [each._asdict() | {"breaks": not each.is_harmless} for each in code.interface],
    }


def document(ran: VersionRun) -> dict[str, Any]:
    """The changes of a story as JSON; numbers are decimal text."""
    return {
        "scenario": ran.story.name,
        "seed": ran.story.seed,
        "scenario_hash": ran.story.hash,
        "outcome": outcome(ran),
        "steps": ran.steps,
        "margins": ran.margins,
        "steps_that_differ": len(ran.table.steps),
        "first_state_change": ran.table.first_state,
        "doors": {door: {"steps": len(at), "first_step": at[0]} for door, at in ran.table.doors.items()},
        "changes": [row_document(row) for row in ran.table.sorted()],
        "first_changes": {owner: first._asdict() for owner, first in ran.table.firsts.items()},
        "equities": [_equity_document(each) for each in ran.equities],
        "failure": str(ran.failure) if ran.failure else None,
        "interrupted": ran.interrupted,
        "seconds": round(ran.seconds, 2),
    }


def row_document(row: ChangeRow) -> dict[str, Any]:
    """A row as JSON."""
    return {
        "kind": row.kind,
        "owners": list(row.owners),
        "name": row.name,
        **version_difference(row.largest),
        "change_wad": None if row.wei is None else str(row.wei),
        "step": row.at,
        "first_step": row.first,
        "is_first": row.is_first,
        "steps": row.steps,
    }


def version_difference(found: Difference) -> dict[str, Any]:
    """A difference of two versions as JSON."""
    return {"field": found.field, "old": str(found.model), "new": str(found.chain)}


def _equity_document(each: FinalEquity) -> dict[str, Any]:
    wei = None if each.wei is None else str(each.wei)
    return {"account": each.account, "old_wad": str(each.old), "new_wad": str(each.new), "change_wad": wei}
