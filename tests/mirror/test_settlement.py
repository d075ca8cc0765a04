"""Laws of the settlement price of an expiry, and of settling positions.

The witness is the integral of a step function in fractions: at every time the last print before it counts.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from crossvault.mirror import cash, ledger, margin, market, market_errors, oracle, valuation
from crossvault.mirror.account import AccountId, entry
from crossvault.mirror.feed import Feed
from crossvault.mirror.fixed import CAP, RAY, WAD
from crossvault.mirror.ledger import State
from crossvault.mirror.market import MarketRisk
from crossvault.mirror.oracle import WINDOW, PriceGuard
from crossvault.mirror.price_errors import PriceGoesBackwards
from crossvault.mirror.standard import Level
from held_positions import hold
from laws import FEEDER, LAW, both, feed_of, sizes, values, wide

START = 1_700_000_000
EXPIRIES = START + 7200, START + 7201, START + 9000, START + 7200 + WINDOW
Prints = list[tuple[int, int]]

edges = sorted({each + off + shift for each in EXPIRIES for off in (0, -WINDOW) for shift in (-1, 0, 1)})
times = st.one_of(st.integers(START, START + 12_000), st.sampled_from(edges))
made = st.lists(st.tuples(times, wide(1, CAP)), max_size=14).map(lambda some: sorted(some, key=lambda one: one[0]))


def opened(*expiries: int) -> Feed:
    self = feed_of(MarketRisk(heartbeat_secs=60), MarketRisk(heartbeat_secs=60))
    self.ledger.cash.supply_index = self.ledger.cash.borrow_index = RAY
    self.ledger.cash.accrued_at = START
    self.ledger.cash.terms = cash.DepegTerms(cash.NO_FEED, 0, 0)
    self.ledger.expiries[0] = expiries
    for expiry in expiries:
        self.ledger.curves[market.term_of(0, expiry)].listed_at = START
    return self


def played(self: Feed, prints: Prints, late: Sequence[int] = ()) -> None:
    """Publishes prints, so many seconds late each, but for an expiry in between: a print from before it is refused."""
    for number, (at, index) in enumerate(prints):
        now = at + (late[number] if number < len(late) else 0)
        now = min([now, *(expiry - 1 for expiry in self.ledger.expiries[0] if at < expiry <= now)])
        self.publish_price(0, index, 0, WAD, at, sender=FEEDER, now=now)


def mean(prints: Prints, start: int, end: int) -> Fraction:
    """Time-weighted mean of the last print, over [start, end)."""
    total = 0
    for number, (at, index) in enumerate(prints):
        until = prints[number + 1][0] if number + 1 < len(prints) else end
        total += index * max(0, min(until, end) - max(at, start))
    return Fraction(total, end - start)


@LAW
@given(made, wide(1, CAP), st.lists(st.integers(0, 4000), max_size=14))
def test_it_settles_at_the_mean_of_its_last_half_hour(prints: Prints, first: int, late: list[int]) -> None:
    """For any times and delays of prints around the window, and several expiries at once."""
    self = opened(*EXPIRIES)
    prints = [(START, first), *prints]
    played(self, prints, late)
    last = prints[-1][0]
    for expiry in EXPIRIES:
        settled = self.ledger.curves[market.term_of(0, expiry)].settlement
        if last < expiry:
            assert settled == 0 and expiry in self.ledger.expiries[0]
        else:
            assert settled == mean(prints, expiry - WINDOW, expiry) // 1
            assert expiry not in self.ledger.expiries[0]
    events = [values for name, values in self.events if name == "ExpirySettled"]
    assert len(events) == sum(expiry <= last for expiry in EXPIRIES)


def test_no_print_is_dated_back_across_an_expiry() -> None:
    """A print of the second before an expiry comes in that second, or never; one of the expiry itself settles it."""
    end = EXPIRIES[0]
    self = opened(end)
    played(self, [(START, 1000 * WAD), (end - 1, 1300 * WAD)])
    with pytest.raises(PriceGoesBackwards) as refused:
        self.publish_price(0, 9000 * WAD, 0, WAD, end - 1, sender=FEEDER, now=end)
    assert refused.value.args == (end - 1, end)
    self.publish_price(0, 9000 * WAD, 0, WAD, end, sender=FEEDER, now=end)
    # 1,000 for all but the last second, and 1,300 for that
    assert self.ledger.curves[market.term_of(0, end)].settlement == (1000 * WAD * 1799 + 1300 * WAD) // 1800


def test_the_mean_on_paper() -> None:
    """1000 for 10 min, 1300 for 20 min: (1000 * 10 + 1300 * 20) / 30 = 1200; the print that ends it does not count."""
    self = opened(EXPIRIES[0])
    end = EXPIRIES[0]
    played(self, [(START, 1000 * WAD), (end - 1200, 1300 * WAD), (end, 9000 * WAD)])
    assert self.ledger.curves[market.term_of(0, end)].settlement == 1200 * WAD


@LAW
@given(wide(1, CAP), wide(1, CAP), wide(1, CAP), st.integers(0, 5000))
def test_prints_at_the_bounds(before: int, inside: int, after: int, wait: int) -> None:
    """A print at the start counts for all of the window, one at the end for none; of equal times the last counts."""
    end = EXPIRIES[0]
    self = opened(end)
    played(self, [(START, before), (end - WINDOW, after), (end - WINDOW, inside), (end + wait, after)])
    assert self.ledger.curves[market.term_of(0, end)].settlement == inside
    silent = opened(end)
    played(silent, [(START, before), (end + wait, after)])
    assert silent.ledger.curves[market.term_of(0, end)].settlement == before


@LAW
@given(made, wide(1, CAP), wide(1, CAP))
def test_a_settlement_price_is_final(prints: Prints, first: int, later: int) -> None:
    self = opened(EXPIRIES[0])
    played(self, [(START, first), *prints, (START + 12_000, later)])
    curve = self.ledger.curves[market.term_of(0, EXPIRIES[0])]
    before = curve.values()
    played(self, [(START + 20_000, first)])
    assert curve.values() == before
    with pytest.raises(market_errors.UnknownExpiry):
        self.publish_forward(0, EXPIRIES[0], first, 0, WAD, START, sender=FEEDER, now=START + 20_000)


def test_a_print_that_waits_does_not_settle() -> None:
    end = EXPIRIES[0]
    self = opened(end)
    self.ledger.guards[0] = PriceGuard(WAD // 10, 60, 0)
    curve = self.ledger.curves[market.term_of(0, end)]
    played(self, [(START, 1000 * WAD), (end, 2000 * WAD)])
    assert curve.settlement == 0
    played(self, [(end + 60, 2000 * WAD)])
    assert curve.settlement == 1000 * WAD


# the forward in its window


def parts(self: Feed, now: int, expiry: int = EXPIRIES[0]) -> tuple[int, int]:
    return oracle.forward_parts(self.ledger.curves[market.term_of(0, expiry)], self.ledger.prices[0], expiry, now=now)


@LAW
@given(made, wide(1, CAP), wide(1, CAP), st.integers(0, WINDOW))
def test_a_forward_is_fixed_by_the_elapsed_part_of_its_window(
    prints: Prints, first: int, forward: int, into: int
) -> None:
    """Fixed part: the integral so far over the whole window; floating part: the forward for the rest of it."""
    end = EXPIRIES[0]
    self, now = opened(end), end - WINDOW + into
    prints = [(START, first), *((at, index) for at, index in prints if at <= now and at < end)]
    played(self, prints)
    self.publish_forward(0, end, forward, 0, WAD, START, sender=FEEDER, now=now)
    fixed, floating = parts(self, now)
    passed = mean(prints, end - WINDOW, end - WINDOW + into) * into / WINDOW if into else Fraction(0)
    assert fixed == passed // 1
    assert floating == Fraction(forward * (WINDOW - into), WINDOW) // 1
    if into == WINDOW:
        played(self, [(end, 7)])
        assert self.ledger.curves[market.term_of(0, end)].settlement == fixed and floating == 0


@LAW
@given(wide(1, CAP), wide(1, CAP), st.integers(0, 7000))
def test_before_its_window_a_forward_floats(index: int, forward: int, secs: int) -> None:
    end = EXPIRIES[0]
    self, now = opened(end), min(START + secs, end - WINDOW)
    played(self, [(START, index)])
    self.publish_forward(0, end, forward, 0, WAD, START, sender=FEEDER, now=now)
    assert parts(self, now) == (0, forward)
    assert parts(self, end) == parts(self, end + 5000) == (index, 0)


@LAW
@given(wide(1, CAP), st.integers(0, WINDOW))
def test_a_constant_price_keeps_its_forward(index: int, into: int) -> None:
    """The two parts add up to it, except for a wei of each."""
    end = EXPIRIES[0]
    self, now = opened(end), end - WINDOW + into
    played(self, [(START, index)])
    self.publish_forward(0, end, index, 0, WAD, START, sender=FEEDER, now=now)
    assert 0 <= index - sum(parts(self, now)) < 2


# settling positions


ACCOUNTS = tuple(AccountId(name) for name in ("alice", "bob", "carol"))
END = EXPIRIES[0]
kinds = st.sampled_from([market.FUTURE, market.CALL, market.PUT])


@st.composite
def instruments(draw: st.DrawFn) -> int:
    kind = draw(kinds)
    strike = 0 if kind == market.FUTURE else draw(wide(1, CAP))
    return market.instrument_of(0, kind, draw(st.sampled_from((END, END, EXPIRIES[2]))), strike)


held = st.dictionaries(instruments(), st.tuples(sizes.filter(bool), values), max_size=4)
holdings = st.tuples(*(st.tuples(both(2**110), held) for _ in ACCOUNTS))
Holdings = tuple[tuple[int, dict[int, tuple[int, int]]], ...]


def settled(accounts: Holdings, price: int) -> State:
    """Ledger in which the first expiry has settled at a price, and no account has settled yet."""
    self = opened(END, EXPIRIES[2])
    played(self, [(START, price), (END, price)])
    for account, (principal, positions) in zip(ACCOUNTS, accounts, strict=True):
        holder = self.ledger.holders[account]
        holder.principal = principal
        cash.record(self.ledger.cash, 0, principal)
        for instrument, (size, quote) in positions.items():
            quote = quote if market.kind_of(instrument) == market.FUTURE else 0
            hold(holder, instrument, size, quote)
    return self.ledger


@LAW
@given(holdings, wide(1, CAP))
def test_settling_pays_the_value_of_a_position(accounts: Holdings, price: int) -> None:
    """Equity and both margins are the same before and after; a payoff to the wei, for a short one wei more."""
    self = settled(accounts, price)
    for account, (principal, positions) in zip(ACCOUNTS, accounts, strict=True):
        before = valuation.metrics(self, valuation.image(self, account), now=END)
        ledger.settle(self, account, 0, END, price, now=END)
        assert valuation.metrics(self, valuation.image(self, account), now=END) == before
        gained = 0
        for instrument, (size, quote) in positions.items():
            if market.expiry_of(instrument) != END:
                assert entry(self.holders[account], instrument).size == size
                continue
            assert entry(self.holders[account], instrument) == (instrument, 0, 0, 0)
            strike = market.strike_of(instrument)
            kind = market.kind_of(instrument)
            payoffs = {market.FUTURE: price, market.CALL: max(0, price - strike), market.PUT: max(0, strike - price)}
            gained += Fraction(size * payoffs[kind], WAD) // 1 + (quote if kind == market.FUTURE else 0)
        assert self.holders[account].principal == principal + gained


@LAW
@given(holdings, wide(1, CAP))
def test_the_order_of_settling_and_its_groups_do_not_matter(accounts: Holdings, price: int) -> None:
    found = set()
    for order in permutations(ACCOUNTS):
        self = settled(accounts, price)
        for account in order:
            ledger.settle(self, account, 0, END, price, now=END)
            ledger.settle(self, account, 0, END, price, now=END)
        found.add(tuple(self.holders[account].principal for account in ACCOUNTS))
        assert (self.cash.total_supply, self.cash.total_borrow) == (
            sum(max(0, self.holders[each].principal) for each in ACCOUNTS),
            sum(max(0, -self.holders[each].principal) for each in ACCOUNTS),
        )
    assert len(found) == 1


@pytest.mark.slow
@LAW
@given(sizes, values, wide(1, CAP), instruments())
def test_two_sides_together_receive_the_sum_of_their_quotes(size: int, quote: int, price: int, instrument: int) -> None:
    """The gain of one is the loss of the other, except for less than a wei that remains."""
    self = settled(((0, {}),) * 3, price)
    quote = quote if market.kind_of(instrument) == market.FUTURE else 0
    for account, sign in zip(ACCOUNTS, (1, -1), strict=False):
        hold(self.holders[account], instrument, sign * size, sign * quote)
    both = [ledger.settled_value(entry(self.holders[account], instrument), price) for account in ACCOUNTS[:2]]
    assert -2 < sum(both) <= 0


def test_a_book_of_settled_positions_holds_no_option() -> None:
    """Long a call struck at 1000 that settled at 1200 is 200 of cash: it has no requirement, and counts in full."""
    call = market.instrument_of(0, market.CALL, END, 1000 * WAD)
    self = settled(((0, {call: (WAD, 0)}), (0, {call: (-WAD, 0)}), (0, {})), 1200 * WAD)
    for account, cash_usd in zip(ACCOUNTS, (200, -200), strict=False):
        book = valuation.book(self, account, now=END)
        assert book.lines == [] and book.cash_wad == margin.equity(book) == cash_usd * WAD
        assert all(margin.requirement(book, level) == 0 for level in Level)
