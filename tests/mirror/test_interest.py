"""Laws of interest: borrowers pay suppliers, and the times of accrual do not matter.

The witness uses amounts and rates only: debts grow by exp(rate * time), suppliers share the interest paid.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import expm1
from typing import NamedTuple

import pytest
from hypothesis import assume, given, strategies as st

from crossvault.mirror import cash
from crossvault.mirror.cash import MAX_INDEX, YEAR, Interest, Pool
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import RAY, WAD
from laws import LAW, both, ratios, wide

START = 1_700_000_000
DAY = 86_400

interests = st.builds(Interest, ratios, wide(0, 4 * WAD), wide(0, 5 * WAD), ratios, ratios)  # full range of the door
mild = st.builds(Interest, wide(0, WAD // 5), wide(0, WAD // 2), ratios, ratios, wide(0, WAD // 2))
principals = wide(1, 2**110)
waits = wide(1, 400 * DAY)


def pool(interest: Interest, supplied: int, borrowed: int, supply: int = RAY, borrow: int = RAY) -> Pool:
    self = Pool(UndoLog())
    self.interest, self.accrued_at = interest, START
    self.supply_index, self.borrow_index = supply, borrow
    self.total_supply, self.total_borrow = supplied, borrowed
    return self


def rate_of(interest: Interest, used: Fraction) -> Fraction:
    """Two slopes that meet at the optimal utilisation, of section 3."""
    kink = Fraction(interest.optimal_utilisation, WAD)
    low, high = min(used, kink), max(Fraction(0), used - kink)
    return Fraction(interest.min_rate + low * interest.low_slope + high * interest.high_slope, WAD)


# rates


def test_two_slopes_on_paper() -> None:
    """2 % + 10 % * U up to 80 %, and 90 % of what is above: 0 -> 2, 40 -> 6, 80 -> 10, 90 -> 19, 100 -> 28 %."""
    how = Interest(2 * WAD // 100, WAD // 10, 9 * WAD // 10, 8 * WAD // 10, 0)
    for used, rate in ((0, 2), (40, 6), (80, 10), (90, 19), (100, 28)):
        assert cash.borrow_rate(how, used * WAD // 100) == rate * WAD // 100


@LAW
@given(interests, ratios)
def test_the_rate_is_on_the_two_slopes_or_a_wei_or_two_above(interest: Interest, used: int) -> None:
    assert 0 <= cash.borrow_rate(interest, used) - rate_of(interest, Fraction(used, WAD)) * WAD < 2


@LAW
@given(wide(0, 2**120), wide(0, 2**120))
def test_utilisation_is_a_part_and_rounds_up(supplied: int, borrowed: int) -> None:
    used = cash.utilisation(supplied, borrowed)
    if borrowed == 0:
        assert used == 0  # in an empty vault too, as Aave's and Compound's rate models have it
    elif borrowed >= supplied:
        assert used == WAD
    else:
        assert 0 <= used - Fraction(borrowed * WAD, supplied) < 1


@LAW
@given(wide(0, 10 * WAD), wide(0, 10 * YEAR))
def test_compounding_is_the_exponential_of_rate_times_time(rate: int, secs: int) -> None:
    """At most e^10 in one step: then nothing is left to accrue. The float has 16 digits, the mirror 3 wei."""
    exponent = min(Fraction(rate * secs, WAD * YEAR), Fraction(10))
    assert cash.compounded(rate, secs) / WAD == pytest.approx(expm1(exponent), rel=1e-12, abs=3e-18)


# indexes


def accrued(self: Pool, times: Sequence[int]) -> None:
    now = START
    for wait in times:
        now += wait
        cash.accrue(self, now=now)


@LAW
@given(mild, principals, principals, waits, st.integers(0, 1))
def test_accruing_twice_at_one_time_changes_nothing(how: Interest, owned: int, owed: int, wait: int, late: int) -> None:
    """V6; and the indexes reported before accruing equal those after it."""
    self = pool(how, owned, owed)
    assert cash.accrue(self, now=START) is False
    indexes = cash.indexes(self, now=START + wait)
    moved = cash.accrue(self, now=START + wait)
    assert indexes == (self.supply_index, self.borrow_index, self.insurance_wad)
    after = self.values()
    assert moved == (self.borrow_index != RAY)
    assert cash.accrue(self, now=START + wait) is False
    assert self.values() == after
    assert cash.indexes(self, now=START + wait) == (self.supply_index, self.borrow_index, 0)
    assert cash.indexes(self, now=START + wait + late).borrow >= self.borrow_index


@LAW
@given(wide(0, WAD // 2), ratios, principals, principals, st.lists(waits, min_size=2, max_size=9))
def test_the_frequency_of_accrual_changes_roundings_only(
    rate: int, kept: int, owned: int, owed: int, times: list[int]
) -> None:
    """At one rate e^(a + b) = e^a * e^b: each step rounds within 3 wei of the factor, and up by a ray of the index."""
    assume(owed <= owned and rate * sum(times) < 9 * WAD * YEAR)
    how = Interest(rate, 0, 0, WAD, kept)
    often, once = pool(how, owned, owed), pool(how, owned, owed)
    accrued(often, times)
    accrued(once, [sum(times)])
    steps = len(times)
    error = Fraction(3 * steps, WAD)
    assert abs(often.borrow_index - once.borrow_index) <= error * once.borrow_index + steps
    slack = error * once.borrow_index + 2 * steps * (1 + Fraction(RAY, owned))
    assert abs(often.supply_index - once.supply_index) <= slack
    slack = slack * owned / RAY + error * once.insurance_wad + 3 * steps
    assert abs(often.insurance_wad - once.insurance_wad) <= slack


@LAW
@given(interests, principals, principals, st.lists(waits, min_size=1, max_size=5), st.data())
def test_suppliers_never_earn_more_than_borrowers_pay(
    how: Interest, owned: int, owed: int, times: list[int], data: st.DataObject
) -> None:
    """By amount, less the reserve; and by rate: no supply index ever grows faster than the borrow index."""
    supply = data.draw(wide(RAY, 100 * RAY))
    self = pool(how, owned, owed, supply, data.draw(wide(supply, 100 * RAY)))
    now = START
    for wait in times:
        now += wait
        s, b, fund = self.supply_index, self.borrow_index, self.insurance_wad
        cash.accrue(self, now=now)
        paid = Fraction(owed * (self.borrow_index - b), RAY)
        earned = Fraction(owned * (self.supply_index - s), RAY)
        kept = self.insurance_wad - fund
        assert paid * how.reserve_factor // WAD - 1 <= kept
        assert 0 <= paid - earned - kept < 2 + Fraction(owned, RAY)
        used = cash.utilisation(owned * s // RAY, -(-owed * b // RAY))
        grown = cash.compounded(cash.borrow_rate(how, used), wait)
        assert 0 <= self.borrow_index - b - Fraction(b * grown, WAD) < 1 or self.borrow_index == MAX_INDEX
        if self.borrow_index < MAX_INDEX:
            assert Fraction(self.supply_index, s) <= Fraction(self.borrow_index, b)


@LAW
@given(principals, principals, st.integers(1, 60))
def test_the_borrow_index_has_a_last_value(owned: int, owed: int, years: int) -> None:
    """At the largest rate the index stops at its cap, and with it all earnings."""
    how = Interest(WAD, 4 * WAD, 5 * WAD, WAD, WAD // 10)
    self = pool(how, owned, owned + owed)
    reached = []
    for year in range(1, years + 1):
        cash.accrue(self, now=START + year * YEAR)
        reached.append(self.borrow_index)
    assert all(a < b or a == b == MAX_INDEX for a, b in pairwise(reached))
    assert self.borrow_index <= MAX_INDEX
    self.borrow_index = MAX_INDEX
    before = self.supply_index, self.insurance_wad
    assert cash.accrue(self, now=START + 100 * YEAR) is False
    assert (self.supply_index, self.insurance_wad) == before


@LAW
@given(interests, principals, waits)
def test_without_suppliers_the_insurance_fund_earns_all_interest(how: Interest, owed: int, wait: int) -> None:
    self = pool(how, 0, owed)
    cash.accrue(self, now=START + wait)
    assert self.supply_index == RAY
    assert self.insurance_wad == owed * (self.borrow_index - RAY) // RAY


@LAW
@given(interests, principals, waits)
def test_without_borrowers_no_index_grows(how: Interest, owned: int, wait: int) -> None:
    self = pool(how, owned, 0)
    assert cash.accrue(self, now=START + wait) is False
    assert (self.supply_index, self.borrow_index, self.insurance_wad) == (RAY, RAY, 0)


# sequences of deposits, loans and repayments


class Move(NamedTuple):
    wait: int
    who: int
    amount: int


moves = st.lists(
    st.builds(Move, wide(0, 30 * DAY), st.integers(0, 3), both(10**24)),
    min_size=1,
    max_size=14,
)


def present(self: Pool, held: Sequence[int], now: int) -> list[int]:
    return [cash.present(self, each, now=now) for each in held]


@LAW
@given(mild, moves)
def test_a_sequence_of_loans_loses_only_roundings(how: Interest, life: list[Move]) -> None:
    """Exactly: inflows plus debts cover assets and the insurance fund, and the difference is roundings.

    Principals times indexes as fractions, without any rounding of ours; each step leaves less than a bound of wei.
    """
    self, held, came, now = pool(how, 0, 0), [0, 0, 0, 0], 0, START
    residue = Fraction(0)
    for move in life:
        now += move.wait
        cash.accrue(self, now=now)
        before = held[move.who]
        held[move.who] = cash.moved(self, before, move.amount, now=now)
        cash.record(self, before, held[move.who])
        came += move.amount
        owned = sum(each for each in held if each > 0)
        owed = -sum(each for each in held if each < 0)
        assert (self.total_supply, self.total_borrow) == (owned, owed)
        assets = Fraction(owned * self.supply_index - owed * self.borrow_index, RAY) + self.insurance_wad
        left = came - assets
        most = 3 + Fraction(owned + max(self.supply_index, self.borrow_index), RAY)
        assert 0 <= left - residue < most, "roundings only leave, and never much"
        residue = left
        assert sum(present(self, held, now)) + self.insurance_wad <= came


@LAW
@given(mild, moves)
def test_a_sequence_of_loans_equals_the_float64_formula(how: Interest, life: list[Move]) -> None:
    """Amounts grow by themselves, without principal and index."""
    self, held, now = pool(how, 0, 0), [0, 0, 0, 0], START
    usd, fund, gross = [0.0, 0.0, 0.0, 0.0], 0.0, 0.0
    for move in life:
        now += move.wait
        owned = sum(each for each in usd if each > 0)
        owed = -sum(each for each in usd if each < 0)
        if owed > 1e-9:
            used = min(1.0, owed / owned) if owned else 1.0
            grown = expm1(float(rate_of(how, Fraction(used))) * move.wait / YEAR)
            earned = min(owed * grown * (1 - how.reserve_factor / WAD), owned * grown)
            fund += owed * grown - earned
            usd = [each * (1 + grown) if each < 0 else each * (1 + earned / owned) if each else 0.0 for each in usd]
        usd[move.who] += move.amount / WAD
        gross += abs(move.amount) / WAD + sum(map(abs, usd))
        cash.accrue(self, now=now)
        before = held[move.who]
        held[move.who] = cash.moved(self, before, move.amount, now=now)
        cash.record(self, before, held[move.who])
        ours = [each / WAD for each in present(self, held, now)]
        near = 1e-12 * gross + 1e-9  # the witness is in floats: each adds 1e-16 of all that was ever added up
        assert ours == pytest.approx(usd, rel=1e-9, abs=near)
        assert self.insurance_wad / WAD == pytest.approx(fund, rel=1e-9, abs=near)
