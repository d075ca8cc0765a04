"""Laws of moving part of an account in a liquidation: nothing is lost and nothing is created."""

from collections import Counter
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, strategies as st

from crossvault.mirror import account as accounts, account_errors, cash, collateral, ledger, market, number_errors
from crossvault.mirror.account import AccountId, Holder
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import CAP, RAY, WAD
from crossvault.mirror.ledger import State
from crossvault.mirror.market import MarketRisk
from held_positions import hold
from laws import LAW, LONG_LAW, amounts, ratios, sizes, values

NOW = 1_700_000_000
SOURCE, TARGET = AccountId("alice"), AccountId("bob")


class Owned(NamedTuple):
    principal: int
    balances: list[int]
    positions: dict[int, tuple[int, int]]


halves = st.integers(-CAP // 2, CAP // 2)
owned = st.builds(
    Owned,
    values,
    st.lists(st.integers(0, CAP // 2), min_size=3, max_size=3),
    st.dictionaries(st.integers(0, 7).map(market.perp), st.tuples(halves.filter(bool), values), max_size=4),
)


def ledger_of(source: Owned, target: Owned, index: int = RAY) -> State:
    self = State(UndoLog())
    self.cash.supply_index = self.cash.borrow_index = index
    self.cash.accrued_at = NOW
    self.risks = (MarketRisk(),) * market.MAX_UNDERLYINGS
    self.assets = tuple(collateral.Asset(self.journal) for _ in range(3))
    for account, has in ((SOURCE, source), (TARGET, target)):
        holder = self.holders[account]
        holder.principal = has.principal
        for number, raw in enumerate(has.balances):
            holder.balances[number] = raw
        for instrument, (size, quote) in has.positions.items():
            hold(holder, instrument, size, quote)
    return self


def totals(self: State) -> tuple[int, Counter[int], Counter[int]]:
    """Cash and quotes together, sizes by instrument and balances by collateral, over both accounts."""
    money, found, balances = 0, Counter[int](), Counter[int]()
    for account in (SOURCE, TARGET):
        holder = self.holders[account]
        money += cash.present(self.cash, holder.principal, now=NOW)
        for entry in accounts.entries(holder):
            found[entry.instrument] += entry.size
            money += entry.quote
        balances.update(holder.balances)
    return money, Counter({each: size for each, size in found.items() if size}), balances


@LONG_LAW
@given(owned, owned, ratios, amounts)
def test_a_liquidation_moves_exact_parts(source: Owned, target: Owned, fraction: int, reserved: int) -> None:
    """V1, V2, V3: sums over both accounts are unchanged; a closed position turns its quote into cash."""
    self = ledger_of(source, target)
    before = totals(self)
    ledger.move_part(self, SOURCE, TARGET, fraction, reserved, 0, now=NOW)
    assert totals(self) == before


@LONG_LAW
@given(owned, owned, ratios, st.integers(RAY, 9 * RAY))
def test_interest_leaves_a_residue_and_never_a_shortfall(
    source: Owned, target: Owned, fraction: int, index: int
) -> None:
    self = ledger_of(source, target, index)
    before, *others = totals(self)
    ledger.move_part(self, SOURCE, TARGET, fraction, 0, 0, now=NOW)
    after, *left = totals(self)
    moves = 2 * (1 + len(source.positions))
    assert before - moves * (1 + Fraction(index, RAY)) <= after <= before
    assert left == others


@LONG_LAW
@given(owned, ratios, amounts)
def test_the_seller_keeps_the_remainder(source: Owned, fraction: int, reserved: int) -> None:
    self = ledger_of(source, Owned(0, [0, 0, 0], {}))
    ledger.move_part(self, SOURCE, TARGET, fraction, reserved, 0, now=NOW)
    kept = 1 - Fraction(fraction, WAD)
    holder = self.holders[SOURCE]
    for number, raw in enumerate(source.balances):
        assert kept * raw - 1 < holder.balances[number] <= kept * raw  # whole raw units move
    for instrument, (size, _) in source.positions.items():
        left = accounts.entry(holder, instrument).size
        assert kept * abs(size) <= abs(left) < kept * abs(size) + 1
        assert left * size >= 0
    free = source.principal - reserved
    if fraction == WAD:
        assert accounts.instruments(holder) == () and holder.principal == reserved
    elif not source.positions:
        assert abs(holder.principal - reserved - kept * free) < 1


@LAW
@given(owned, st.integers(0, 7).map(market.perp), sizes, values)
def test_a_fill_keeps_profit_and_removes_a_closed_position(has: Owned, instrument: int, size: int, quote: int) -> None:
    self = ledger_of(has, Owned(0, [0, 0, 0], {}))
    held, made = has.positions.get(instrument, (0, 0))
    money = totals(self)[0]
    if abs(held + size) > CAP:
        with pytest.raises(number_errors.SizeTooLarge):
            ledger.fill(self, SOURCE, instrument, size, quote, now=NOW)
        return
    ledger.fill(self, SOURCE, instrument, size, quote, now=NOW)
    holder = self.holders[SOURCE]
    assert totals(self)[0] == money + quote
    assert (instrument in accounts.instruments(holder)) == (held + size != 0)
    assert len(set(accounts.instruments(holder))) == len(accounts.instruments(holder))
    left = accounts.entry(holder, instrument)
    assert (left.size, left.quote) == ((held + size, made + quote) if held + size else (0, 0))


@LAW
@given(sizes, sizes)
def test_risk_rises_when_a_position_grows_or_changes_sign(size: int, delta: int) -> None:
    left = size + delta
    assert accounts.is_rising(size, delta) == (left * size < 0 or abs(left) > abs(size))


def test_an_account_holds_at_most_32_positions() -> None:
    holder = Holder(UndoLog())
    for number in range(32):
        accounts.fill(holder, *accounts.find(holder, number), 1, 0, 0)
    with pytest.raises(account_errors.TooManyPositions) as refused:
        accounts.fill(holder, *accounts.find(holder, 32), 1, 0, 0)
    assert refused.value.args == (33, 32)
    accounts.fill(holder, *accounts.find(holder, 5), -1, 0, 0)
    assert accounts.instruments(holder) == (*range(5), 31, *range(6, 31))
