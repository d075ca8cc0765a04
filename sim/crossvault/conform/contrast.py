"""Two sides of one step -> the differences of vault and model, as far as the vault can be compared. No tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from crossvault.conform.adapter import ACCEPTED, EXACT
from crossvault.conform.clause import ACCEPTANCE, EVENTS, VIEWS, event
from crossvault.conform.deployed_subject import FigureQuery, VaultAnswer
from crossvault.conform.figures import ACCOUNT, POSITION, SNAPSHOT, FigureSubject, about_of
from crossvault.conform.snapshot_words import word_of
from crossvault.conform.subject import Subject
from crossvault.differential.compare import Difference, value_differences
from crossvault.differential.model import Model
from crossvault.differential.step import Event, Outcome
from crossvault.mirror import market
from crossvault.mirror.account import AccountId, instruments
from crossvault.mirror.refusal import Refusal

SIDES = ("vault", "model")
_FIGURES = {
    "adjusted_equity_wad": ("initial_equity_wad",),
    "requirement_wad": ("initial_requirement_wad",),
    "margin_wad": ("buffer_margin_wad", "maintenance_requirement_wad", "maintenance_equity_wad"),
    "value_wad": ("equity_wad", "sale_reserved_wad"),
    "discount_wad": ("discount_wad",),
    "cost_wad": ("bid_cost_wad",),
    "low_wad": ("band_wad",),
}
"""The figures of which an argument of a refusal is made."""
Figures = dict[tuple[Any, ...], Any]


class ClauseDifference(NamedTuple):
    """A difference of vault and model, and the refusals, figures or kinds that name the clauses it may be of.

    is_state: whether the states of the two differ from here on. about: the figure and its subject, where it is one that
    is not stored: it may have differed before the step.
    """

    difference: Difference
    mentions: tuple[str, ...]
    is_state: bool
    about: tuple[Any, ...] = ()

    @property
    def kind(self) -> str:
        """The field without the account."""
        return kind_of(self.difference)

    def __str__(self) -> str:
        return str(self.difference)


def kind_of(difference: Difference) -> str:
    """The field of a difference without the account."""
    return difference.field.split(" of ")[0]


def difference(field: str, vault: Any, model: Any) -> Difference:
    """A difference of a vault and the model."""
    return Difference(field, vault, model, SIDES)


def compared(
    subject: Subject, outcome: Outcome, figures: Figures, answer: VaultAnswer, queries: Sequence[FigureQuery]
) -> Iterator[ClauseDifference]:
    """The differences between the vault's answer to a step and the model's outcome and figures."""
    yield from _refusals(subject, answer.refusal, outcome.refusal)
    if not (answer.refusal or outcome.refusal):
        yield from _events(answer.events, tuple(each for each in outcome.events if each.name in subject.events))
    yield from figures_compared(subject, figures, queries, answer.figures)


def _refusals(subject: Subject, theirs: Refusal | None, ours: Refusal | None) -> Iterator[ClauseDifference]:
    if same(theirs, ours, subject.refusals):
        return
    names = mentioned(theirs, ours)
    if (theirs is None) != (ours is None):
        found = difference(ACCEPTANCE, theirs or "accepts", ours or "accepts")
        yield ClauseDifference(found, (*names, ACCEPTANCE), True)
    else:
        yield ClauseDifference(difference("refusal", theirs, ours), names, False)


def _events(theirs: Sequence[Event], ours: Sequence[Event]) -> Iterator[ClauseDifference]:
    """The difference of events, with the names of those that only one of the two has."""
    if tuple(theirs) == tuple(ours):
        return
    one_sided = [each for each in (*ours, *theirs) if (each in ours) != (each in theirs)]
    names = tuple(dict.fromkeys(event(each.name) for each in one_sided))
    yield ClauseDifference(difference(EVENTS, tuple(theirs), tuple(ours)), (*names, EVENTS), False)


def mentioned(theirs: Any, ours: Any) -> tuple[str, ...]:
    """The names of refusals: of two different ones the model's; of one the figures that its arguments are made of."""
    known = [each for each in (ours, theirs) if isinstance(each, Refusal)]
    if len(known) == 2 and theirs.name == ours.name:
        wrong = [n for n, one, other in zip(ours.fields, theirs.args, ours.args, strict=False) if one != other]
        return (ours.name, *dict.fromkeys(figure for name in wrong for figure in _FIGURES.get(name, ())))
    return tuple(each.name for each in known[:1])


def figures_compared(
    subject: Subject, ours_of: Figures, queries: Sequence[FigureQuery], figures: Sequence[Any]
) -> Iterator[ClauseDifference]:
    """The figures of a vault that differ from the model's."""
    for query, theirs in zip(queries, figures, strict=True):
        figure, place = query.figure, query.place
        subject_of = (figure.name,) if figure is SNAPSHOT else (figure.name, *(about_of(figure, place) or ()))
        ours = ours_of[subject_of]
        refusals = isinstance(theirs, Refusal), isinstance(ours, Refusal)
        fine = same(theirs, ours, subject.refusals) if all(refusals) else theirs == ours
        if fine:
            continue
        if figure is SNAPSHOT and isinstance(theirs, tuple):
            for each in value_differences(SNAPSHOT.name, theirs, ours):
                yield ClauseDifference(difference(each.field, each.chain, each.model), (word_of(each.field),), True)
            continue
        about = f" of {place.account}" if figure.about in (ACCOUNT, POSITION) else ""
        mentions = (*mentioned(theirs, ours), VIEWS) if any(refusals) else (figure.name,)
        found = difference(f"{figure.name}{about}", theirs, ours)
        yield ClauseDifference(found, mentions, figure.is_state and not any(refusals), subject_of)


def places_of(model: Model, accounts: Sequence[AccountId], at: int) -> list[FigureSubject]:
    """The subjects of the figures of some accounts: each alone, with every perp and all that it holds; the markets."""
    state = model.vault.ledger
    perps = [market.perp(underlying) for underlying in range(len(state.risks))]
    found = [FigureSubject(at, account) for account in accounts]
    for account in accounts:
        held = dict.fromkeys([*perps, *instruments(state.holders[account])])
        found += [FigureSubject(at, account, instrument) for instrument in held]
    return (
        found
        + [FigureSubject(at, None, instrument) for instrument in perps]
        + ([] if accounts or perps else [FigureSubject(at)])
    )


def same(theirs: Refusal | None, ours: Refusal | None, how: str) -> bool:
    """Whether two refusals are the same, as far as the refusals of the vault are comparable."""
    if theirs is None or ours is None:
        return theirs is ours
    if how == ACCEPTED:
        return True
    return theirs == ours if how == EXACT else theirs.name == ours.name
