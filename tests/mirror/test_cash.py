"""Laws of cash: no rounding favours an account, and a transfer between accounts creates no cash."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from crossvault.mirror import cash
from crossvault.mirror.cash import Pool
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import RAY, WAD
from crossvault.mirror.liquidation_errors import DeficitOpen, InsuranceExhausted
from laws import LAW, amounts, exact, high, ratios, values

NOW = 1_700_000_000
indexes = st.one_of(st.just(RAY), st.integers(RAY, 1000 * RAY))


def pool(supply_index: int = RAY, borrow_index: int = RAY) -> Pool:
    self = Pool(UndoLog())
    self.supply_index, self.borrow_index, self.accrued_at = supply_index, borrow_index, NOW
    return self


@LAW
@given(values, indexes, indexes)
def test_a_round_trip_never_gains_and_loses_less_than_two_units_of_principal(
    wanted: int, supply: int, borrow: int
) -> None:
    self = pool(supply, borrow)
    came = cash.present(self, cash.principal_of(self, wanted, now=NOW), now=NOW)
    index = Fraction(borrow if wanted < 0 else supply, RAY)
    assert wanted - 1 - index < came <= wanted
    principal = cash.principal_of(self, cash.present(self, wanted, now=NOW), now=NOW)
    assert wanted - 1 <= principal <= wanted


@LAW
@given(st.integers(1, 2**120), indexes)
def test_debts_round_up_and_credits_down(amount: int, index: int) -> None:
    self = pool(index, index)
    quotient = exact(amount, index, RAY)
    assert 0 <= quotient - cash.present(self, amount, now=NOW) < 1
    assert 0 <= -cash.present(self, -amount, now=NOW) - quotient < 1
    assert cash.present(self, -amount, now=NOW) == -high(quotient)


@LAW
@given(values, values, st.integers(-(2**100), 2**100), indexes, indexes)
def test_moving_cash_creates_none(first: int, second: int, delta: int, supply: int, borrow: int) -> None:
    """V3: two accounts hold no more after a transfer between them than before; at the first index the same."""
    self = pool(supply, borrow)
    before = cash.present(self, first, now=NOW) + cash.present(self, second, now=NOW)
    moved = cash.moved(self, first, -delta, now=NOW), cash.moved(self, second, delta, now=NOW)
    after = sum(cash.present(self, each, now=NOW) for each in moved)
    worst = 2 * (1 + Fraction(max(supply, borrow), RAY))
    assert before - worst < after <= before
    if supply == borrow == RAY:
        assert after == before


@LAW
@given(values, indexes, indexes)
def test_moving_zero_changes_nothing(principal: int, supply: int, borrow: int) -> None:
    assert cash.moved(pool(supply, borrow), principal, 0, now=NOW) == principal


@LAW
@given(ratios, st.integers(0, 10 * WAD), amounts)
def test_the_depeg_rate_is_the_missing_price_times_the_factor(threshold: int, factor: int, price: int) -> None:
    rate = cash.depeg_rate(cash.DepegTerms(0, threshold, factor), price)
    assert rate == high(exact(max(0, threshold - price), factor, WAD))


def test_the_depeg_rate_on_paper() -> None:
    """(0.98 - 0.30) * 1.2 = 0.816."""
    assert cash.depeg_rate(cash.DepegTerms(0, 98 * WAD // 100, 12 * WAD // 10), 3 * WAD // 10) == 816 * WAD // 1000


@LAW
@given(amounts, amounts)
def test_the_insurance_fund_pays_up_to_its_balance(held: int, needed: int) -> None:
    self = pool()
    self.insurance_wad = held
    if needed > held:
        with pytest.raises(InsuranceExhausted) as refused:
            cash.draw_insurance(self, needed)
        assert refused.value.args == (held, needed) and self.insurance_wad == held
    else:
        cash.draw_insurance(self, needed)
        assert self.insurance_wad == held - needed


@LAW
@given(amounts, amounts)
def test_withdrawals_are_blocked_while_deficits_exceed_the_insurance_fund(deficit: int, held: int) -> None:
    self = pool()
    self.deficit_wad, self.insurance_wad = deficit, held
    if deficit > held:
        with pytest.raises(DeficitOpen):
            cash.require_covered(self)
    else:
        cash.require_covered(self)
