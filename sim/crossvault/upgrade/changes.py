"""What changes from one version to the other while they play the same steps, as rows: one per thing and account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from crossvault.differential.compare import NOTHING, Difference, EventFields, value_differences
from crossvault.differential.step import Event, Outcome, Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.refusal import Refusal
from crossvault.shrink.largest import amount_of

VERDICT, EVENT, STATE, MARGIN = "verdict", "event", "state", "margin"
VAULT_ITSELF = "the vault"
VERSION_SIDES = ("new", "old")  # how the two are called where chain and model are compared otherwise


class Change(NamedTuple):
    """A difference at a step: what kind of thing changed, whose, and both values (`chain` is the new version's)."""

    kind: str
    owners: tuple[str, ...]
    found: Difference


@dataclass(slots=True)
class ChangeRow:
    """A thing that changed: its kind, owners and name; how often, when first, and the largest change and its step.

    wei: the largest change of money of the quote token, new less old [wad]; None where it is no money. is_first:
    whether nothing of one of its owners had changed before.
    """

    kind: str
    owners: tuple[str, ...]
    name: str
    first: int
    is_first: bool
    largest: Difference
    at: int
    wei: int | None
    steps: int = 1

    @property
    def size(self) -> int:
        """The money of the largest change, without its sign [wad]."""
        return abs(self.wei or 0)

    def add(self, number: int, found: Difference) -> None:
        """Takes in the same thing at a later step."""
        self.steps += 1
        wei = _wei(found)
        if (abs(wei or 0), abs(found.wei or 0)) > (self.size, abs(self.largest.wei or 0)):
            self.largest, self.at, self.wei = found, number, wei


class ChangeGroup(NamedTuple):
    """The rows of one thing: the row of the largest change, all owners, the first step, the steps."""

    largest: ChangeRow
    owners: tuple[str, ...]
    first: int
    steps: int


class FirstChange(NamedTuple):
    """The first change of an account or of the vault: the step, its door, and what changed."""

    number: int
    door: str
    name: str


@dataclass(slots=True)
class ChangeTable:
    """The changes of a story: its rows, the first change of everyone, and the steps that showed one, by their doors.

    first_state: the first step after which the state differs; what is later may follow from it.
    """

    rows: dict[tuple[str, tuple[str, ...], str], ChangeRow] = field(default_factory=dict)
    firsts: dict[str, FirstChange] = field(default_factory=dict)
    steps: set[int] = field(default_factory=set)
    doors: dict[str, list[int]] = field(default_factory=dict)
    first_state: int | None = None

    def add(self, number: int, step: Step, found: Iterable[Change]) -> None:
        """Takes in the changes of a step."""
        for kind, owners, each in found:
            if number not in self.steps:
                self.steps.add(number)
                self.doors.setdefault(step.action, []).append(number)
            name = _name(kind, step, each)
            if kind == STATE and self.first_state is None:
                self.first_state = number
            for owner in owners:
                self.firsts.setdefault(owner, FirstChange(number, step.action, name))
            is_first = any(self.firsts[owner].number == number for owner in owners)
            if row := self.rows.get((kind, owners, name)):
                row.add(number, each)
            else:
                row = ChangeRow(kind, owners, name, number, is_first, each, number, _wei(each))
                self.rows[kind, owners, name] = row

    def sorted(self) -> list[ChangeRow]:
        """The rows, the largest change of money first, then what came first."""
        return sorted(self.rows.values(), key=lambda row: (-row.size, row.first))

    def groups(self) -> list[ChangeGroup]:
        """The rows by what changed, in the same order."""
        found: dict[tuple[str, str], list[ChangeRow]] = {}
        for row in self.sorted():
            found.setdefault((row.kind, row.name), []).append(row)
        return [_group(rows) for rows in found.values()]


def _group(rows: Sequence[ChangeRow]) -> ChangeGroup:
    owners = dict.fromkeys(owner for row in rows for owner in row.owners)
    return ChangeGroup(rows[0], tuple(owners), min(row.first for row in rows), sum(row.steps for row in rows))


def outcome_changes(step: Step, new: Outcome, old: Outcome, fields: EventFields) -> Iterator[Change]:
    """The changes of a step's outcome: of its verdict, its events, and the state after it."""
    if new == old:
        return
    accounts = step.accounts()
    owners = tuple(map(str, accounts)) or (step.sender,)
    if new.refusal != old.refusal:
        yield Change(VERDICT, owners, Difference("verdict", _verdict(new), _verdict(old), VERSION_SIDES))
    else:
        yield from (Change(EVENT, owners, each) for each in _event_changes(new.events, old.events, fields))
    yield from _changes(STATE, VAULT_ITSELF, "", new.snapshot.globals, old.snapshot.globals)
    for one, other in zip(new.snapshot.accounts, old.snapshot.accounts, strict=False):
        yield from _changes(STATE, str(other.account), "", one, other)


def margin_changes(accounts: Sequence[AccountId], new: Sequence[Any], old: Sequence[Any]) -> Iterator[Change]:
    """The changes of the margin metrics of accounts."""
    for account, one, other in zip(accounts, new, old, strict=True):
        yield from _changes(MARGIN, str(account), "", one, other)


def curve_changes(new: Any, old: Any) -> Iterator[Change]:
    """The changes of the expiries that have not settled."""
    yield from _changes(STATE, VAULT_ITSELF, "curves", new, old)


def _changes(kind: str, owner: str, name: str, new: Any, old: Any) -> Iterator[Change]:
    for each in value_differences(name, new, old):
        yield Change(kind, (owner,), replace(each, field=each.field.removeprefix("."), sides=VERSION_SIDES))


def _verdict(outcome: Outcome) -> Refusal | str:
    return outcome.refusal or "accepted"


def _event_changes(new: Sequence[Event], old: Sequence[Event], fields: EventFields) -> Iterator[Difference]:
    """The changes among events: what only one version emits, and other values of those that both do."""
    matcher = SequenceMatcher(None, [each.name for each in old], [each.name for each in new], autojunk=False)
    for tag, first, last, start, stop in matcher.get_opcodes():
        if tag != "equal":
            yield from (Difference(each.name, NOTHING, _text(each, fields), VERSION_SIDES) for each in old[first:last])
            yield from (Difference(each.name, _text(each, fields), NOTHING, VERSION_SIDES) for each in new[start:stop])
            continue
        for one, other in zip(new[start:stop], old[first:last], strict=True):
            if len(one.values) != len(other.values):
                yield Difference(one.name, _text(one, fields), _text(other, fields), VERSION_SIDES)
                continue
            for label, mine, theirs in zip(_labels(other, fields), one.values, other.values, strict=True):
                yield from (
                    replace(each, sides=VERSION_SIDES)
                    for each in value_differences(f"{one.name}.{label}", mine, theirs)
                )


def _labels(event: Event, fields: EventFields) -> Sequence[str]:
    known = fields.get(event.name, ())
    return known if len(known) == len(event.values) else [str(place) for place in range(len(event.values))]


def _text(event: Event, fields: EventFields) -> str:
    values = (f"{label}={value}" for label, value in zip(_labels(event, fields), event.values, strict=True))
    return f"{event.name}({', '.join(values)})"


def _name(kind: str, step: Step, found: Difference) -> str:
    """What a row is about; verdicts by their door and the names of the refusals."""
    if kind != VERDICT:
        return found.field or kind
    names = (getattr(value, "name", value) for value in (found.model, found.chain))
    return f"{step.action.replace('_', ' ')}: {' → '.join(map(str, names))}"


def _wei(found: Difference) -> int | None:
    """The change of money; of a verdict that of the margin that is wanting [wad]."""
    wanting = [_wanting(value) for value in (found.chain, found.model)]
    if any(each is not None for each in wanting):
        return (wanting[0] or 0) - (wanting[1] or 0)
    if found.field.endswith("quote"):  # of a position: it comes and goes with the size
        return None
    amount = amount_of(found)
    return amount.wei if amount else None


def _wanting(value: Any) -> int | None:
    if isinstance(value, Refusal) and value.name == InsufficientMargin.__name__:
        _, adjusted_wad, requirement_wad = value.args
        return int(requirement_wad - adjusted_wad)
    return None
