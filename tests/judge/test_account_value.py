"""The judge's valuation of accounts equals the margin metrics of the vault: to the wei, options within their error."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from crossvault import scenario
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.story import Story
from crossvault.fuzz.task import opening
from crossvault.judge.account_value import AccountValue, account_value
from crossvault.judge.books import Books, read_books
from crossvault.mirror.account import AccountId
from crossvault.mirror.valuation import Metrics
from crossvault.walks.position_limits import PositionLimits
from crossvault.walks.random_walk import Walk

CALL, PUT = 3, 4
EXACT = ("equity_wad", "initial_equity_wad", "maintenance_equity_wad")
BRACKETED = ("initial_requirement_wad", "maintenance_requirement_wad")


def valued_steps(story: Story, every: int) -> Iterator[tuple[Books, int, AccountId, AccountValue, Metrics]]:
    """Changed accounts after each step of a story, and all accounts after every so many, by judge and vault."""
    model, books = Model(story.world), None
    for number, (step, _) in zip(count(), driven(story.steps(model), model.apply)):
        last, books = books, read_books(model, books)
        accounts = list(books.accounts)
        if number % every and last:
            accounts = [each for each in accounts if last.accounts.get(each) is not books.accounts[each]]
        for account, shown in zip(accounts, model.metrics(accounts, step.at), strict=True):
            yield books, step.at, account, account_value(books, account, step.at), shown


def has_options(books: Books, account: AccountId) -> bool:
    return any(each.instrument >> 136 & 0xFF in (CALL, PUT) for each in books.account(account).positions)


def assert_equal(story: Story, every: int = 20) -> int:
    """Compares all values of a story, and returns how many; without options they are exact once interest is stored."""
    compared = 0
    for books, at, account, judged, shown in valued_steps(story, every):
        for name, bracket in zip((*EXACT, *BRACKETED), judged.figures, strict=True):
            assert bracket.holds(getattr(shown, name)), (story.name, account, at, name, bracket, getattr(shown, name))
        if books.account(account).mode == 0 and not has_options(books, account):
            assert judged.initial_requirement.low == judged.initial_requirement.high
            assert judged.maintenance_requirement.low == judged.maintenance_requirement.high
            if at == books.cash.accrued_at or books.account(account).principal == 0:
                assert all(bracket.low == bracket.high for bracket in judged.figures)
        compared += 1
    return compared


@pytest.mark.parametrize("seed", [2, 3])
def test_random_walks_are_valued_as_by_the_vault(seed: int) -> None:
    assert assert_equal(Walk(seed, 150).story()) > 200


@pytest.mark.parametrize("name", ["covered-call", "expiry-day", "funding-squeeze", "bad-debt", "portfolio-mode"])
def test_shipped_scenarios_are_valued_as_by_the_vault(name: str) -> None:
    assert assert_equal(scenario.load(name)) > 10


@pytest.mark.campaign
@pytest.mark.parametrize(
    "story",
    [
        *(lambda seed=seed: Walk(seed, 1_500).story() for seed in range(20, 28)),
        *(lambda task=task: task.story() for task in opening(1)),
        lambda: PositionLimits(1, 0).story(),
    ],
)
def test_long_walks_and_set_pieces_are_valued_as_by_the_vault(story: Callable[[], Story]) -> None:
    assert assert_equal(story(), every=50) > 10
