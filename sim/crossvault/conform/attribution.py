"""The clauses that a difference may be of: those that its step is about, and in which it would show.

What follows from another difference of the same step is left aside: of views the one that the others are made of
counts, of events and views none where the state differs.
"""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.conform.adapter import EXACT
from crossvault.conform.breaches import is_borne_out
from crossvault.conform.clause import ACCEPTANCE, ARGUMENTS, VIEWS, Clause
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.contrast import ClauseDifference
from crossvault.conform.figures import FIGURES
from crossvault.conform.model_recording import ModelStep
from crossvault.conform.subject import Subject
from crossvault.mirror.refusal import Refusal

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


def candidates(
    subject: Subject, line: ModelStep, new: Sequence[ClauseDifference], found: Sequence[ClauseDifference] = ()
) -> tuple[int, ...]:
    """The clauses that the new differences of a step may be of, by place in the table. found: with those before it."""
    known = sorted_by_cause(new)
    wrong = {name for each in (*new, *found) if not is_of_refusals(each) for name in each.mentions}
    for rank in dict.fromkeys(_rank(each) for each in known):
        group = [each for each in known if _rank(each) == rank]
        mentions = {name for each in group for name in each.mentions}
        if _follows(mentions, wrong):
            continue
        if rank[0] == _REFUSAL:
            places = _of_refusal(subject, line, group[0], wrong)
        else:
            places = _of_rest(subject, line, mentions)
        if places:
            return places
    mentions = {name for each in known if _rank(each) == _rank(known[0]) for name in each.mentions}
    open_ = [p for p, each in enumerate(CLAUSES) if _is_open(subject, each)]
    return tuple([p for p in open_ if mentions & set(CLAUSES[p].shows)] or line.about or open_)


def _follows(mentions: set[str], wrong: set[str]) -> bool:
    """Whether all of some figures are made of others that are wrong."""
    return bool(mentions) and all(set(_SOURCES.get(each, ())) & wrong for each in mentions)


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


def _of_refusal(subject: Subject, line: ModelStep, each: ClauseDifference, wrong: set[str]) -> tuple[int, ...]:
    """A right that was not given, a refusal that is missing, or one too many; and what its arguments are made of.

    wrong: the figures that differ.
    """
    assert line.step is not None
    sides = each.difference.chain, each.difference.model
    theirs, ours = (side if isinstance(side, Refusal) else None for side in sides)
    if theirs and ours and theirs.name == ours.name:
        return _of_arguments(subject, line, ours.name, set(each.mentions), wrong)
    missing = _naming(subject, line, ours.name) if ours else ()
    if theirs is None:
        return missing or _accepting(line, ACCEPTANCE)
    rights = _accepting(line, theirs.name)
    too_many = tuple(p for p in _naming(subject, line, theirs.name) if CLAUSES[p].refuses)
    if subject.refusals == EXACT and not is_borne_out(theirs, line.step.at):
        rights = tuple(p for p in rights if not set(ARGUMENTS) & set(CLAUSES[p].shows))  # no figure is wrong
    return (*missing, *(rights or (() if missing else too_many or _accepting(line, ACCEPTANCE))))


def _of_arguments(subject: Subject, line: ModelStep, name: str, mentions: set[str], wrong: set[str]) -> tuple[int, ...]:
    """The clauses of the figures that the arguments of a refusal are made of, or else of the refusal.

    A figure that only the refusal shows comes first, where the views of the others agree.
    """
    figures = mentions - {name}
    others = figures - set(ARGUMENTS)
    if figures - others and all(each in subject.figures and each not in wrong for each in others):
        figures -= others
    found = [p for p, each in enumerate(CLAUSES) if _fits(subject, line, each) and figures & set(each.shows)]
    return tuple([p for p in found if p in line.about] or found) or _naming(subject, line, name)


def _naming(subject: Subject, line: ModelStep, name: str) -> tuple[int, ...]:
    """The clauses of a refusal, and those of the step that it shows."""
    return tuple(
        p for p, each in enumerate(CLAUSES)
        if _fits(subject, line, each) and name in each.shows and (each.refuses or p in line.about)
    )  # fmt: skip


def _accepting(line: ModelStep, word: str) -> tuple[int, ...]:
    """The clauses of rights that the step is about and that a word shows."""
    return tuple(p for p in line.about if not CLAUSES[p].refuses and word in CLAUSES[p].shows)


def _fits(subject: Subject, line: ModelStep, clause: Clause) -> bool:
    """Whether a clause can be of a step through its door."""
    assert line.step is not None
    return _is_open(subject, clause) and (not clause.doors or line.step.action in clause.doors)


def _is_open(subject: Subject, clause: Clause) -> bool:
    return not clause.needs or subject.can(clause.needs)
