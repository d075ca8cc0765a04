"""Alarms of the attack search: each reads what a hand-written attack moves, by arithmetic on paper, alone."""

from collections.abc import Sequence
from contextlib import nullcontext

import pytest

from code_planting import planted_code, planted_mirror
from crossvault.attack.attack_play import AttackPlay
from crossvault.attack.market_draw import DAYS, WAD, MarketDraw, SilentSpan, drawn_market
from crossvault.attack.market_opening import (
    ALICE,
    BROKER,
    COALITION,
    LENDER,
    LIQUIDATOR,
    MAKER,
    MATCHER,
    OLDT,
    WETH,
    instruments,
)
from crossvault.attack.price_path import ETH, START_AT, print_of
from crossvault.differential import doors
from crossvault.differential.step import Step
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.store import Store
from honest_plays import honest_steps
from judged_margin import plant
from judged_money import recipients_unchecked, reductions_unchecked, waiting_uncounted

LONG, SHORT, _ = COALITION
PERP = market.perp(ETH)
LATER = START_AT + 600


def calm(**changed: object) -> MarketDraw:
    """A market in which nothing happens but what is stated."""
    plain = drawn_market(1)._replace(
        rates="plain", every_secs=600, order="no liquidator", jump="none", trend_bps=0, misprint="none",
        confirm_secs=0, pause=SilentSpan(), dead=SilentSpan(), fund_usd=0, has_interest=False, has_funding=False,
        has_old=False, has_bar=False, has_cap=False, has_dated=False, has_portfolio=False, has_agent=False,
    )  # fmt: skip
    return plain._replace(**changed)  # type: ignore[arg-type]  # fields by name, of several types


class Played:
    """An opened market, in which acts of the coalition are executed by hand."""

    def __init__(self, draw: MarketDraw) -> None:
        self.play = AttackPlay(draw)

    def act(self, *steps: Step) -> None:
        """Executes acts that are accepted."""
        for step in steps:
            self.play.state.at = step.at
            assert self.play.execute(step, True), (step, self.play.refused)

    def print(self, at: int, usd: int, true_usd: int | None = None) -> None:
        """A print of ETH; true_usd: the true price, where it is another."""
        true_wad = {ETH: (usd if true_usd is None else true_usd) * WAD}
        self.play.happen(at, (print_of(at, ETH, usd * WAD),), true_wad)

    def readings(self) -> dict[str, int]:
        """The largest reading of each alarm in whole USDC, down."""
        found: dict[str, int] = {}
        for (alarm, *_), (money_wad, _, _) in self.play.state.found.items():
            found[alarm] = max(found.get(alarm, 0), money_wad // WAD)
        return found

    def circumstances(self, alarm: str) -> list[str]:
        """The circumstances in which an alarm was read."""
        return [key.circumstance for key in self.play.state.found if key.alarm == alarm]


def pay(at: int, account: AccountId, usd: int) -> Step:
    return doors.deposit_cash(at, account.owner, account=account, amount_raw=usd * 10**6)


def take(at: int, account: AccountId, usd: int) -> Step:
    return doors.withdraw_cash(at, MATCHER, account=account, amount_raw=usd * 10**6, to=account.owner)


def trade(at: int, taker: AccountId, maker: AccountId, eth: int, usd: int, instrument: int = PERP) -> Step:
    sender = BROKER if maker == MAKER else MATCHER
    return doors.trade(at, sender, maker=maker, taker=taker, instrument=instrument, size=eth * WAD, price_wad=usd * WAD)


def pair(at: int, usd: int = 2_000) -> Sequence[Step]:
    """Two accounts that pay in 20,000 each, and 100 ETH between them."""
    return pay(at, LONG, 20_000), pay(at, SHORT, 20_000), trade(at, LONG, SHORT, 100, usd)


def test_closing_into_debt_is_profit_and_debt_to_the_dollar() -> None:
    played = Played(calm())
    played.act(*pair(START_AT))
    played.print(LATER, 1_840)
    assert played.readings() == {}
    # the long has 20,000 - 16,000 = 4,000; at 1,748 it loses 9,200 more, of which its twin gains all
    with reductions_unchecked():
        played.act(trade(LATER, SHORT, LONG, 100, 1_748))
    assert played.readings() == {"profit": 5_200, "debt": 5_200}
    assert played.circumstances("debt") == ["trade"]


def test_a_pair_that_opens_at_a_price_that_another_one_will_replace_gains_the_gap() -> None:
    played = Played(calm(confirm_secs=60))
    played.print(LATER, 1_500)  # waits: -25 %
    with waiting_uncounted():
        played.act(*pair(LATER))
    # at 1,500 the long is at -30,000 and owes no more than it has; the short has 70,000
    assert played.readings() == {"profit": 30_000, "debt": 30_000}
    assert all("while a print waits" in each for each in played.circumstances("profit"))


def test_a_loan_at_a_misprint_gains_what_the_collateral_lacks() -> None:
    played = Played(calm())
    played.print(LATER, 4_000, true_usd=2_000)
    ten = doors.deposit_collateral(LATER, LONG.owner, account=LONG, collateral=WETH, amount_raw=10 * 10**18)
    played.act(ten, take(LATER, LONG, 32_000))  # 20 % off 40,000; true: 20,000
    assert played.readings()["profit"] == 12_000


@pytest.mark.parametrize(("confirm_secs", "weakness"), [(0, "misprint-without-a-guard"), (600, "")])
def test_a_loan_at_a_misprint_is_stated_only_where_no_guard_could_hold_it_back(
    confirm_secs: int, weakness: str
) -> None:
    draw = calm(misprint="spike", misprint_at=1)
    played = Played(draw)
    played.play.draw = draw._replace(confirm_secs=confirm_secs)  # the print is believed all the same
    played.print(LATER + 2, 4_000, true_usd=2_000)
    ten = doors.deposit_collateral(LATER + 2, LONG.owner, account=LONG, collateral=WETH, amount_raw=10 * 10**18)
    played.act(ten, take(LATER + 2, LONG, 32_000))
    assert {key.weakness for key in played.play.state.found if key.alarm == "profit"} == {weakness}


def test_a_named_operator_is_no_shield() -> None:
    played = Played(calm(fund_usd=20_000))
    played.act(pay(START_AT, LONG, 20_000), trade(START_AT, LONG, MAKER, 100, 2_000))
    played.print(LATER, 1_890)  # 9,000 of equity, 9,450 are required
    played.play.watch()
    assert played.readings() == {}
    played.act(doors.set_operator(LATER, LONG.owner, account=LONG, operator=LIQUIDATOR.owner, allowed=True))
    played.play.watch()
    played.act(doors.start_liquidation(LATER, SHORT.owner, account=LONG))
    played.print(LATER + 60, 1_890)
    played.play.watch()
    assert played.readings() == {}


@pytest.mark.parametrize("shields", [False, True])
def test_a_token_of_a_dead_feed_is_no_shield_unless_its_price_stops_a_sale(shields: bool) -> None:
    planted = (
        planted_code("crossvault.mirror.valuation", "    valued.stale = needed\n", "") if shields else nullcontext()
    )
    with planted:
        found = _failing_with_old()
    assert found == (["a sale is refused: StalePrice"] if shields else [])


def _failing_with_old() -> list[str]:
    """Circumstances of the alarm of shields, where an account that fails holds one raw unit of a dead feed."""
    played = Played(calm(has_old=True))
    played.act(pay(START_AT, LONG, 20_000), trade(START_AT, LONG, MAKER, 100, 2_000))
    played.act(doors.deposit_collateral(START_AT, LONG.owner, account=LONG, collateral=OLDT, amount_raw=1))
    played.play.watch()
    assert played.readings() == {}
    played.print(START_AT + 7_200, 1_890)
    played.play.watch()
    return played.circumstances("shield")


@pytest.mark.parametrize(("eth", "locks"), [(1, True), (100, False)])
def test_a_lock_is_one_of_dust(eth: int, locks: bool) -> None:
    played = Played(calm())
    played.act(pay(START_AT, LONG, 200 * eth), trade(START_AT, LONG, MAKER, eth, 2_000))
    played.print(LATER, 1_790)  # each ETH lacks 10
    played.act(doors.start_liquidation(LATER, SHORT.owner, account=LONG))
    played.play.watch()
    assert ("lock" in played.readings()) is locks


def test_cash_that_leaves_before_a_debt_is_noted_is_a_hole() -> None:
    played = Played(calm())
    played.act(*pair(START_AT))
    played.print(LATER, 1_500)
    played.act(trade(LATER, SHORT, MAKER, 100, 1_500), take(LATER, SHORT, 10_000))
    assert played.readings()["hole"] == 10_000
    assert played.circumstances("hole") == ["withdraw cash, before the note"]


def test_realised_profit_that_leaves_while_the_loss_is_open_is_a_drain() -> None:
    played = Played(calm(every_secs=DAYS))
    for account in (LONG, SHORT):
        raw = 10 * 10**18
        played.act(doors.deposit_collateral(START_AT, account.owner, account=account, collateral=WETH, amount_raw=raw))
        played.act(pay(START_AT, account, 40_000))
    played.act(trade(START_AT, LONG, SHORT, 200, 2_000))
    played.print(LATER, 2_200)  # 40,000 are realised by the long, and open with the maker
    played.act(trade(LATER, LONG, MAKER, -200, 2_200), take(LATER, LONG, 50_000))
    assert played.readings() == {"drain": 40_000}


def test_loans_against_one_cap_per_account_are_split() -> None:
    played = Played(calm(has_cap=True))
    for account in (LONG, SHORT):
        raw = 10 * 10**18
        played.act(doors.deposit_collateral(START_AT, account.owner, account=account, collateral=WETH, amount_raw=raw))
        played.act(take(START_AT, account, 8_000))  # 80 % of a cap of 10,000
    assert played.readings() == {"split": 8_000}


def test_a_leg_that_goes_in_a_pause_raises_a_requirement() -> None:
    played = Played(calm(has_dated=True))
    future = instruments(played.play.draw)[1]
    played.act(pay(START_AT, LONG, 40_000), trade(START_AT, LONG, MAKER, 50, 2_000))
    played.act(trade(START_AT, LONG, MAKER, -50, 2_000, future))
    played.play.happen(LATER, (doors.pause(LATER, "guardian"),), {ETH: 2_000 * WAD})
    with planted_mirror(plant("unhedged-in-a-pause")):
        played.act(trade(LATER, LONG, MAKER, 50, 2_000, future))
    assert played.readings() == {"paused": 8_000}  # 1 % of both legs of 100,000 before, 10 % of one after


UNTIL = "    until_at = fixed.min(now, price.published_at + risk.heartbeat_secs)\n"


@pytest.mark.parametrize(("until", "readings"), [(UNTIL, {}), ("    until_at = now\n", {"idle": 1_000})])
def test_funding_of_a_dead_feed_is_read_at_the_next_print(until: str, readings: dict[str, int]) -> None:
    """Of a vault whose funding goes on without its feed alone."""
    played = Played(calm(has_funding=True, dead=SilentSpan(2, 3)))
    played.act(pay(START_AT, SHORT, 40_000), trade(START_AT, SHORT, MAKER, -100, 2_020))
    heartbeat_secs = played.play.draw.heartbeat_secs
    # 0.5 % of 2,000 in eight hours, for 100 ETH: 1,000; eight hours without a price
    with planted_code("crossvault.mirror.ledger", UNTIL, until):
        played.print(START_AT + heartbeat_secs + 8 * 3_600, 2_000)
    assert played.readings() == readings


def test_a_bid_leaves_the_discount_of_seconds_in_which_bids_could_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that counts all seconds, as before it was mended, leaves more after a pause."""
    monkeypatch.setattr(Store, "clock_from", lambda self, account, *, now: self.ledger.sales[account].clock_at)
    for pause, profit in ((SilentSpan(), 0), (SilentSpan(2, 10), 1)):
        played = Played(calm(pause=pause))
        played.act(pay(START_AT, LONG, 40_000))
        played.print(LATER, 1_880)  # alice: 90 ETH, 20,000 - 10,800
        bought_at = START_AT + 12 * 600 + 1
        played.print(LATER + 1, 1_870)
        played.act(doors.start_liquidation(LATER + 1, LONG.owner, account=ALICE))
        played.print(bought_at, 1_870)
        played.act(doors.bid(
            bought_at, LONG.owner, account=ALICE, bidder=LONG, fraction_wad=WAD, limit_wad=10**40
        ))  # fmt: skip
        assert ("profit" in played.readings()) is bool(profit)


def test_what_an_operator_takes_for_itself_is_profit() -> None:
    played = Played(calm(has_agent=True))
    with recipients_unchecked():
        played.act(doors.withdraw_cash(START_AT, MATCHER, account=LENDER, amount_raw=10**9, to=LONG.owner))
    assert played.readings() == {"profit": 1_000}
    assert played.circumstances("profit") == ["withdraw cash, as operator"]


def test_honest_steps_gain_nothing_in_markets_with_guards_and_pauses() -> None:
    counted = honest_steps(range(30), 1_500)
    assert counted.steps >= 1_500
    assert counted.most_wad["gain"] <= 10**12  # a millionth of a dollar: roundings
    assert not counted.most_wad.keys() & {"profit", "debt", "shield", "lock"}


def test_the_true_price_of_a_drawn_market_is_not_its_misprint() -> None:
    played = Played(calm())
    played.print(LATER, 2_200, true_usd=2_000)
    played.act(pay(LATER, LONG, 20_000), pay(LATER, SHORT, 20_000), trade(LATER, LONG, SHORT, 90, 2_200))
    assert played.readings() == {}  # the pair is worth what it paid in
