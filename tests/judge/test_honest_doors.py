"""Honest steps break no rule of doors and prices, but for the actions at which a weakness is known."""

import pytest

from crossvault import scenario
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.evm.compiler import compile_contracts
from crossvault.fuzz.pieces import BOUNDS, CORNERS, DESKS, LIMITS, PIECES, POINTS, SHIPPED
from crossvault.judge.books import read_books
from crossvault.judge.moment import Moment
from crossvault.judge.rulebook import RuleBook
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from judged_market import OWN


def breaches(story: Story) -> list[str]:
    """What the steps of a story break, known weaknesses apart."""
    model, book, found = Model(story.world), RuleBook.opened(story.world), list[str]()
    books, number = read_books(model), 0

    def judged(step: Step) -> Outcome:
        nonlocal book, books, number
        outcome, before, number = model.apply(step), books, number + 1
        books = read_books(model, before)
        moment = Moment(step, outcome, before, books, book, number, model)
        rules = [rule for rule in OWN if step.action not in rule.known]
        found.extend(f"{number}: {rule.number} {breach.what}" for rule in rules for breach in rule.check(moment))
        book = book.after(step, outcome)
        return outcome

    for _ in driven(story.steps(model), judged):
        pass
    assert number > 10
    return found


def test_a_walk_and_a_walk_of_orders_keep_to_the_book() -> None:
    assert breaches(Walk(7, 60).story()) == breaches(OrderWalk(3, 60).story()) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_longer_walks_keep_to_the_book(seed: int) -> None:
    assert breaches(Walk(seed, 400).story()) == breaches(OrderWalk(seed, 200).story()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenarios_keep_to_the_book(name: str) -> None:
    assert breaches(scenario.load(name)) == []


@pytest.mark.campaign
@pytest.mark.parametrize("name", [BOUNDS, CORNERS, DESKS, LIMITS, POINTS])
def test_set_pieces_keep_to_the_book(name: str) -> None:
    assert breaches(PIECES[name].story(3, compile_contracts())) == []
