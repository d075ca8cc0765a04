"""Rules of a fair sale: red by their number on a planted mistake and on the attack stories, green on a fair auction.

The auction on paper: alice holds 100 ETH bought at 2,000 and 20,000 of cash; at 1,850 she has E = 5,000 and must have
9,250; 25 % of buffer more. f_max = 6,562.5 / (6,562.5 + 5,000 d + R (1 - d)), R what bidders have paid.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossvault import run
from crossvault.differential.drive import driven
from crossvault.differential.ending import BrokenInvariant
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.judge.judge import Judge
from crossvault.mirror import account as accounts, cash, fixed, ledger, liquidation
from crossvault.mirror.auction import Auction
from crossvault.scenario import load
from crossvault.walks.random_walk import Walk
from judged import Found, breaches, written
from places import CASES

WAD = 10**18
AUCTION = """\
name: auction
about: a solvent auction that runs out of value, and a sale with the help of the fund
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  underlyings:
    ETH: {heartbeat: 5h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
prices:
  ETH: {at: {+0h: "2,000 USD", +1h: "1,850 USD", +2h: "1,700 USD"}}
insurance: 30,000 USDC
actors:
  maker: {kind: maker, deposits: ["100,000 USDC"]}
  alice: {deposits: ["20,000 USDC"], positions: {ETH-PERP: 100 ETH}}
  bob: {deposits: ["20,000 USDC"], positions: {ETH-PERP: 10 ETH}}
  carol: {deposits: ["9,000 USDC"], wallet: [1 USDC]}
  lin: {deposits: ["100,000 USDC"]}
steps:
"""
FAIR = """\
  - {at: +1h, do: start liquidation, account: alice}
  - {do: bid, account: alice, bidder: lin, fraction: 10 %}
  - {at: +1h 10m, do: bid, account: alice, bidder: lin, fraction: 10 %}
  - {at: +2h, do: declare insolvent, account: alice}
  - {at: +2h 10m, do: bid, account: alice, bidder: lin, fraction: 30 %}
  - {do: withdraw, account: carol, amount: 10 USDC}
  - {at: +2h 20m, do: bid, account: alice, bidder: lin}
"""
SOLD_OUT = """\
  - {at: +1h, do: start liquidation, account: alice}
  - {at: +1h 10m, do: bid, account: alice, bidder: lin, fraction: 100 %}
"""
HEALTHY = "  - {at: +1h, do: start liquidation, account: bob}\n"
OWN = """\
  - {at: +1h, do: allow operator, account: alice, operator: carol}
  - {do: deposit, account: alice, amount: 1 USDC, by: carol}
  - {do: start liquidation, account: alice}
  - {at: +1h 10m, do: bid, account: alice, bidder: carol, fraction: 1 %}
"""
RULES = ("V5", "V22", "V23", "V24", "V25", "V28")


def strict(found: list[Found]) -> set[str]:
    """The numbers of breaches that are no known weakness."""
    return {each.number for each in found if not each.breach.weakness}


def _stranger_pays_less(self: Auction, account: Any, bidder: Any, cost_wad: int, *, now: int) -> None:
    third = next(each for each in self.ledger.holders if each not in (account, bidder))
    ledger.add_cash(self.ledger, third, -WAD, now=now)
    ledger.add_cash(self.ledger, bidder, WAD - cost_wad, now=now)
    if cost_wad < 0:
        return cash.draw_insurance(self.ledger.cash, -cost_wad)
    ledger.add_cash(self.ledger, account, cost_wad, now=now)
    if self.ledger.sales[account].insolvent_at == 0:
        self.ledger.sales[account].reserved_wad += cost_wad
    return None


def _half_of_quotes(value: int, fraction_wad: int) -> int:
    moved = abs(value) * fraction_wad // WAD // 2
    return moved if value >= 0 else -moved


_payout, _move_part, _max_fraction = liquidation.payout, ledger.move_part, liquidation.max_fraction


def _reserve_sold(self: Any, source: Any, target: Any, fraction_wad: int, *rest: int, now: int) -> None:
    _move_part(self, source, target, fraction_wad, 0, rest[1], now=now)


PLANTS: dict[str, tuple[str, str, Any, str, Callable[..., Any]]] = {
    "a third party pays": ("V5", FAIR, Auction, "pay", _stranger_pays_less),
    "the price counts the discount twice": (
        "V22", FAIR, liquidation, "price",
        lambda value, d: fixed.mul_div_up(fixed.mul_div_up(value, d, WAD), d, WAD),
    ),
    "a discount ahead of time": (
        "V22", FAIR, liquidation, "discount", lambda terms, secs: terms.knee_wad if secs < 3_600 else 0,
    ),
    "all is sold": ("V23", SOLD_OUT, liquidation, "max_fraction", lambda *_: WAD),
    "reserved cash is sold": ("V23", FAIR, ledger, "move_part", _reserve_sold),
    "the owner's operator buys": ("V24", OWN, Auction, "require_stranger", lambda *_, **__: None),
    "the payout is doubled": ("V25", FAIR, liquidation, "payout", lambda *args: 2 * _payout(*args)),
    "half of everything is moved": ("V28", FAIR, fixed, "part", _half_of_quotes),
    "more than the largest part": (
        "V28", SOLD_OUT, liquidation, "max_fraction", lambda *args: _max_fraction(*args) + 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("steps", [FAIR, SOLD_OUT, OWN[: OWN.rindex("  -")]])
def test_a_fair_auction_breaks_no_rule(tmp_path: Path, steps: str) -> None:
    assert breaches(written(tmp_path, AUCTION + steps), *RULES) == []


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_breaks_its_rule(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number, steps, owner, attribute, planted = PLANTS[name]
    monkeypatch.setattr(owner, attribute, planted)
    assert number in strict(breaches(written(tmp_path, AUCTION + steps), *RULES))


def test_an_account_that_meets_maintenance_is_not_put_up_for_sale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Auction.auction_state

    def poorer(self: Auction, account: accounts.AccountId, *, now: int) -> Any:
        state = own(self, account, now=now)
        state.margin_wad -= 20_000 * WAD
        return state

    monkeypatch.setattr(Auction, "auction_state", poorer)
    [found] = breaches(written(tmp_path, AUCTION + HEALTHY), "V23")
    # 20,000 of cash, 10 ETH at a loss of 150 each; 5 % of 18,500 is required
    assert found.breach.what == f"bob is put up for sale with a maintenance margin of {17_575 * WAD} wad"


@pytest.mark.parametrize("seed", [1, 2])
def test_honest_walks_break_rules_of_sales_only_by_known_weaknesses(seed: int) -> None:
    found = breaches(Walk(seed, 300).story(), *RULES, "V17", "V18", "V21", "V34", full=False)
    assert [each for each in found if not each.breach.weakness] == []


def test_a_run_counts_known_weaknesses_with_their_money() -> None:
    """30,000 of deficits are not noted while 70,000 of 85,000 leave."""
    ran = run(str(CASES / "attacks" / "run-before-note.scenario.yaml"), chain=False)
    assert ran.failure is None
    money_wad = 30_000 * 70_000 * WAD // 85_000
    assert ran.to_dict()["known_weaknesses"]["V17"] == {"count": 1, "money_wad": str(money_wad)}


def test_a_judge_may_stop_at_a_known_weakness() -> None:
    story = load(str(CASES / "attacks" / "cent-stops-all.scenario.yaml"))
    model, judge = Model(story.world), Judge(how="strict")

    def applied(step: Step) -> Outcome:
        judge.before(step, model)
        outcome = model.apply(step)
        judge.after(step, outcome, model)
        return outcome

    with pytest.raises(BrokenInvariant, match="V34"):
        for _ in driven(story.steps(model), applied):
            pass
