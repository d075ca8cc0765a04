"""The clauses that a difference may be of: those that its step is about, and in which it would show.

What follows from another difference of the same step is left aside: of views the one that the others are made of
counts, of events and views none where the state differs.
"""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.conform.clause import ACCEPTANCE, VIEWS, Clause
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.contrast import ClauseDifference
from crossvault.conform.figures import FIGURES
from crossvault.conform.model_recording import ModelStep
from crossvault.conform.subject import Subject

_MADE_OF = ("mark_wad", "band_wad", *(each.name for each in FIGURES if each.name not in ("mark_wad", "band_wad")))
"""Figures that are views, each before those that are made of it."""
_SOURCES = {
    "equity_wad": ("mark_wad",),
    "health_wad": ("maintenance_requirement_wad", "maintenance_equity_wad"),
    "maintenance_margin_wad": ("maintenance_requirement_wad", "maintenance_equity_wad"),
    "free_collateral_wad": ("initial_requirement_wad", "initial_equity_wad"),
    "initial_margin_wad": ("initial_requirement_wad", "initial_equity_wad"),
}
"""Figures that a figure is made of: where one of them shows a clause, and agrees, the figure is not of the clause."""
_REFUSAL, _STATE, _VIEW, _EVENT = range(4)


def sorted_by_cause(found: Sequence[ClauseDifference]) -> list[ClauseDifference]:
    """The differences of a step, what others follow from first."""
    return sorted(found, key=_rank)


def _rank(each: ClauseDifference) -> tuple[int, int]:
    if is_of_refusals(each):
        return _REFUSAL, 0
    if each.is_state:
        return _STATE, 0
    name = each.about[0] if each.about else ""
    return (_VIEW, _MADE_OF.index(name)) if name in _MADE_OF else (_EVENT, 0)


def is_of_refusals(each: ClauseDifference) -> bool:
    """Whether a difference is in whether or how a step was refused."""
    return each.kind in (ACCEPTANCE, "refusal")


def candidates(subject: Subject, line: ModelStep, found: Sequence[ClauseDifference]) -> tuple[int, ...]:
    """The clauses that the differences of a step may be of, by place in the table."""
    known = sorted_by_cause(found)
    for rank in dict.fromkeys(_rank(each) for each in known):
        group = [each for each in known if _rank(each) == rank]
        mentions = {name for each in group for name in each.mentions}
        places = _of_refusals(subject, line, mentions) if rank[0] == _REFUSAL else _of_rest(subject, line, mentions)
        if places:
            return places
    mentions = {name for each in known for name in each.mentions}
    open_ = [p for p, each in enumerate(CLAUSES) if _is_open(subject, each)]
    return tuple([p for p in open_ if mentions & set(CLAUSES[p].shows)] or line.about or open_)


def _of_rest(subject: Subject, line: ModelStep, mentions: set[str]) -> tuple[int, ...]:
    """Of a view that refuses by a name of ours the clause of the refusal, of another one the views' own."""
    if line.step is None:
        return tuple(p for p, each in enumerate(CLAUSES) if _is_open(subject, each) and mentions & set(each.shows))
    about = [p for p in line.about if _shows(subject, CLAUSES[p], mentions)]
    named = [p for p in about if CLAUSES[p].shows != (VIEWS,)]
    named = [p for p in named if mentions <= set(CLAUSES[p].shows)] or named
    if VIEWS in mentions and not named:
        named = [
            p for p, each in enumerate(CLAUSES)
            if each.refuses and _is_open(subject, each) and (mentions - {VIEWS}) & set(each.shows)
        ]  # fmt: skip
    return tuple(named or about)


def _shows(subject: Subject, clause: Clause, mentions: set[str]) -> bool:
    """Whether a clause shows in figures or words, and not only in what is made of others that agree."""
    return any(
        not {each for each in _SOURCES.get(word, ()) if each in subject.figures} & set(clause.shows)
        for word in mentions & set(clause.shows)
    )


def _of_refusals(subject: Subject, line: ModelStep, mentions: set[str]) -> tuple[int, ...]:
    """A right that was not given, a refusal that is missing, or one too many; and what its arguments are made of."""
    names = mentions - {ACCEPTANCE}
    assert line.step is not None
    refusals = {name for name in names if name[:1].isupper()}
    action, found = line.step.action, list[int]()
    for place, clause in enumerate(CLAUSES):
        shows = set(clause.shows)
        if not _is_open(subject, clause) or not names & shows:
            continue
        fits = not clause.doors or action in clause.doors
        if clause.refuses:
            meant = fits and bool(refusals & shows)
        else:
            meant = fits and (place in line.about or not refusals & shows)
        if meant:
            found.append(place)
    rights = [p for p in found if not CLAUSES[p].refuses and refusals & set(CLAUSES[p].shows)]
    if rights and line.outcome is not None and line.outcome.refusal is None:  # the model accepts: a right is kept back
        figures = [p for p in found if not refusals & set(CLAUSES[p].shows)]
        return (*rights, *figures)
    figures = [p for p in found if not refusals & set(CLAUSES[p].shows)]
    if ACCEPTANCE not in mentions and figures:  # both refuse by one name: its arguments differ
        return tuple([p for p in figures if p in line.about] or figures)
    return tuple(found or [p for p in line.about if ACCEPTANCE in CLAUSES[p].shows])


def _is_open(subject: Subject, clause: Clause) -> bool:
    return not clause.needs or subject.can(clause.needs)
