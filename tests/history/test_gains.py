"""Who gained and who lost: the numbers of small stories are those on paper, and every sum is exact."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from crossvault.history import gain_ledger
from crossvault.history.gain_flows import COLLATERAL, SOURCES, UNPAID, FlowSums, person
from crossvault.history.money_book import INSURANCE, LENDING, ROUNDING, Party
from crossvault.history.opposing_sides import OpposingSides
from crossvault.mirror.collateral import to_wad
from crossvault.mirror.fixed import WAD
from crossvault.scenario import load
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from gained import GainedStory, flows, gained
from places import CASES
from small_scenarios import HEAD, scenario_file

SHIPPED = [
    "bad-debt", "calendar-spread", "covered-call", "expiry-day", "first-liquidation", "funding-squeeze",
    "portfolio-mode", "quickstart", "short-strangle-into-crash", "testnet",
]  # fmt: skip
ATTACKS = sorted((CASES / "attacks").glob("*.scenario.yaml"))

TRADERS = """
prices: {ETH: {at: {+0h: 200 USD, +1h: 210 USD, +2h: 220 USD}}}
actors:
  alice: {deposits: ["1,000 USDC"]}
  bob: {deposits: ["1,000 USDC"]}
  carol: {deposits: ["1,000 USDC"]}
  dave: {deposits: [1 WETH]}
insurance: 50 USDC
steps:
  - {do: trade, maker: bob, taker: alice, instrument: ETH-PERP, size: 10 ETH, price: 202 USD}
  - {at: +1h, do: trade, maker: alice, taker: carol, instrument: ETH-PERP, size: 10 ETH, price: 209 USD}
  - {do: withdraw, account: dave, amount: 0.5 WETH}
  - {do: withdraw, account: carol, amount: 5 USDC, to: bob}
  - {at: +2h, do: withdraw, account: bob, amount: 1 USDC}
"""


def usd(amount: int | str) -> int:
    """An amount of quote [wad]."""
    return int(Fraction(amount) * WAD)


def test_gains_of_trades_collateral_and_gifts_are_those_on_paper(tmp_path: Path) -> None:
    found = gained(load(scenario_file(tmp_path, HEAD + TRADERS))).gains
    assert flows(found) == {
        ("trades", "bob", "alice"): usd(80),  # 10 * (210 - 202), while alice held it
        ("trades", "alice", "carol"): usd(10),  # sold at 209, marked at 210
        ("trades", "bob", "carol"): usd(100),  # 10 * (220 - 210): bob is short against carol from then on
        ("prices of collateral", COLLATERAL.name, "dave"): usd(15),  # 0.5 * (210 - 200) + 0.5 * (220 - 200)
        ("gifts", "carol", "bob"): usd(5),
        ("insurance fund", "governor", INSURANCE.name): usd(50),
    }
    rows = {each.name: each for each in found.persons}
    assert [each.name for each in found.persons] == ["carol", "alice", "dave", "governor", "bob"]
    assert rows["bob"][1:] == (usd(1_000), usd(6), usd(1_000 - 180 - 1)) and rows["bob"].gain_wad == usd(-175)
    assert rows["dave"][1:] == (usd(200), usd(105), usd(110))
    assert found.fund_wad == usd(50)


def test_the_gains_of_the_first_liquidation_are_those_on_paper() -> None:
    """40 ETH fall by 20; a quarter worth 50 is sold for 37.50, half of the rest, worth 75, for 56.25."""
    found = gained(load("first-liquidation")).gains
    assert flows(found) == {
        ("trades", "alice", "maker"): usd(800), ("auctions", "alice", "lin"): usd("12.5"),
        ("auctions", "alice", "lou"): usd("18.75"), ("insurance fund", "governor", INSURANCE.name): usd(1_000),
    }  # fmt: skip


def test_debts_that_are_left_are_gains_paid_by_none_yet(tmp_path: Path) -> None:
    """One sells 20 ETH at 190 of 200 and then ETH rises by 55: of 1,300 of loss it has paid in 1,000."""
    steps = """
prices: {ETH: {at: {+0h: 200 USD, +1h: 255 USD}}}
actors:
  long: {deposits: ["1,000 USDC"], person: both}
  short: {deposits: ["1,000 USDC"], person: both}
steps:
  - {do: trade, maker: short, taker: long, instrument: ETH-PERP, size: 20 ETH, price: 190 USD}
"""
    played = gained(load(scenario_file(tmp_path, HEAD + steps)))
    [both] = played.gains.persons
    assert both.gain_wad == usd(300) and flows(played.gains) == {("unpaid debt", UNPAID.name, "both"): usd(300)}
    apart = played.ledger.gains({})
    assert flows(apart) == {
        ("trades", "short", "long"): usd(1_300), ("unpaid debt", UNPAID.name, "short"): usd(300),
    }  # fmt: skip
    assert {each.name: each.gain_wad for each in apart.persons} == {"long": usd(1_300), "short": usd(-1_000)}


def require_exact(played: GainedStory) -> None:
    """Requires each sum to be exact: worth by the figures of the contracts, tokens by the wallets."""
    found, model, persons = played.gains, played.model, played.story.persons
    worth_wad: Counter[str] = Counter()
    debts_wad = 0
    for account in list(model.vault.ledger.holders):
        [metrics] = model.metrics([account], model.at)
        worth_wad[persons.get(account.owner, account.owner)] += max(0, metrics.equity_wad)
        debts_wad += max(0, -metrics.equity_wad)
    rows = {each.name: each for each in found.persons}
    assert {name: each.worth_wad for name, each in rows.items() if each.worth_wad} == +worth_wad
    sources = {each.name: found.sources.get(person(each.name), Counter()).total() for each in found.persons}
    assert sources == {name: row.worth_wad - row.paid_in_wad + row.taken_out_wad for name, row in rows.items()}
    others = found.others
    assert sum(sources.values()) + sum(others.values()) == 0
    assert others.get(INSURANCE, 0) == found.fund_wad and others.get(UNPAID, 0) == -debts_wad
    for party in (LENDING, ROUNDING):  # the vault keeps what rounding leaves, of each movement a few wei
        assert 0 <= others.get(party, 0) <= 8 * len(played.done)
    assert all(each.amount_wad > 0 and each.payer != each.payee for each in found.flows)


def require_wallets(played: GainedStory) -> None:
    """Requires what persons of a story of quote alone pay in and take out to be what their wallets lack."""
    model, persons = played.model, played.story.persons
    [token] = model.tokens.values()
    lacking_raw: Counter[str] = Counter()
    for step, outcome in played.done:
        if step.action == "mint" and outcome.refusal is None:
            lacking_raw[persons.get(step.args["to"], step.args["to"])] += step.args["amount_raw"]
    for name, balance_raw in token.balances.items():
        lacking_raw[persons.get(name, name)] -= balance_raw
    for each in played.gains.persons:
        assert each.paid_in_wad - each.taken_out_wad == to_wad(lacking_raw[each.name], token.decimals())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_gains_of_a_shipped_story_are_exact(name: str) -> None:
    played = gained(load(name))
    require_exact(played)
    if len(played.model.tokens) == 1:
        require_wallets(played)


@pytest.mark.skipif(not ATTACKS, reason="there are no attack stories")
def test_the_gains_of_attacks_are_exact() -> None:
    for path in ATTACKS:
        require_exact(gained(load(str(path)), is_whole=False))


WALKS = [
    (OrderWalk, 1, 100), (Walk, 50, 200),
    *(pytest.param(Walk, seed, 4_000, marks=pytest.mark.campaign) for seed in range(3, 9)),
    *(pytest.param(OrderWalk, seed, 1_000, marks=pytest.mark.campaign) for seed in range(3, 6)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "seed", "steps"), WALKS)
def test_the_gains_of_random_walks_are_exact(kind: type[Walk | OrderWalk], seed: int, steps: int) -> None:
    require_exact(gained(kind(seed, steps).story()))


@pytest.fixture(scope="module")
def varied() -> GainedStory:
    """A walk in which every source has a flow."""
    for seed in range(50, 100):
        played = gained(Walk(seed, 300).story())
        if {each.source for each in played.gains.flows} == set(SOURCES):
            return played
    raise AssertionError("no walk has a flow of every source")


@pytest.mark.parametrize("source", SOURCES)
def test_a_missing_source_is_found(source: str, varied: GainedStory, monkeypatch: pytest.MonkeyPatch) -> None:
    add = FlowSums.add

    def forgetful(self: FlowSums, name: str, payee: Party, payer: Party, amount_wadray: int) -> None:
        if name != source:
            add(self, name, payee, payer, amount_wadray)

    monkeypatch.setattr(FlowSums, "add", forgetful)
    with pytest.raises(AssertionError):
        _ = varied.gains


def test_a_source_that_a_step_forgets_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(gain_ledger.SOURCE_OF, "bid")
    with pytest.raises(AssertionError, match="'lin': -37500000000000000000"):
        _ = gained(load("first-liquidation")).gains


def test_each_side_of_a_position_is_held_by_one_other() -> None:
    """Random exchanges: what an owner holds is of one sign and sums to its position; the two of a pair are opposite."""
    random, sides, names = Random(3), OpposingSides(), "abcdef"
    positions, values = Counter[str](), Counter[str]()
    for _ in range(3_000):
        buyer, seller = random.sample(names, 2)
        size, mark = random.randint(-9, 9) * random.randint(0, 9), random.randint(1, 9)
        positions[buyer] += size
        positions[seller] -= size
        changes = sides.exchange(buyer, seller, size)
        for each in changes:  # joining others moves no value
            values[each.owner] += each.size * mark
            values[each.other] -= each.size * mark
        assert not any(values.values())
        for name in names:
            held = sides.held(name)
            assert sum(held.values()) == positions[name]
            assert all(held.values()) and len({size > 0 for size in held.values()}) < 2
            assert all(sides.held(other)[name] == -size for other, size in held.items())
    assert len({frozenset(each[:2]) for each in sides.all()}) == len(list(sides.all())) > 1


def test_the_oldest_side_is_left_first() -> None:
    sides = OpposingSides()
    sides.exchange("alice", "bob", 3)
    sides.exchange("alice", "carol", 4)
    sides.exchange("dave", "alice", 5)
    assert dict(sides.held("alice")) == {"carol": 2}
    assert dict(sides.held("dave")) == {"bob": 3, "carol": 2}
