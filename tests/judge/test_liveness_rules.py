"""Liveness: what fails maintenance can be sold; red on planted mistakes and shields, green without usable prices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from code_planting import planted_code
from crossvault.differential.model import Model
from crossvault.differential.step import account_id
from crossvault.judge.books import read_books
from crossvault.judge.stranger_trial import STRANGER, TrialResult, sold_to_stranger
from crossvault.mirror import liquidation_errors
from crossvault.mirror.auction import Auction
from crossvault.mirror.refusal import Refusal
from judged import Found, breaches, written
from small_scenarios import play

WAD = 10**18
WORLD = """\
name: failing
about: an account fails maintenance
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
    GOLD: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
  collaterals:
    BAR: {underlying: GOLD, decimals: 6, haircut initial: 20 %, haircut maintenance: 15 %}
prices:
  ETH: {at: {+0h: "2,000 USD", +1h: "1,850 USD", +2h: "1,750 USD", +3h: "1,750 USD", +4h: "1,750 USD"}}
  GOLD: {at: {+0h: 100 USD}}
insurance: 10,000 USDC
actors:
  maker: {kind: maker, deposits: ["100,000 USDC"]}
  alice: {deposits: ["20,000 USDC"], wallet: [50 BAR], positions: {ETH-PERP: 100 ETH}}
  lin: {deposits: ["100,000 USDC"]}
steps:
"""
SOLD = """\
  - {at: +1h, do: start liquidation, account: alice}
  - {at: +1h 10m, do: bid, account: alice, bidder: lin, fraction: 10 %}
  - {at: +2h, do: look}
  - {at: +4h, do: declare insolvent, account: alice}
"""
STARTED = "  - {at: +1h, do: start liquidation, account: alice, expect: any}\n"
INSOLVENT = "  - {at: +2h, do: start liquidation, account: alice, expect: any}\n"
_state, _end_sale = Auction.auction_state, Auction.end_sale


def red(found: list[Found]) -> list[tuple[str, str]]:
    """What is wrong, and the known weakness that it is."""
    return [(each.breach.what, each.breach.weakness) for each in found]


def _insolvent_passes(self: Auction, account: Any, *, now: int) -> Any:
    state = _state(self, account, now=now)
    state.margin_wad = 0 if state.equity_wad < 0 else state.margin_wad
    return state


def _refused(name: type[Refusal]) -> Callable[..., None]:
    def refuse(self: Any, *values: Any, **_: Any) -> None:
        raise name(*values[:1])

    return refuse


PLANTS: dict[str, tuple[str, str, Callable[..., Any], str]] = {
    "an insolvent account passes": (
        INSOLVENT, "auction_state", _insolvent_passes, "start_liquidation, NotLiquidatable",
    ),
    "an account is always on sale": (
        STARTED, "require_failing", _refused(liquidation_errors.NotUnderLiquidation), "bid, NotUnderLiquidation",
    ),
    "an auction never ends": (STARTED, "end_sale", lambda self, account: None, "end_liquidation, the auction goes on"),
}  # fmt: skip


def test_an_account_that_is_sold_breaks_no_rule_before_or_after(tmp_path: Path) -> None:
    assert red(breaches(written(tmp_path, WORLD + SOLD), "V21")) == []


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_breaks_its_rule(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, attribute, planted, how = PLANTS[name]
    monkeypatch.setattr(Auction, attribute, planted)
    found = red(breaches(written(tmp_path, WORLD + steps), "V21"))
    assert found
    assert all(what.endswith(how) and weakness == "" for what, weakness in found)


DUST = "  - {at: +1h, do: deposit, account: alice, amount: 0.000001 BAR}\n"


def test_a_token_of_no_worth_with_a_dead_feed_is_no_shield(tmp_path: Path) -> None:
    """GOLD stops at 0:00 and is stale from 2:00:01 on; at 1,750 alice has -5,000 and must have 8,750."""
    steps = DUST + "  - {at: +3h, do: start liquidation, account: alice}\n"
    text = WORLD.replace("insurance: 10,000 USDC", "insurance: 20,000 USDC") + steps
    assert red(breaches(written(tmp_path, text), "V21")) == []
    assert _tried(written(tmp_path, text)).is_closed


def test_a_dead_feed_that_stops_a_sale_is_red(tmp_path: Path) -> None:
    """Two hours of a day after its price was fresh, 85 of a million of 100 count 22 of 24 parts."""
    steps = DUST + "  - {at: +3h, do: start liquidation, account: alice, expect: {refused: StalePrice}}\n"
    with planted_code("crossvault.mirror.valuation", "    valued.stale = needed\n", ""):
        found = red(breaches(written(tmp_path, WORLD + steps), "V21"))
    what = f"alice fails maintenance by {13_750 * WAD - 85 * 10**12 * 22 // 24} wad"
    assert found[-1] == (f"{what}, and no stranger can sell it: start_liquidation, StalePrice", "")


def test_a_feed_that_an_account_hangs_on_may_keep_it_from_being_sold(tmp_path: Path) -> None:
    """50 BAR at 100, which may have become 200: 10,000, and alice fails by 4,250 without them."""
    steps = "  - {at: +1h, do: deposit, account: alice, amount: 50 BAR}\n"
    prices = '+2h: "1,850 USD", +3h: "1,850 USD", +4h: "1,850 USD"'
    text = WORLD.replace('+2h: "1,750 USD", +3h: "1,750 USD", +4h: "1,750 USD"', prices) + steps
    text += "  - {at: +3h, do: start liquidation, account: alice, expect: {refused: StalePrice}}\n"
    with planted_code("crossvault.mirror.valuation", "    valued.stale = needed\n", ""):
        assert red(breaches(written(tmp_path, text), "V21")) == []


def test_a_paused_vault_owes_no_sale(tmp_path: Path) -> None:
    steps = "  - {at: +1h, do: pause, by: guardian}\n"
    steps += "  - {do: start liquidation, account: alice, expect: {refused: VaultPaused}}\n"
    assert red(breaches(written(tmp_path, WORLD + steps), "V21")) == []


def test_an_insolvent_account_and_an_empty_fund_wait_for_the_fund(tmp_path: Path) -> None:
    text = WORLD.replace("insurance: 10,000 USDC\n", "") + INSOLVENT
    story = written(tmp_path, text)
    assert red(breaches(story, "V21")) == []
    assert _tried(written(tmp_path, text)) == TrialResult("bid", "InsuranceExhausted")


def test_a_trial_leaves_no_trace(tmp_path: Path) -> None:
    model, steps, _ = play(written(tmp_path, WORLD + STARTED))
    books, version = read_books(model), model.journal.version
    result = sold_to_stranger(model, account_id("alice"), books.account(account_id("alice")).sale, books.cash, model.at)
    assert result.is_closed
    assert read_books(model) == books
    assert account_id(STRANGER) not in model.vault.ledger.holders
    assert (model.journal.version, model.journal.entries, model.vault.events) == (version, [], ())
    assert steps[-1][1].refusal is None


def _tried(story: Any) -> TrialResult:
    model: Model = play(story)[0]
    books, alice = read_books(model), account_id("alice")
    return sold_to_stranger(model, alice, books.account(alice).sale, books.cash, model.at)
