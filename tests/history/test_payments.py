"""Payments: their sums are the balances of the record, exactly, whatever is traded, sold, settled or lent."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crossvault.differential.step import VAULT
from crossvault.history.money_book import MoneyBook, MoneyMove, PositionMoney
from crossvault.history.playback import Playback
from crossvault.history.table_schema import BY_NAME
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import to_wad
from crossvault.mirror.fixed import WAD
from crossvault.mirror.market import perp
from crossvault.scenario import load
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from recorded import recorded

RAY = 10**27
OF_POSITIONS = {"realised pnl", "funding", "sold position"}
Rows = dict[str, list[dict[str, Any]]]


class Balances:
    """What parties have by the payments so far, compared with the states of a record."""

    def __init__(self, quote: str, tokens: dict[str, int]) -> None:
        self.quote, self.tokens = quote, tokens
        self.held: Counter[tuple[str, str, str]] = Counter()
        self.cash: dict[str, int] = {}
        self.principals: dict[str, str] = {}
        self.reasons: Counter[str] = Counter()

    def add(self, rows: Rows, state: dict[str, Any], collaterals: list[str]) -> None:
        """Adds the payments of a step and compares the accounts that the step names, and the insurance fund."""
        moved = set()
        for row in rows["payments"]:
            assert row["amount"] > 0
            self.reasons[row["what_for"]] += 1
            for side, sign in (("payer", -1), ("payee", 1)):
                self.held[row[f"{side}_kind"], row[side], row["token"]] += sign * row["amount"]
                is_cash = row["token"] == self.quote and row["what_for"] not in OF_POSITIONS
                if is_cash and row[f"{side}_kind"] == "account":
                    moved.add(row[side])
        shared = state["globals"]
        assert self.held["insurance", "insurance fund", self.quote] == int(shared["insurance_wad"])
        for each in state["accounts"]:
            self._compare(each, moved, shared, rows["positions"], collaterals)

    def _compare(self, each: Any, moved: set[str], shared: Any, positions: Any, collaterals: list[str]) -> None:
        name, image = each["account"], each["image"]
        if name in moved or self.principals.get(name, "0") != image["principal"]:
            principal = int(image["principal"])
            self.cash[name] = principal * int(shared["borrow_index" if principal < 0 else "supply_index"]) // RAY
        self.principals[name] = image["principal"]
        mine = [row for row in positions if row["account"] == name]
        costs = sum(row["cost"] for row in mine if row["kind"] != "collateral")
        quotes = sum(int(entry["quote"]) for entry in image["entries"])
        assert self.held["account", name, self.quote] == self.cash.get(name, 0) + quotes - costs
        for token, raw in zip(collaterals, image["balances"], strict=False):
            assert self.held["account", name, token] == to_wad(int(raw), self.tokens[token])


def balanced(path: Path) -> Balances:
    """Plays a record, comparing after every accepted step; at its end the tokens that the vault holds."""
    playback = Playback(path)
    header = playback.stream.header
    tokens = {name: decimals for name, decimals, _ in header["world"]["tokens"]}
    found, rows = Balances(playback.quote, tokens), defaultdict[int, Rows](lambda: defaultdict(list))
    for name, row in playback.rows():
        stems = [column.stem for column in BY_NAME[name].columns]
        rows[row[0]][name].append(dict(zip(stems, row, strict=True)))
    for text in path.read_text().splitlines()[1:-1]:
        body = json.loads(text)
        if body["model"]["refusal"] is None:
            found.add(rows[body["n"]], body["model"]["state"], header["collaterals"])
        else:
            assert set(rows[body["n"]]) - {"persons", "gains"} == {"steps"}  # those two are of the end, at its step
    for token, decimals in tokens.items():
        outside = sum(each for key, each in found.held.items() if key[0] in ("wallet", "issuer") and key[2] == token)
        assert -outside == to_wad(playback.model.tokens[token].balances[VAULT], decimals)
    return found


def test_the_payments_of_a_story_are_those_on_paper(tmp_path: Path) -> None:
    """The numbers in the comments of the story: 25 % of the account for 37.50, half of the rest for 56.25."""
    path = recorded(load("first-liquidation"), tmp_path / "run.jsonl")
    found, sales = balanced(path), []
    for name, row in Playback(path).rows():
        if name == "payments" and row[3] in ("bid", "sold cash", "realised pnl"):
            sales.append((row[3], row[5], row[7], row[9]))
    assert sales == [
        ("sold cash", "alice", "lin", 250 * 10**18),
        ("bid", "lin", "alice", 37_500_000_000_000_000_000),
        ("sold cash", "alice", "lou", 375 * 10**18),
        ("bid", "lou", "alice", 56_250_000_000_000_000_000),
        ("realised pnl", "ETH-PERP", "maker", 300 * 10**18),  # 15 ETH sold at 200, bought back at 180
        ("realised pnl", "alice", "ETH-PERP", 300 * 10**18),
    ]
    assert found.held["account", "alice", "USDC"] == 168_750_000_000_000_000_000


STORIES = ["short-strangle-into-crash", "funding-squeeze"]
SLOW_STORIES = [pytest.param(name, marks=pytest.mark.slow) for name in ("bad-debt", "expiry-day", "calendar-spread")]
BIG = pytest.param("black-thursday", marks=pytest.mark.campaign)


@pytest.mark.parametrize("name", [*STORIES, *SLOW_STORIES, BIG])
def test_the_payments_of_a_story_sum_to_its_balances(name: str, tmp_path: Path) -> None:
    assert balanced(recorded(load(name), tmp_path / "run.jsonl")).reasons


WALKS = [(1, 100), (2, 300), *(pytest.param(seed, 4_000, marks=pytest.mark.campaign) for seed in range(3, 9))]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "steps"), WALKS)
def test_the_payments_of_random_walks_sum_to_their_balances(seed: int, steps: int, tmp_path: Path) -> None:
    walk = OrderWalk(seed, steps) if seed % 2 else Walk(seed, steps)
    found = balanced(recorded(walk.story(), tmp_path / "run.jsonl"))
    assert {"deposit", "withdrawal", "realised pnl"} <= set(found.reasons)
    assert seed % 2 or {"interest", "rounding", "sold position", "bid"} <= set(found.reasons)


def test_what_a_position_realises_is_by_its_average_entry_price() -> None:
    """Random fills of one position and the same in fractions: apart by the floors of the costs; sums are exact."""
    random, instrument, alice = Random(5), perp(0), AccountId("alice")
    paid: list[MoneyMove] = []
    book = MoneyBook("USDC", lambda _: 0, paid.append)
    size, quotes, fills = 0, 0, 0
    average = Fraction(0)
    realised = Fraction(0)
    for _ in range(600):
        delta = -size if random.random() < 0.1 else random.randint(-5 * WAD, 5 * WAD)
        price = random.randint(WAD, 3_000 * WAD)
        if delta == 0:
            continue
        closed = min(abs(delta), abs(size)) if (delta < 0) != (size < 0) else 0
        realised += Fraction(closed if size > 0 else -closed, WAD) * (price - average)
        left = size + delta
        if closed == 0:
            average = (average * size + Fraction(price) * delta) / left
        elif abs(delta) > abs(size):
            average = Fraction(price)
        quote = -(delta * price // WAD)
        book.fill(alice, instrument, delta, quote, unrealised=quote)
        size, quotes, fills = left, quotes + quote, fills + 1
        held = book.account(alice)
        position = held.positions.get(instrument, PositionMoney())
        total = sum(move.amount_wad for move in paid if move.what_for == "realised pnl")
        assert total == held.cash_wad + position.quote - position.cost  # to the last digit
        assert position.size == size and abs(total - realised) <= 2 * fills
        assert abs(position.cost + average * size / WAD) <= 2 * fills
        assert quotes == held.cash_wad + position.quote
