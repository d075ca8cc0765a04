"""Caps of the vault on paper: what counts against each, what is refused one beyond it, and what no cap stops."""

from __future__ import annotations

import pytest

from crossvault.differential import doors
from crossvault.mirror.account import AccountId
from crossvault.mirror.authority_errors import NotScheduled
from crossvault.mirror.fixed import WAD
from crossvault.mirror.market_errors import CapExceeded, UnknownCap, UnknownCollateral, UnknownUnderlying
from crossvault.mirror.number_errors import ParameterOutOfRange
from small_market import BROKER, EXPIRY, FUTURE, MAKER, OTHER, PERP, TAKER, SmallMarket

OWNER = "governor"


def capped(what: str, amount: int, **wealth: int) -> SmallMarket:
    market = SmallMarket(**wealth)
    market.apply(OWNER, doors.enact_cap, what=what, number=0, amount=amount)
    return market


def interest(market: SmallMarket) -> int:
    return market.model.vault.ledger.caps.interests[0]


def refusal(market: SmallMarket, maker: AccountId, taker: AccountId, size: int, instrument: int = PERP) -> object:
    return market.attempt(
        BROKER, doors.trade, maker=maker, taker=taker, instrument=instrument, size=size * WAD,
        price_wad=market.mark(instrument),
    ).refusal  # fmt: skip


def test_open_interest_counts_a_trade_once_and_falls_where_both_sides_close() -> None:
    """5 opened: 5. Passed on by the taker to the other: 5. 2 closed by both: 3. Turned from 3 long to 1 short: 1."""
    market = SmallMarket(maker=100_000, taker=100_000, other=100_000)
    found = []
    for maker, taker, size in ((MAKER, TAKER, 5), (TAKER, OTHER, 5), (MAKER, OTHER, -2), (MAKER, OTHER, -4)):
        assert refusal(market, maker, taker, size) is None
        found.append(interest(market) // WAD)
    assert found == [5, 5, 3, 1]


def test_one_beyond_the_cap_of_open_interest_is_refused_and_a_reduction_above_it_is_not() -> None:
    market = capped("open interest", 5 * WAD, maker=100_000, taker=100_000, other=100_000)
    assert refusal(market, MAKER, TAKER, 5) is None
    assert refusal(market, MAKER, OTHER, 1) == CapExceeded("open interest", 0, 6 * WAD, 5 * WAD)
    assert refusal(market, TAKER, OTHER, 2) is None, "who closes makes room for who opens"
    market.apply(OWNER, doors.enact_cap, what="open interest", number=0, amount=WAD)
    assert refusal(market, MAKER, TAKER, -1) is None and interest(market) == 4 * WAD
    assert refusal(market, MAKER, TAKER, 1) == CapExceeded("open interest", 0, 5 * WAD, WAD)


def test_instruments_of_an_underlying_share_its_cap_and_keep_their_own_count_until_they_settle() -> None:
    """3 perps and 2 futures are 5. The long of the future settles first, then the short: 3 are left at the first."""
    market = capped("open interest", 5 * WAD, maker=100_000, taker=100_000)
    assert refusal(market, MAKER, TAKER, 3) is None and refusal(market, MAKER, TAKER, 2, FUTURE) is None
    assert refusal(market, MAKER, TAKER, 1, FUTURE) == CapExceeded("open interest", 0, 6 * WAD, 5 * WAD)
    longs = market.model.vault.ledger.caps.longs
    assert (longs[PERP], longs[FUTURE]) == (3 * WAD, 2 * WAD)
    market.at = EXPIRY
    market.publish_index(1500)
    for account in (TAKER, MAKER):
        market.apply("anyone", doors.settle, underlying=0, expiry=EXPIRY, accounts=(account,))
        assert (interest(market), longs[FUTURE]) == (3 * WAD, 0)


def test_what_is_borrowed_counts_against_its_cap_and_a_loss_does_not_stop_at_it() -> None:
    """10 perps from 1500 to 2000: 5,000 of profit beside 5,000 of cash. 6,000 withdrawn is a loan of 1,000."""
    market = capped("borrowing", 1_000 * WAD - 1, maker=100_000, taker=5_000)
    assert refusal(market, MAKER, TAKER, 10) is None
    market.publish_index(2000)

    def withdrawal(usd: int) -> object:
        return market.attempt("taker", doors.withdraw_cash, account=TAKER, amount_raw=usd * 10**6, to="taker").refusal

    assert withdrawal(6_000) == CapExceeded("borrowing", 0, 1_000 * WAD, 1_000 * WAD - 1)
    for change in (doors.CAP.schedule, doors.CAP.enact):
        market.apply(OWNER, change, what="borrowing", number=0, amount=1_000 * WAD)
    assert withdrawal(6_000) is None
    assert withdrawal(1) == CapExceeded("borrowing", 0, 1_001 * WAD, 1_000 * WAD)
    market.apply(OWNER, doors.enact_cap, what="borrowing", number=0, amount=1)
    market.publish_index(1900)
    assert refusal(market, MAKER, TAKER, -10) is None, "a reduction pays its loss, whatever is borrowed"
    market.apply("taker", doors.mint, token="USDC", to="taker", amount_raw=10**6)
    market.apply("taker", doors.deposit_cash, account=TAKER, amount_raw=10**6)


def test_a_tighter_cap_acts_at_once_and_a_looser_one_as_announced() -> None:
    market = SmallMarket(maker=100_000)
    for amount in (7, 5):
        market.apply(OWNER, doors.enact_cap, what="borrowing", number=0, amount=amount)
    for amount in (6, 0):
        assert (
            market.attempt(OWNER, doors.enact_cap, what="borrowing", number=0, amount=amount).refusal == NotScheduled()
        )
        market.apply(OWNER, doors.schedule_cap, what="borrowing", number=0, amount=amount)
        market.apply(OWNER, doors.enact_cap, what="borrowing", number=0, amount=amount)
    empty = SmallMarket()
    for amount in (5, 6, 0):
        empty.apply(OWNER, doors.enact_cap, what="borrowing", number=0, amount=amount)


@pytest.mark.parametrize(
    ("what", "number", "refused"),
    [
        ("open interests", 0, UnknownCap("open interests")),
        ("open interest", 1, UnknownUnderlying(1)),
        ("collateral", 0, UnknownCollateral(0)),
        ("borrowing", 1, ParameterOutOfRange("number", 1, 0, 0)),
    ],
)
def test_a_cap_on_what_is_not_there_is_refused(what: str, number: int, refused: object) -> None:
    for door in (doors.schedule_cap, doors.enact_cap):
        assert SmallMarket().attempt(OWNER, door, what=what, number=number, amount=1).refusal == refused
