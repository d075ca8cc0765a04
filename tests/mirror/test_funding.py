"""Laws of funding: it is zero-sum, the dearer side pays, and the times of accrual do not matter."""

from fractions import Fraction

from hypothesis import assume, given, strategies as st

from crossvault.mirror import account as accounts, cash, funding, ledger, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.feed import Feed
from crossvault.mirror.fixed import RAY, WAD
from crossvault.mirror.funding import PERIOD
from crossvault.mirror.market import MarketRisk
from laws import FEEDER, LAW, amounts, both, exact, feed_of, low, ratios, sizes, wide

START = 1_700_000_000
ALICE, BOB = AccountId("alice"), AccountId("bob")
PERP = market.perp(0)

indexes = wide(10**12, 2**95)
premiums = both(2**95 - 1)
bases = both(WAD)
grown = both(2**120)
waits = wide(0, 30 * 86_400)


def rate_of(index: int, premium: int, base: int, cap: int) -> Fraction:
    """clamp(premium / index + base, -cap, cap), of section 9."""
    return max(-Fraction(cap, WAD), min(Fraction(cap, WAD), Fraction(premium, index) + Fraction(base, WAD)))


@LAW
@given(indexes, premiums, bases, ratios)
def test_the_rate_is_the_clamped_premium(index: int, premium: int, base: int, cap: int) -> None:
    rate = funding.rate(index, premium, base, cap)
    assert -1 < rate - rate_of(index, premium, base, cap) * WAD <= 0 or rate == -cap
    assert abs(rate) <= cap
    assert rate * (Fraction(premium, index) + Fraction(base, WAD)) >= 0 or rate == -1


@LAW
@given(indexes, bases, waits)
def test_an_index_grows_by_price_times_rate_times_time(index: int, rate: int, secs: int) -> None:
    """One unit pays 20 in eight hours at 1 % of 2000, and in proportion over any other time."""
    whole = Fraction(index, WAD) * Fraction(rate, WAD) * Fraction(secs, 8 * 3600)
    assert funding.growth(index, rate, secs) == low(whole * RAY)
    assert funding.growth(2000 * WAD, WAD // 100, PERIOD) == 20 * RAY
    assert funding.growth(2000 * WAD, -WAD // 100, PERIOD // 4) == -5 * RAY


@LAW
@given(indexes, bases, st.lists(waits, min_size=1, max_size=9))
def test_parts_of_a_time_grow_as_the_whole_of_it(index: int, rate: int, parts: list[int]) -> None:
    whole = funding.growth(index, rate, sum(parts))
    assert -len(parts) < sum(funding.growth(index, rate, each) for each in parts) - whole <= 0


@LAW
@given(st.lists(sizes, min_size=1, max_size=8), grown)
def test_both_sides_together_lose_less_than_a_wei_each(held: list[int], index: int) -> None:
    """Zero-sum except for roundings against each account; two sides lose less than 2 wei."""
    accounts = [*held, -sum(held)]
    payments = [funding.payment(size, index) for size in accounts]
    assert -len(accounts) < sum(payments) <= 0
    pair = funding.payment(held[0], index) + funding.payment(-held[0], index)
    assert -2 < pair <= 0
    for size, payment in zip(accounts, payments, strict=True):
        assert payment == low(-exact(size, index, RAY))


@LAW
@given(indexes, wide(1, 2**94), wide(1, WAD), wide(1, 2**95), waits)
def test_the_dearer_side_pays(index: int, premium: int, cap: int, size: int, secs: int) -> None:
    for sign in (1, -1):
        rate = funding.rate(index, sign * premium, 0, cap)
        index_growth = funding.growth(index, rate, secs)
        long, short = funding.payment(size, index_growth), funding.payment(-size, index_growth)
        payer, receiver = (long, short) if sign > 0 else (short, long)
        assert payer <= 0 and receiver >= -1
        if premium * WAD // index >= 1 and secs >= PERIOD and index * min(cap, premium * WAD // index) > 10**10:
            assert payer < 0


prints = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 3_000), wide(10**15, 2**90), both(2**90)),
    min_size=1,
    max_size=8,
)


def fed(base: int, cap: int, heartbeat: int = 2**40) -> Feed:
    self = feed_of(MarketRisk(heartbeat_secs=heartbeat, funding_base=base, funding_cap=cap))
    self.ledger.cash.supply_index = self.ledger.cash.borrow_index = RAY
    return self


@LAW
@given(bases, ratios, prints, waits)
def test_prints_split_the_time(base: int, cap: int, made: list[tuple[int, int, int, int]], after: int) -> None:
    """Each print is in force from its arrival (not from its own time) until the next one arrives."""
    self = fed(base, cap)
    now = published_at = START
    whole = Fraction(0)
    last = None
    for wait, age, index, premium in made:
        now += wait
        published_at = max(published_at, now - age)
        if last:
            whole += Fraction(last[0], WAD) * rate_of(*last, base, cap) * Fraction(wait, PERIOD)
        self.publish_price(0, index, premium, WAD, published_at, sender=FEEDER, now=now)
        last = index, premium
    assert last
    whole += Fraction(last[0], WAD) * rate_of(*last, base, cap) * Fraction(after, PERIOD)
    found = ledger.funding_index(self.ledger, PERP, now=now + after)
    highest = max(index for _, _, index, _ in made)
    lost = 1 + len(made) + Fraction(highest * (now + after - START), PERIOD * 10**9)
    assert -lost <= found - whole * RAY <= 0 or cap == 0 == found


@LAW
@given(bases, ratios, wide(10**15, 2**90), premiums, st.lists(waits, min_size=1, max_size=6))
def test_touching_an_index_more_often_gives_the_same(
    base: int, cap: int, index: int, premium: int, times: list[int]
) -> None:
    often, once = fed(base, cap), fed(base, cap)
    now = START
    for self in (often, once):
        self.publish_price(0, index, premium, WAD, now, sender=FEEDER, now=now)
    for wait in times:
        now += wait
        ledger.accrue_funding(often.ledger, 0, now=now)
    missing = ledger.funding_index(once.ledger, PERP, now=now) - ledger.funding_index(often.ledger, PERP, now=now)
    assert 0 <= missing < len(times) + 1
    assert ledger.funding_index(often.ledger, PERP, now=now) == often.ledger.tracks[0].index


@LAW
@given(amounts, wide(10**15, 2**90), premiums, st.lists(waits, min_size=1, max_size=5))
def test_two_sides_touched_at_different_times_lose_only_roundings(
    size: int, index: int, premium: int, times: list[int]
) -> None:
    """Alice is touched at every time, Bob at the last only; the sum of their funding is at most zero."""
    assume(size)
    self = fed(0, WAD)
    now = START
    self.publish_price(0, index, premium, WAD, now, sender=FEEDER, now=now)
    ledger.fill(self.ledger, ALICE, PERP, size, 0, now=now)
    ledger.fill(self.ledger, BOB, PERP, -size, 0, now=now)
    for wait in times:
        now += wait
        ledger.fill(self.ledger, ALICE, PERP, 0, 0, now=now)
    ledger.fill(self.ledger, BOB, PERP, 0, 0, now=now)
    quotes = [accounts.entry(self.ledger.holders[who], PERP).quote for who in (ALICE, BOB)]
    assert -(len(times) + 1) <= sum(quotes) <= 0
    assert accounts.entry(self.ledger.holders[BOB], PERP).funding_index == ledger.funding_index(
        self.ledger, PERP, now=now
    )


@LAW
@given(wide(10**15, 2**90), premiums, sizes, st.lists(st.tuples(waits, both(2**90)), min_size=1, max_size=5))
def test_a_trade_pays_funding_on_the_size_held_before_it(
    index: int, premium: int, size: int, deltas: list[tuple[int, int]]
) -> None:
    """Sizes held times the growth while they were held, in fractions; a trade at a price of 0 moves no money."""
    self, now, held, owed = fed(0, WAD), START, 0, Fraction(0)
    self.publish_price(0, index, premium, WAD, now, sender=FEEDER, now=now)
    noted = 0
    for wait, delta in [(0, size // 2), *deltas]:
        now += wait
        grown = ledger.funding_index(self.ledger, PERP, now=now)
        owed += Fraction(held * (grown - noted), RAY)
        noted, held = grown, held + delta
        ledger.fill(self.ledger, ALICE, PERP, delta, 0, now=now)
    holder = self.ledger.holders[ALICE]
    paid = -accounts.entry(holder, PERP).quote - cash.present(self.ledger.cash, holder.principal, now=now)
    assert 0 <= paid - owed < len(deltas) + 1


@LAW
@given(bases, ratios, prints, waits)
def test_funding_stands_still_from_the_end_of_a_print_to_the_next(
    base: int, cap: int, made: list[tuple[int, int, int, int]], after: int
) -> None:
    """A print counts from its arrival until the next one, and no longer than an hour after its own time."""
    self = fed(base, cap, 3600)
    now = published_at = START
    whole, counted, last = Fraction(0), 0, (1, 0)
    for wait, age, index, premium in made:
        now += wait
        if counted:
            counted_secs = max(0, min(now, published_at + 3600) - counted)
            whole += Fraction(last[0], WAD) * rate_of(*last, base, cap) * Fraction(counted_secs, PERIOD)
        published_at = max(published_at, now - age)
        self.publish_price(0, index, premium, WAD, published_at, sender=FEEDER, now=now)
        last, counted = (index, premium), now
    counted_secs = max(0, min(now + after, published_at + 3600) - now)
    whole += Fraction(last[0], WAD) * rate_of(*last, base, cap) * Fraction(counted_secs, PERIOD)
    found = ledger.funding_index(self.ledger, PERP, now=now + after)
    highest = max(index for _, _, index, _ in made)
    lost = 1 + len(made) + Fraction(highest * (now + after - START), PERIOD * 10**9)
    assert -lost <= found - whole * RAY <= 0 or cap == 0 == found


def test_a_day_on_paper() -> None:
    """2000 with a premium of 1 is 0.05 % per eight hours; three of them on 10 long are 30, which the short receives."""
    self = fed(0, WAD // 100)
    self.publish_price(0, 2000 * WAD, WAD, WAD, START, sender=FEEDER, now=START)
    ledger.fill(self.ledger, ALICE, PERP, 10 * WAD, -20_000 * WAD, now=START)
    ledger.fill(self.ledger, BOB, PERP, -10 * WAD, 20_000 * WAD, now=START)
    for who, quote in ((ALICE, -20_030), (BOB, 20_030)):
        ledger.fill(self.ledger, who, PERP, 0, 0, now=START + 24 * 3600)
        assert accounts.entry(self.ledger.holders[who], PERP).quote == quote * WAD
