"""A clause of the specification: the needs of it, the steps that are about it, its cases, and what shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crossvault.conform.step_context import StepContext
from crossvault.differential.step import Action

ACCEPTANCE = "accepted"
EVENTS = "events"
VIEWS = "views"
ARGUMENTS = ("bid_cost_wad", "discount_wad", "buffer_margin_wad")
"""Figures that no view returns, only arguments of refusals."""

Condition = Callable[[StepContext], bool]


class ClauseCase(NamedTuple):
    """A case of a clause, and when a step shows it. needs: a door or a capability; without it there is no such case."""

    name: str
    when: Condition
    needs: str = ""


class Clause(NamedTuple):
    """A sentence of the specification that states one thing.

    needs: the capability without which it is not searched. when: whether a step is about it. shows: the figures, words
    of the state, refusals, events, `accepted` and `views` in which a difference of it shows. doors: whose refusals
    alone are meant. cases: all of which have to be reached; none: the clause is its only case. refuses: whether it
    states a refusal.
    """

    section: str
    text: str
    needs: str
    when: Condition
    shows: tuple[str, ...]
    doors: tuple[Action, ...] = ()
    cases: tuple[ClauseCase, ...] = ()
    refuses: bool = False


def event(name: str) -> str:
    """The word for a difference in the events of a name."""
    return f"event {name}"


def done(*actions: Action) -> Condition:
    """Steps through some doors that the model accepts."""
    return lambda m: m.step.action in actions and not m.refused


def refused(name: str, *actions: Action) -> Condition:
    """Steps that the model refuses by a name, through some doors or any."""
    return lambda m: m.refused == name and (not actions or m.step.action in actions)


def both(one: Condition, other: Condition) -> Condition:
    """Steps that meet two conditions."""
    return lambda m: one(m) and other(m)


def by_door(when: Condition, *actions: Action) -> tuple[ClauseCase, ...]:
    """A case for each of some doors, where there are several."""
    if len(actions) < 2:
        return ()
    return tuple(ClauseCase(each.replace("_", " "), both(when, _through(each)), each) for each in actions)


def _through(action: Action) -> Condition:
    return lambda m: m.step.action == action


def refusal(section: str, text: str, needs: str, name: str, *doors: Action) -> Clause:
    """A clause that a refusal shows, with a case for each of its doors."""
    when = refused(name, *doors)
    return Clause(section, text, needs, when, (name, ACCEPTANCE), doors, by_door(when, *doors), True)
