"""V33: prints, funding, windows and settlements by paper; a stored number that is one off is red."""

from collections.abc import Callable

import pytest

from code_planting import planted_code
from crossvault.differential import doors
from crossvault.judge.books import PriceBook
from crossvault.judge.price_rules import observed, printed
from crossvault.mirror.cash import Interest
from crossvault.mirror.fixed import WAD
from crossvault.mirror.oracle import PriceGuard
from judged_market import ALICE, BOB, DAY, DELAY, EXPIRY, FEEDER, GOVERNOR, HOUR, RISK, JudgedMarket

GUARD = PriceGuard(max_jump=WAD // 10, confirm_secs=60, stable_rate=WAD // 10_000)
Act = Callable[[JudgedMarket], list[str]]


def after_print(market: JudgedMarket, usd: int, secs: int = 0) -> PriceBook:
    """The price after a print so many seconds later, as the judge has it and as the vault stores it."""
    market.at += secs
    args = {"index_wad": usd * WAD, "premium_wad": 0, "confidence_wad": WAD, "published_at": market.at}
    due = printed(market.books.underlyings[0], args, market.at)
    market.price(usd)
    assert market.books.underlyings[0].price == due
    return due


def test_a_jump_waits_for_a_second_print_that_comes_late_enough() -> None:
    """2,200 is 10 % above 2,000 and passes; 2,421 is more than 10 % above it and waits 60 s for a print near itself."""
    market = JudgedMarket(GUARD)
    first = market.at
    assert after_print(market, 2_200, 10).index_wad == 2_200 * WAD
    waiting = after_print(market, 2_421, 10)
    assert (waiting.index_wad, waiting.pending, waiting.pending_at) == (2_200 * WAD, 2_421 * WAD, first + 20)
    assert after_print(market, 2_500, 59) == waiting  # near the first, and too early
    confirmed = after_print(market, 2_500, 1)
    assert (confirmed.index_wad, confirmed.pending, confirmed.pending_at) == (2_500 * WAD, 0, 0)
    # held: 2,000 for 10 s and 2,200 for 70 s; the stable price rises by 0.1 % in 10 s, and by 0.7 % in 70 s
    assert confirmed.cumulative - 2_000 * WAD * 10 == 2_200 * WAD * 70
    assert confirmed.stable == 2_002 * WAD + 2_002 * WAD * 7 // 1_000


def test_a_jump_elsewhere_waits_anew() -> None:
    market = JudgedMarket(GUARD)
    assert after_print(market, 3_000).pending == 3_000 * WAD
    other = after_print(market, 1_000, 60)
    assert (other.pending, other.pending_at, other.index_wad) == (1_000 * WAD, market.at, 2_000 * WAD)
    back = after_print(market, 2_100, 1)
    assert (back.pending, back.index_wad) == (0, 2_100 * WAD)


def test_an_expiry_settles_at_the_average_of_its_window() -> None:
    """2,000 for 20 minutes and 2,300 for 10: 2,100."""
    market = JudgedMarket()
    market.at = EXPIRY - 600
    market.price(2_300)
    market.at = EXPIRY + 5
    market.price(9_999)
    curve = market.books.curve(0, EXPIRY)
    assert curve is not None and curve.settlement == 2_100 * WAD and market.books.underlyings[0].expiries == ()
    assert market.do(doors.settle, "anyone", underlying=0, expiry=EXPIRY, accounts=(ALICE, BOB)) == []


def test_a_window_without_a_print_settles_at_the_last_price() -> None:
    market = JudgedMarket()
    listed = market.books.underlyings[0]
    curve = market.books.curve(0, EXPIRY)
    assert curve is not None
    assert observed(curve, listed.price, EXPIRY, EXPIRY - 1_801) == curve
    begun = observed(curve, listed.price, EXPIRY, EXPIRY - 1_800)
    assert begun.start_cumulative == 2_000 * WAD * (EXPIRY - 1_800 - listed.price.published_at) and not begun.settlement
    assert observed(curve, listed.price, EXPIRY, EXPIRY + DAY).settlement == 2_000 * WAD


def test_funding_runs_from_print_to_print() -> None:
    """0.01 % of 2,000 per 8 hours: 0.025 in an hour, at a premium of 20 1 % and 0.01 %, capped at 1 %: 2.5."""
    market = JudgedMarket()
    market.at += HOUR
    assert market.do(
        doors.publish_price, FEEDER, underlying=0, index_wad=2_000 * WAD, premium_wad=20 * WAD, confidence_wad=WAD,
        published_at=market.at,
    ) == []  # fmt: skip
    assert market.books.underlyings[0].track.index_ray == 25 * 10**24
    market.at += HOUR
    assert market.price(2_000) == []
    assert market.books.underlyings[0].track.index_ray == 2_525 * 10**24


def test_new_risk_parameters_accrue_funding_by_the_old_ones() -> None:
    market = JudgedMarket()
    risk = RISK._replace(funding_base=0)
    assert market.do(doors.schedule_risk, GOVERNOR, underlying=0, risk=risk) == []
    market.at += HOUR
    assert market.do(doors.enact_risk, GOVERNOR, underlying=0, risk=risk) == []
    assert market.books.underlyings[0].track == (25 * 10**24, market.at)


def borrow(market: JudgedMarket) -> list[str]:
    """Alice borrows 5,000 against 10 WETH at 100 % a year; a day later cash moves."""
    rate = Interest(min_rate=WAD)
    found = market.do(doors.schedule_interest, GOVERNOR, interest=rate)
    market.at += DELAY
    found += market.do(doors.enact_interest, GOVERNOR, interest=rate)
    loan = doors.withdraw_cash(market.at, ALICE.owner, account=ALICE, amount_raw=105_000 * 10**6, to=ALICE.owner)
    found += market.accepted(loan)
    market.at += DAY
    return found + market.do(doors.deposit_cash, BOB.owner, account=BOB, amount_raw=1)


def test_interest_compounds() -> None:
    """e^x of x = 1/365 = 0.00273972603: x + x^2 / 2 + x^3 / 6 = 0.00273972603 + 0.00000375305 + 0.00000000343."""
    market = JudgedMarket()
    assert borrow(market) == []
    assert market.books.cash.borrow_index // 10**18 == 1_002_743_482


DEPOSITED = "custody", '        self.emit("CashDeposited"'
MISTAKES: dict[str, tuple[str, str, str, Act]] = {
    "interest on interest": (
        "cash", "    self.borrow_index = now_.borrow\n", "    self.borrow_index = now_.borrow + 10**12\n", borrow,
    ),
    "interest that is not accrued": (
        "cash", "    if now == self.accrued_at:\n        return False", "    return False", borrow,
    ),
    "a print without its premium": ("oracle", "    self.premium = premium_wad\n", "", lambda m: dearer(m)),
    "the sum of prices": (
        "oracle", "self.cumulative = accumulated(self, published_at)", "self.cumulative = 0", lambda m: later(m),
    ),
    "a forward with another rate": ("oracle", "    self.rate = rate_wad\n", "", lambda m: rated(m)),
    "an expiry that stays open": ("feed", "if curve.settlement == 0:", "if True:", lambda m: ended(m)),
    "a deposit that moves a price": (
        *DEPOSITED, f"        self.ledger.prices[0].index += 1\n{DEPOSITED[1]}", lambda m: paid(m),
    ),
    "a deposit that moves an expiry": (
        *DEPOSITED, f"        self.ledger.curves[{EXPIRY}].forward += 1\n{DEPOSITED[1]}", lambda m: paid(m),
    ),
}  # fmt: skip


def paid(m: JudgedMarket) -> list[str]:
    return m.do(doors.deposit_cash, ALICE.owner, account=ALICE, amount_raw=1)


def dearer(m: JudgedMarket) -> list[str]:
    return m.do(
        doors.publish_price, FEEDER, underlying=0, index_wad=2_000 * WAD, premium_wad=WAD, confidence_wad=WAD,
        published_at=m.at,
    )  # fmt: skip


def later(m: JudgedMarket) -> list[str]:
    m.at += 1
    return m.price(2_000)


def rated(m: JudgedMarket) -> list[str]:
    return m.do(
        doors.publish_forward, FEEDER, underlying=0, expiry=EXPIRY, forward_wad=2_000 * WAD, rate_wad=1,
        confidence_wad=WAD, published_at=m.at,
    )  # fmt: skip


def ended(m: JudgedMarket) -> list[str]:
    m.at = EXPIRY
    return m.price(2_000)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_number_that_no_print_made_is_red(name: str) -> None:
    module, was, becomes, act = MISTAKES[name]
    market = JudgedMarket()
    with planted_code(f"crossvault.mirror.{module}", was, becomes):
        assert "V33" in act(market), market.found
