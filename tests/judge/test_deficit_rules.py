"""Rules of deficits and of what covers them: red by their number on a planted mistake and on the attack stories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossvault.mirror import cash, fixed, liquidation_errors
from crossvault.mirror.auction import Auction
from crossvault.mirror.liquidation import Sale
from crossvault.scenario import load
from judged import Found, breaches, written
from places import CASES

WAD = 10**18
DEBT = """\
name: debt
about: an account ends below zero and is sold with the help of the fund, while another borrows
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  interest: {min rate: 10 %, low slope: 4 %, high slope: 60 %, optimal utilisation: 80 %, reserve factor: 50 %}
  underlyings:
    ETH: {heartbeat: 31 days, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
  collaterals:
    WETH: {decimals: 18, underlying: ETH, haircut initial: 20 %, haircut maintenance: 15 %}
prices:
  ETH: {at: {+0h: "2,000 USD", +1h: "1,780 USD"}}
insurance: 3,000 USDC
actors:
  maker: {kind: maker, deposits: ["100,000 USDC"]}
  alice: {deposits: ["20,000 USDC"], positions: {ETH-PERP: 100 ETH}}
  bob: {deposits: [10 WETH]}
  lin: {deposits: ["100,000 USDC"]}
steps:
  - {do: withdraw, account: bob, amount: "5,000 USDC"}
  - {at: +1h, do: start liquidation, account: alice}
  - {do: bid, account: alice, bidder: lin, fraction: 50 %}
  - {at: +1h 1s, do: withdraw, account: maker, amount: 1 USDC}
  - {at: +1 day, do: withdraw, account: maker, amount: 1 USDC}
"""
RULES = ("V17", "V18", "V34")
_indexes = cash.indexes


def _never_lowered(self: Auction, sale: Sale, equity_wad: int) -> None:
    sale.deficit_wad = fixed.max(0, -equity_wad)
    self.ledger.cash.deficit_wad += sale.deficit_wad


def _half_noted(self: Auction, sale: Sale, equity_wad: int) -> None:
    deficit_wad = fixed.max(0, -equity_wad) // 2
    self.ledger.cash.deficit_wad += deficit_wad - sale.deficit_wad
    sale.deficit_wad = deficit_wad


def _all_interest(self: Any, *, now: int) -> cash.Indexes:
    found = _indexes(self, now=now)
    return found._replace(reserve_wad=2 * found.reserve_wad)


def _any_deficit(self: Any) -> None:
    if self.deficit_wad > 0:
        raise liquidation_errors.DeficitOpen(self.deficit_wad, self.insurance_wad)


PLANTS: dict[str, tuple[str, Any, str, Callable[..., Any]]] = {
    "the sum is never lowered": ("V17", Auction, "note_deficit", _never_lowered),
    "half of a deficit is noted": ("V17", Auction, "note_deficit", _half_noted),
    "the reserve counts twice": ("V18", cash, "indexes", _all_interest),
    "a deficit that the fund covers locks": ("V34", cash, "require_covered", _any_deficit),
}
STORIES = {
    "cent-stops-all": {("V34", "cent-stops-all")},
    "run-before-note": {("V17", "run-before-note")},
    "phantom-insurance": {("V17", "run-before-note"), ("V18", "phantom-insurance"), ("V34", "cent-stops-all")},
    "attacks/recovered-confiscated": {("V34", "cent-stops-all")},
}


def story(name: str) -> list[Found]:
    """The breaches of the rules of deficits in an attack story."""
    return breaches(load(name if "/" in name else str(CASES / "attacks" / f"{name}.scenario.yaml")), *RULES)


def test_a_deficit_that_is_noted_and_covered_breaks_no_rule(tmp_path: Path) -> None:
    assert breaches(written(tmp_path, DEBT), *RULES) == []


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_breaks_its_rule(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number, owner, attribute, planted = PLANTS[name]
    monkeypatch.setattr(owner, attribute, planted)
    text = DEBT.replace("amount: 1 USDC}", "amount: 1 USDC, expect: any}")
    found = breaches(written(tmp_path, text), *RULES)
    assert number in {each.number for each in found if not each.breach.weakness}


@pytest.mark.parametrize("name", STORIES)
def test_an_attack_story_is_red_by_its_rules(name: str) -> None:
    assert {(each.number, each.breach.weakness) for each in story(name)} == STORIES[name]


def test_the_deficits_that_are_not_noted_are_shown_in_money() -> None:
    """100 ETH fall from 2,000 to 1,500 on 20,000 of cash; the fund is empty; 70,000 of 85,000 that are held leave."""
    [found] = story("run-before-note")
    assert found.breach.what.startswith(
        f"withdrawn while deficits of {30_000 * WAD} wad are not noted, beside 0 that are"
    )
    assert found.breach.money_wad == 30_000 * 70_000 * WAD // 85_000
    assert found.step.action == "withdraw_cash"


def test_a_lock_names_the_hole_and_what_is_left_behind() -> None:
    """0.01 ETH fall by 202 on 2 of cash: -0.02; one of a million is withdrawn."""
    first = next(each for each in story("cent-stops-all") if each.number == "V34")
    assert first.breach.what == (
        f"carol may not withdraw {WAD} wad for a hole of {2 * WAD // 100}, and leaves {999_999 * WAD} behind"
    )
