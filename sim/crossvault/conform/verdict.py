"""The verdict on each clause of the specification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from crossvault.conform.adapter import ACCEPTED, EXACT, NAMED
from crossvault.conform.capability import CAPABILITIES, NAMES as CAPABILITY_NAMES
from crossvault.conform.clause import ACCEPTANCE, EVENTS, VIEWS, Clause, ClauseCase
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.comparison import ClauseCounts, ClauseFinding, Signs
from crossvault.conform.figures import BY_NAME
from crossvault.conform.snapshot_words import WORDS
from crossvault.conform.subject import Subject

AGREES, PARTLY, DIFFERS, UNREACHED = "agrees", "partly reached", "differs", "not reached"
UNSUPPORTED, UNSEEN = "not supported", "not comparable"

_LEAST_DOUBT = 0.5  # steps
_WHOLE = -1  # of a clause: all of its cases

Shorten = Callable[[ClauseFinding], ClauseFinding]


class ClauseVerdict(NamedTuple):
    """A clause, its state, the steps that were about it and agreed, and those where something of it differed.

    note: why it is not supported, what is missing, or how far it is compared. rank: of the clauses that differ the
    first explains most; 0 for the others.
    """

    clause: Clause
    state: str
    agreed: int
    differed: int
    note: str
    finding: ClauseFinding | None
    rank: int = 0


def verdicts(subject: Subject, counts: ClauseCounts, shorten: Shorten = lambda finding: finding) -> list[ClauseVerdict]:
    """A verdict for every clause, in the order of the table. shorten: makes a finding short, and sees its cause."""
    blamed = _blamed(counts, shorten)
    ranks = {place: rank for rank, place in enumerate(blamed, 1)}
    found = [_verdict(subject, counts, place, blamed.get(place)) for place in range(len(CLAUSES))]
    return [each._replace(rank=ranks.get(place, 0)) for place, each in enumerate(found)]


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
    missing = _missing(subject, counts, place)
    other = f"{differed} more steps show another difference" if differed else ""
    notes = (f"not reached: {', '.join(missing)}" if missing else "", _extent(subject, clause), other)
    note = "; ".join(filter(None, notes))
    return ClauseVerdict(clause, PARTLY if missing else AGREES, agreed, differed, note, None)


def _missing(subject: Subject, counts: ClauseCounts, place: int) -> list[str]:
    """The cases of a clause that the vault has and that no step reached."""
    cases = enumerate(CLAUSES[place].cases)
    return [case.name for number, case in cases if _has(subject, case) and not counts.reached[place, number]]


def _has(subject: Subject, case: ClauseCase) -> bool:
    if not case.needs:
        return True
    if case.needs in CAPABILITY_NAMES:
        return subject.can(case.needs)
    belongs = [each.name for each in CAPABILITIES if case.needs in each.doors]
    return subject.doors[case.needs].exists and (not belongs or any(subject.can(each) for each in belongs))


def _blamed(counts: ClauseCounts, shorten: Shorten) -> dict[int, ClauseFinding]:
    """The clauses that differences are of: again and again the one that explains most, with all that it explains.

    Of each clause the shortest story is reported. The steps that are left of a story are about fewer clauses than those
    of a walk, so the clause is settled by them. Where a story is not made short, and other differences come first in
    it, it is taken to follow from these.
    """
    left = dict(counts.findings)
    found: dict[int, ClauseFinding] = {}
    while left:
        differed = _differed(left, counts)
        if not differed:
            break
        guess = _likeliest(tuple(p for p, number in differed if number == _WHOLE), differed, counts)
        explained = [signs for signs in left if guess in signs[1]]
        finding = shorten(
            min((left.pop(signs) for signs in explained), key=lambda each: (each.follows, len(each.steps)))
        )
        is_known = any(place in found for place in finding.candidates)
        if not is_known and not (found and finding.follows and not finding.is_short):
            found[_likeliest(finding.candidates or (guess,), differed, counts)] = finding
    return found


def _differed(left: Iterable[Signs], counts: ClauseCounts) -> Counter[tuple[int, int]]:
    """The steps of some sorts of differences, by place and by case of the clauses that they may be of."""
    differed = Counter[tuple[int, int]]()
    for signs in left:
        differed.update({(place, _WHOLE): counts.seen[signs] for place in signs[1]})
        differed.update(counts.cases_seen[signs])
    return differed


def _likeliest(places: tuple[int, ...], differed: Counter[tuple[int, int]], counts: ClauseCounts) -> int:
    """Of some clauses the one that, whole or in one of its cases, explains most; of equal ones that of fewest signs."""
    most = max(differed.values())

    def weight(place: int) -> tuple[float, int, int]:
        cases = (number for known, number in differed if known == place)
        return max(share(place, number) for number in (_WHOLE, *cases)), -len(CLAUSES[place].shows), place

    def share(place: int, number: int) -> float:
        """The measure D*: the differences of a clause or case, squared, by the steps that speak against it."""
        shown = differed[place, number]
        agreed = counts.agreed[place] if number == _WHOLE else counts.reached[place, number]
        return shown**2 / (agreed + most - shown + _LEAST_DOUBT)

    return max(places, key=weight)


def _seen(subject: Subject, clause: Clause) -> bool:
    """Whether the vault returns anything in which the clause would show."""
    known = {*BY_NAME, *WORDS, VIEWS}
    figures = {*subject.figures, *(WORDS if subject.has_snapshot else ()), *((VIEWS,) if subject.figures else ())}
    events = {each for each in clause.shows if each.startswith("event ") or each == EVENTS}
    if any(each not in known and each not in events for each in clause.shows):
        return True
    names = {each.removeprefix("event ") for each in events}
    return bool(set(clause.shows) & figures) or bool(names & {*subject.events, *((EVENTS,) if subject.events else ())})


def _extent(subject: Subject, clause: Clause) -> str:
    """The extent to which a clause of refusals is compared."""
    names = [name for name in clause.shows if name[:1].isupper()]
    if not names or subject.refusals == EXACT:
        return ""
    return {NAMED: "refusals by name only", ACCEPTED: "only whether it refuses"}[subject.refusals]


__all__ = [
    "ACCEPTANCE",
    "AGREES",
    "DIFFERS",
    "PARTLY",
    "UNREACHED",
    "UNSEEN",
    "UNSUPPORTED",
    "ClauseVerdict",
    "verdicts",
]
