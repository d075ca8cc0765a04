"""Events of the doors of accounts, on paper: a replay has nothing else."""

from typing import Any

from crossvault.differential import doors
from crossvault.differential.step import Outcome
from crossvault.mirror.evm import Call
from crossvault.mirror.fixed import WAD
from small_market import BROKER, EXPIRY, FUTURE, MAKER, PERP, TAKER, SmallMarket, accepted, trade


def events(outcome: Outcome) -> list[tuple[str, tuple[Any, ...]]]:
    """The events of an accepted step."""
    return [(each.name, each.values) for each in accepted(outcome).events]


def test_a_future_from_its_trade_to_its_settlement() -> None:
    """Bought at 1,500 and settled at 1,600: of 10,000 each 9,900 and 10,100 are left."""
    made = SmallMarket(maker=10_000, taker=10_000)
    [(name, values)] = events(made.attempt_call(BROKER, trade(FUTURE, 1, 1_500 * WAD)))
    assert (name, values[:6]) == ("Traded", (BROKER, MAKER, TAKER, FUTURE, WAD, 1_500 * WAD))
    sides = (10_000 * WAD, -WAD, 1_500 * WAD, 0), (10_000 * WAD, WAD, -1_500 * WAD, 0)
    assert tuple(tuple(each) for each in values[6:]) == sides
    for made.at in (EXPIRY - 1_800, EXPIRY):
        outcome = made.attempt(
            "feeder", doors.publish_price, underlying=0, index_wad=1_600 * WAD, premium_wad=0, confidence_wad=WAD,
            published_at=made.at,
        )  # fmt: skip
    assert events(outcome)[0] == ("ExpirySettled", ("feeder", 0, EXPIRY, 1_600 * WAD))
    settled = made.attempt("anyone", doors.settle, underlying=0, expiry=EXPIRY, accounts=(MAKER, TAKER))
    left = 9_900 * WAD, 10_100 * WAD
    assert events(settled) == [("Settled", ("anyone", 0, EXPIRY, (MAKER, TAKER), 1_600 * WAD, left))]


def test_cash_operators_and_the_fund() -> None:
    """10,000 and 5 are 10,005, less 2 are 10,003; 7 for the fund."""
    made = SmallMarket(maker=10_000)
    made.apply("maker", doors.mint, token="USDC", to="maker", amount_raw=12 * 10**6)
    came = made.attempt("maker", doors.deposit_cash, account=MAKER, amount_raw=5 * 10**6)
    assert events(came) == [("CashDeposited", ("maker", MAKER, 5 * 10**6, 10_005 * WAD))]
    left = made.attempt("maker", doors.withdraw_cash, account=MAKER, amount_raw=2 * 10**6, to="other")
    assert events(left) == [("CashWithdrawn", ("maker", MAKER, 2 * 10**6, "other", 10_003 * WAD))]
    home = made.attempt(BROKER, doors.withdraw_cash, account=MAKER, amount_raw=10**6, to="maker")
    assert events(home) == [("CashWithdrawn", (BROKER, MAKER, 10**6, "maker", 10_002 * WAD))]
    given = made.attempt("maker", doors.fund_insurance, amount_raw=7 * 10**6)
    assert events(given) == [("InsuranceFunded", ("maker", 7 * 10**6, 7 * WAD))]
    scoped = made.attempt("maker", doors.set_scopes, account=MAKER, operator=BROKER, scopes=1)
    assert events(scoped) == [("ScopesSet", ("maker", MAKER, BROKER, 1))]
    ended = made.attempt("maker", doors.set_operator, account=MAKER, operator=BROKER, allowed=False)
    assert events(ended) == [("OperatorSet", ("maker", MAKER, BROKER, False))]


def test_a_batch_ends_with_the_count_of_its_calls() -> None:
    made = SmallMarket(maker=10_000, taker=10_000)
    calls: list[Call] = [trade(PERP, 1, 1_500 * WAD), trade(PERP, -1, 1_500 * WAD)]
    names = [name for name, _ in events(made.attempt(BROKER, doors.batch, calls=calls))]
    assert names == ["Traded", "Traded", "Batched"]
    assert events(made.attempt(BROKER, doors.batch, calls=calls))[-1] == ("Batched", (BROKER, 2))
