"""Margin checks of accounts from a ledger: probes and mirror return equal margins and refusals."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from books import changed_books
from crossvault.mirror import verdict
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.margin import Book
from inputs import AMOUNT, SIZE, VALUE
from ledgers import Drawn, Setup, draw_call, state
from probing import Probes, assert_equal, started
from test_books import on_ledger

# arguments


def draw_both(random: Random) -> Drawn:
    """Two states of an account."""
    drawn = draw_changed(random)
    return {"self": drawn["self"], "a": drawn["self"].owned[0].image, "b": drawn["former"]}


def draw_changed(random: Random) -> Drawn:
    """An account, and its state before some cash, balances and positions changed."""
    drawn = draw_call(random)
    held = drawn["self"].owned[0].image
    principal = random.choice([held.principal, VALUE.draw(random)])
    balances = tuple(random.choice([each, each, AMOUNT.draw(random)]) for each in held.balances)
    kept = [each for each in held.entries if random.random() < 0.8]
    entries = tuple(each._replace(size=SIZE.draw(random) or 1) if random.random() < 0.3 else each for each in kept)
    return {**drawn, "former": Image(principal, held.mode, balances, entries)}


def draw_account(random: Random) -> Drawn:
    books = changed_books(random)
    return {"account": AccountId("alice"), "valued": books["self"], "before": books["before"]}


def draw_debt(random: Random) -> Drawn:
    return {"account": AccountId("alice"), "equity_wad": VALUE.draw(random), "before_wad": VALUE.draw(random)}


# results


def changes(self: Setup, a: Image, b: Image) -> list[bool]:
    return verdict.changes(state(self), a, b)


def require_no_fall(self: Setup, account: AccountId, former: Image, now: int) -> tuple[()]:
    verdict.require_no_fall(state(self), account, former, now=now)
    return ()


def require_no_rise(self: Setup, account: AccountId, former: Image, now: int) -> tuple[()]:
    verdict.require_no_rise(state(self), account, former, now=now)
    return ()


def require_equity(account: AccountId, valued: Book, before: Book) -> tuple[()]:
    verdict.require_equity(account, valued, before)
    return ()


def require_no_debt(account: AccountId, equity_wad: int, before_wad: int) -> tuple[()]:
    verdict.require_no_debt(account, equity_wad, before_wad)
    return ()


VERDICT: dict[str, tuple[Any, Any]] = {
    "changes": (draw_both, changes),
    "requireInitial": (draw_call, on_ledger(verdict.require_initial)),
    "requireBidder": (draw_call, on_ledger(verdict.require_bidder)),
    "requireNoFall": (draw_changed, require_no_fall),
    "requireNoRise": (draw_changed, require_no_rise),
    "requireEquity": (draw_account, require_equity),
    "requireNoDebt": (draw_debt, require_no_debt),
}
BUFFERS: dict[str, tuple[Any, Any]] = {
    "freshBook": (draw_call, on_ledger(verdict.fresh_book)),
    "initialMargin": (draw_call, on_ledger(verdict.initial_margin)),
    "maintenance": (draw_call, on_ledger(verdict.maintenance)),
    "equity": (draw_call, on_ledger(verdict.equity)),
}

VERDICTS = {"ProbeVerdict": VERDICT, "ProbeBuffer": BUFFERS}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize(
    ("probe", "function"), [(probe, name) for probe, table in VERDICTS.items() for name in table], ids=str
)
def test_probe_and_mirror_reach_the_same_verdict(probes: Probes, probe: str, function: str) -> None:
    parameters, mirror = VERDICTS[probe][function]
    assert_equal(probes, probe, function, parameters, mirror)
