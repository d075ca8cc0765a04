"""Two sides of one step -> what vault and model say differently, as far as the vault can be compared. No tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from crossvault.conform.adapter import ACCEPTED, EXACT
from crossvault.conform.clauses import ACCEPTANCE, EVENTS
from crossvault.conform.deployed_subject import FigureQuery, VaultAnswer
from crossvault.conform.figures import ACCOUNT, POSITION, WHOLE, FigureSubject
from crossvault.conform.subject import Subject
from crossvault.differential.compare import value_differences
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal

_FIGURES = {
    "adjusted_equity_wad": ("initial_equity_wad", "mark_wad"),
    "requirement_wad": ("initial_requirement_wad", "mark_wad"),
    "margin_wad": ("mark_wad",),
    "low_wad": ("band_wad",),
}
"""The figures that a refusal's argument is made of."""


class ClauseDifference(NamedTuple):
    """What vault and model say differently. speaks: refusals, figures or kinds that name the clauses it may be of.

    kept: whether the two stand at different places from here on.
    """

    label: str
    theirs: Any
    ours: Any
    speaks: tuple[str, ...]
    kept: bool

    def __str__(self) -> str:
        both = all(isinstance(each, int) and not isinstance(each, bool) for each in (self.theirs, self.ours))
        wei = f"  (vault less model: {self.theirs - self.ours:+d})" if both else ""
        return f"{self.label}: vault {self.theirs}, model {self.ours}{wei}"


def kind_of(difference: ClauseDifference) -> str:
    """A difference without the account and the numbers in it."""
    return difference.label.split(" of ")[0]


def compared(
    subject: Subject, model: Model, outcome: Outcome, heard: VaultAnswer, questions: Sequence[FigureQuery]
) -> Iterator[ClauseDifference]:
    """The differences between what the vault made of a step and what the model did."""
    yield from _refusals(subject, heard.refusal, outcome.refusal)
    ours = tuple(event for event in outcome.events if event.name in subject.events)
    if heard.events != ours and not (heard.refusal or outcome.refusal):
        yield ClauseDifference(EVENTS, heard.events, ours, (EVENTS,), False)
    yield from figures_compared(subject, model, questions, heard.told)


def _refusals(subject: Subject, theirs: Refusal | None, ours: Refusal | None) -> Iterator[ClauseDifference]:
    if same(theirs, ours, subject.refusals):
        return
    names = spoken(theirs, ours)
    if (theirs is None) != (ours is None):
        yield ClauseDifference(ACCEPTANCE, theirs or "accepts", ours or "accepts", (*names, ACCEPTANCE), True)
    else:
        yield ClauseDifference("refusal", theirs, ours, names, False)


def spoken(*refusals: Any) -> tuple[str, ...]:
    """What refusals speak of: themselves, and the figures that they give."""
    known = [each for each in refusals if isinstance(each, Refusal)]
    figures = [figure for each in known for name in each.fields for figure in _FIGURES.get(name, ())]
    return (*(each.name for each in known), *dict.fromkeys(figures))


def figures_compared(
    subject: Subject, model: Model, questions: Sequence[FigureQuery], told: Sequence[Any]
) -> Iterator[ClauseDifference]:
    """The figures that are not what the model says."""
    for question, theirs in zip(questions, told, strict=True):
        figure, place = question.figure, question.place
        ours = figure.model(model, place)
        if isinstance(theirs, Refusal) and isinstance(ours, Refusal):
            fine = same(theirs, ours, subject.refusals)
        else:
            fine = theirs == ours
        if not fine and figure is WHOLE and isinstance(theirs, tuple):
            for each in value_differences(WHOLE.name, theirs, ours):
                yield ClauseDifference(each.field, each.chain, each.model, (WHOLE.name,), True)
        elif not fine:
            about = f" of {place.account}" if figure.about in (ACCOUNT, POSITION) else ""
            words = (figure.name, *spoken(theirs, ours))
            yield ClauseDifference(f"{figure.name}{about}", theirs, ours, words, figure.kept)


def places_of(model: Model, accounts: Sequence[AccountId], at: int) -> list[FigureSubject]:
    """What is asked about some accounts: each alone, with every perp and with all that it holds; then the markets."""
    state = model.vault.ledger
    perps = [market.perp(underlying) for underlying in range(len(state.risks))]
    found = [FigureSubject(at, account) for account in accounts]
    for account in accounts:
        held = dict.fromkeys([*perps, *state.holders[account].instruments])
        found += [FigureSubject(at, account, instrument) for instrument in held]
    return (
        found
        + [FigureSubject(at, None, instrument) for instrument in perps]
        + ([] if accounts or perps else [FigureSubject(at)])
    )


def same(theirs: Refusal | None, ours: Refusal | None, how: str) -> bool:
    """Whether two refusals are the same, as far as the vault's are comparable."""
    if theirs is None or ours is None:
        return theirs is ours
    if how == ACCEPTED:
        return True
    return theirs == ours if how == EXACT else theirs.name == ours.name
