"""The verdict on each clause of the specification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from crossvault.conform.adapter import ACCEPTED, EXACT, NAMED
from crossvault.conform.capability import CAPABILITIES
from crossvault.conform.clauses import ACCEPTANCE, CLAUSES, EVENTS, Clause
from crossvault.conform.comparison import ClauseCounts, ClauseFinding
from crossvault.conform.figures import BY_NAME, SNAPSHOT
from crossvault.conform.subject import Subject

AGREES, DIFFERS, UNREACHED, UNSUPPORTED, UNSEEN = "agrees", "differs", "not reached", "not supported", "not comparable"


class ClauseVerdict(NamedTuple):
    """A clause, its state, the steps that were about it and agreed, and those where something of it differed.

    note: why it is not supported, or how far it is compared.
    """

    clause: Clause
    state: str
    agreed: int
    differed: int
    note: str
    finding: ClauseFinding | None


def verdicts(subject: Subject, counts: ClauseCounts) -> list[ClauseVerdict]:
    """A verdict for every clause, in the order of the table."""
    blamed = _blamed(counts)
    return [_verdict(subject, counts, place, blamed.get(place)) for place in range(len(CLAUSES))]


def _verdict(subject: Subject, counts: ClauseCounts, place: int, finding: ClauseFinding | None) -> ClauseVerdict:
    clause = CLAUSES[place]
    agreed, differed = counts.agreed[place], counts.differed[place]
    if clause.needs and not subject.can(clause.needs):
        return ClauseVerdict(clause, UNSUPPORTED, 0, 0, subject.capabilities[clause.needs], None)
    if finding is not None:
        return ClauseVerdict(clause, DIFFERS, agreed, differed, _extent(subject, clause), finding)
    if not _seen(subject, clause):
        return ClauseVerdict(clause, UNSEEN, agreed, differed, f"returns none of {', '.join(clause.shows)}", None)
    if not agreed:
        return ClauseVerdict(clause, UNREACHED, 0, differed, "", None)
    note = _extent(subject, clause)
    other = f"{differed} more steps show another difference" if differed else ""
    return ClauseVerdict(clause, AGREES, agreed, differed, "; ".join(filter(None, (note, other))), None)


def _blamed(counts: ClauseCounts) -> Mapping[int, ClauseFinding]:
    """The clauses that differences are of: again and again the one that explains most, with all that it explains.

    Of each clause the shortest story is reported.
    """
    left = dict(counts.findings)
    found: dict[int, ClauseFinding] = {}
    while left:
        differed = Counter[int]()
        for signs in left:
            differed.update(dict.fromkeys(signs[1], counts.seen[signs]))
        if not differed:
            break
        place = max(differed, key=lambda each: (_weight(differed[each], counts.agreed[each]), each))
        explained = [signs for signs in left if place in signs[1]]
        found[place] = min((left.pop(signs) for signs in explained), key=lambda each: len(each.steps))
    return found


def _weight(differed: int, agreed: int) -> float:
    """Ochiai's measure of a clause: the share of differences that it explains, less where it is met without one."""
    return differed / sqrt(differed + agreed)


def _seen(subject: Subject, clause: Clause) -> bool:
    """Whether the vault returns anything in which the clause would show."""
    figures = {*subject.figures, *((SNAPSHOT.name,) if subject.has_snapshot else ())}
    known = {*BY_NAME, SNAPSHOT.name, EVENTS}
    needed = set(clause.shows) & known
    if not set(clause.shows) - known:
        return bool(needed & figures) or (EVENTS in needed and bool(subject.events))
    return True


def _extent(subject: Subject, clause: Clause) -> str:
    """The extent to which a clause of refusals is compared."""
    names = [name for name in clause.shows if name[:1].isupper()]
    if not names or subject.refusals == EXACT:
        return ""
    return {NAMED: "refusals by name only", ACCEPTED: "only whether it refuses"}[subject.refusals]


def lacking() -> dict[str, str]:
    """The descriptions of the capabilities, by name."""
    return {each.name: each.about for each in CAPABILITIES}


__all__ = [
    "ACCEPTANCE",
    "AGREES",
    "DIFFERS",
    "UNREACHED",
    "UNSEEN",
    "UNSUPPORTED",
    "ClauseVerdict",
    "lacking",
    "verdicts",
]
