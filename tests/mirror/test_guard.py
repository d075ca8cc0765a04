"""Laws of the price guard: a jump waits for a second print, and initial margin follows the index slowly."""

from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given, strategies as st

from crossvault.mirror import collateral, margin, oracle, standard
from crossvault.mirror.feed import Feed
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.margin import Book, Holding
from crossvault.mirror.market import MarketRisk
from crossvault.mirror.oracle import PriceGuard
from crossvault.mirror.standard import Exposure, Level
from laws import FEEDER, LAW, amounts, feed_of, ratios, risks, sizes, values, wide

START = 1_700_000_000
UNIT = 1000 * WAD
HEARTBEAT = 60

guards = st.builds(PriceGuard, st.integers(0, WAD // 2), st.integers(0, 300), st.integers(0, WAD // 1000))
prices = st.sampled_from([80, 95, 99, 100, 101, 105, 120, 121, 150, 151]).map(lambda each: each * UNIT // 100)
prints = st.lists(st.tuples(st.integers(0, 200), prices), min_size=1, max_size=12)


def guarded(guard: PriceGuard) -> Feed:
    self = feed_of(MarketRisk(heartbeat_secs=HEARTBEAT))
    self.ledger.guards[0] = guard
    return self


@dataclass
class Watch:
    """State machine of the specification: price in force, pending jump and its time, prices of two windows."""

    guard: PriceGuard
    shown: int = 0
    waiting: tuple[int, int] | None = None
    window: list[int] = field(default_factory=list)
    former: list[int] = field(default_factory=list)
    since: int = 0

    def near(self, price: int, base: int) -> bool:
        return abs(Fraction(price, base) - 1) <= Fraction(self.guard.max_jump, WAD)

    def see(self, price: int, at: int) -> None:
        if not self.shown or not self.guard.max_jump:
            self.shown, self.waiting = price, None
            return
        if self.waiting and at > self.waiting[1] + self.guard.confirm_secs + HEARTBEAT:
            self.waiting = None
        held = self.held(price, at)
        if held is not None:
            self.come(held, at)
        if held == price:
            self.waiting = None
        elif self.waiting is None or not self.near(price, self.waiting[0]):
            self.waiting = price, at

    def held(self, price: int, at: int) -> int | None:
        """The price in force after a print, if any comes into force."""
        waits, since = self.waiting or (0, at)
        is_ripe = bool(waits) and at - since >= self.guard.confirm_secs
        if is_ripe and self.near(price, waits):
            return price
        if self.near(price, self.shown):
            known = [self.shown, *self.recent(at)]
            fitting = [each for each in (price, *edges(self.guard, known)) if all(self.near(each, k) for k in known)]
            return min(fitting, key=lambda each: abs(each - price))
        if is_ripe and (waits > self.shown) == (price > self.shown):
            return min(waits, price) if price > self.shown else max(waits, price)
        return None

    def recent(self, at: int) -> list[int]:
        """The prices that limit a move: of this window, and of the former one while this is young."""
        if at >= self.since + 2 * self.guard.confirm_secs:
            return []
        return self.window + (self.former if at < self.since + self.guard.confirm_secs else [])

    def come(self, held: int, at: int) -> None:
        """A price comes into force: a jump begins anew, and so does a window once confirmSecs are over."""
        if not self.near(held, self.shown):
            self.window, self.former, self.since = [held], [held], at
        elif at >= self.since + self.guard.confirm_secs:
            self.former, self.window, self.since = [*self.recent(at), self.shown], [self.shown], at
        self.window.append(held)
        self.shown = held


def edges(guard: PriceGuard, known: list[int]) -> tuple[int, int]:
    """The lowest and the highest price that is near all of some."""
    low, high = min(known), max(known)
    return high - high * guard.max_jump // WAD, low + low * guard.max_jump // WAD


def show(self: Feed, price: int, at: int) -> None:
    self.publish_price(0, price, 0, WAD, at, sender=FEEDER, now=at)


@LAW
@given(guards, prints)
def test_a_jump_waits_for_a_second_print(guard: PriceGuard, made: list[tuple[int, int]]) -> None:
    self, watch, at = guarded(guard), Watch(guard), START
    price = self.ledger.prices[0]
    for wait, index in made:
        at += wait
        show(self, index, at)
        watch.see(index, at)
        assert price.index == watch.shown
        assert (price.pending, price.pending_at) == (watch.waiting or (0, 0))


def test_a_jump_on_paper() -> None:
    """10 % and 60 s: 1000 -> 1500 waits; so does 1505 after 59 s, 1200 starts anew, 1250 after 60 s is in force.

    A jump to 1,500 that was not the last word: a minute later 1,800 puts 1,500 in force and waits itself. It lapses
    60 s, a heartbeat, after its second print may come, so that a print of 1,800 does not confirm it 121 s later.
    """
    self = guarded(PriceGuard(WAD // 10, 60, 0))
    price = self.ledger.prices[0]
    for at, index, shown, waiting in (
        (0, 1000, 1000, 0), (10, 1500, 1000, 1500), (69, 1505, 1000, 1500), (69, 1200, 1000, 1200),
        (128, 1250, 1000, 1200), (129, 1250, 1250, 0), (130, 1000, 1250, 1000), (140, 1300, 1300, 0),
        (300, 1500, 1300, 1500), (360, 1800, 1500, 1800), (481, 1800, 1500, 1800), (541, 1800, 1800, 0),
    ):  # fmt: skip
        show(self, index * WAD, START + at)
        assert (price.index, price.pending) == (shown * WAD, waiting * WAD)


def test_a_ladder_of_small_moves_takes_its_time_on_paper() -> None:
    """10 % and 60 s, from 2000: 2198 passes, 2415 within the minute counts up to 2200, and 2654 waits as a jump.

    From 60 s on the window is a new one, and the former still counts, so that 2300 counts up to 2200. What waits is
    in force a minute later. 2178, 120 s after the start of the window, is measured from 2300 alone.
    """
    self = guarded(PriceGuard(WAD // 10, 60, 0))
    price = self.ledger.prices[0]
    for at, index, shown in (
        (0, 2000, 2000), (1000, 2198, 2198), (1000, 2415, 2200), (1000, 2654, 2200), (1000, 2000, 2000),
        (1059, 2300, 2000), (1060, 2199, 2199), (1061, 2300, 2200), (1120, 2300, 2200), (1121, 2300, 2300),
        (1240, 2178, 2178),
    ):  # fmt: skip
        show(self, index * WAD, START + at)
        assert price.index == shown * WAD, at


@LAW
@given(st.integers(1, WAD // 2), st.integers(1, 300), prints)
def test_no_ladder_of_small_moves_goes_beyond_the_largest_jump_in_the_time_of_its_confirmation(
    jump: int, secs: int, made: list[tuple[int, int]]
) -> None:
    """Each price in force is near every one that was so in the last confirmSecs, or it has waited for them."""
    self, at = guarded(PriceGuard(jump, secs, 0)), START
    price, shown = self.ledger.prices[0], list[tuple[int, int]]()
    for wait, index in made:
        at += wait
        before = price.index
        show(self, index, at)
        if before and abs(price.index - before) * WAD > jump * before:  # a jump, which has waited
            shown.clear()
        standing = [level for i, (_, level) in enumerate(shown) if shown[i + 1 :] == [] or shown[i + 1][0] > at - secs]
        assert all(abs(price.index - level) <= level * jump // WAD for level in standing)
        if not shown or shown[-1][1] != price.index:
            shown.append((at, price.index))


@LAW
@given(st.integers(0, 300), prints)
def test_without_a_guard_every_print_is_in_force(confirm: int, made: list[tuple[int, int]]) -> None:
    self, at = guarded(PriceGuard(0, confirm, 0)), START
    for wait, index in made:
        at += wait
        show(self, index, at)
        price = self.ledger.prices[0]
        assert (price.index, price.stable, price.pending, price.published_at) == (index, index, 0, at)


@LAW
@given(wide(0, WAD // 1000), prints)
def test_the_stable_price_follows_at_its_rate(rate: int, made: list[tuple[int, int]]) -> None:
    """No faster than rate * time of itself, toward the index and never past it; at rate 0 it is the index."""
    self, at = guarded(PriceGuard(0, 0, rate)), START
    price = self.ledger.prices[0]
    for wait, index in made:
        first, before = not price.index, price.stable
        at += wait
        show(self, index, at)
        if first or rate == 0:
            assert price.stable == index
            continue
        most = Fraction(before * rate * wait, WAD)
        moved = price.stable - before
        assert moved * (index - before) >= 0
        assert abs(moved) <= min(most, Fraction(abs(index - before))) < abs(moved) + 1


@LAW
@given(amounts.filter(bool), amounts.filter(bool), ratios, wide(0, 400 * 86_400))
def test_following_is_exact_to_a_wei(stable: int, index: int, rate: int, secs: int) -> None:
    low, high = sorted((stable, index))
    after = oracle.followed(stable, index, rate, secs)
    assert low <= after <= high
    assert abs(after - stable) == min(high - low, stable * rate * secs // WAD)


positions = st.lists(st.tuples(sizes, values, wide(1, 2**97)), max_size=4)


def book_of(risk: MarketRisk, index: int, stable: int, held: list[tuple[int, int, int]], raw: int) -> Book:
    exposure = Exposure(risk=risk, index_wad=index, confidence_wad=WAD, stable_wad=stable, base_wad=raw)
    for size, quote, mark in held:
        standard.absorb(exposure, size, quote, mark)
    value, safe = (collateral.value(raw, price, 18) for price in (index, min(index, stable)))
    return Book(0, [Holding(value, safe, collateral.HaircutTerms(WAD // 5, WAD // 10, CAP))], [exposure], [])


@LAW
@given(risks(), amounts, amounts, positions, amounts)
def test_the_stable_price_never_helps(
    risk: MarketRisk, index: int, stable: int, held: list[tuple[int, int, int]], raw: int
) -> None:
    """The initial margin balance is no higher than without it; maintenance, equity and requirement ignore it."""
    with_, without = (book_of(risk, index, each, held, raw) for each in (stable, index))
    assert margin.adjusted_equity(with_, Level.INITIAL) <= margin.adjusted_equity(without, Level.INITIAL)
    assert margin.adjusted_equity(with_, Level.MAINTENANCE) == margin.adjusted_equity(without, Level.MAINTENANCE)
    assert margin.equity(with_) == margin.equity(without)
    for level in Level:
        assert margin.requirement(with_, level) == margin.requirement(without, level)


@LAW
@given(amounts, amounts, sizes, values, wide(1, 2**97))
def test_the_stable_price_costs_its_distance_times_the_size(
    index: int, stable: int, size: int, quote: int, mark: int
) -> None:
    """A long counts at mark - (index - stable), a short at mark + (stable - index), where that is worse."""
    risk = MarketRisk(profit_weight=WAD, skew_scale=1)
    book = book_of(risk, index, stable, [(size, quote, mark)], 0)
    worse = max(0, index - stable) if size > 0 else max(0, stable - index)
    price = mark - min(mark, worse) if size > 0 else mark + worse
    assert margin.adjusted_equity(book, Level.INITIAL) == size * price // WAD + quote


def test_the_worse_price_on_paper() -> None:
    """Index 2000, stable 1900: one long at 2010 counts as 1910, one short as 2010; at stable 2100 as 2010 and 2110."""
    for stable, long, short in ((1900, 1910, 2010), (2100, 2010, 2110)):
        self = Exposure(index_wad=2000 * WAD, stable_wad=stable * WAD)
        assert standard.safe_mark(self, WAD, 2010 * WAD) == long * WAD
        assert standard.safe_mark(self, -WAD, 2010 * WAD) == short * WAD


def test_a_feeder_cannot_confirm_a_jump_by_dating_its_first_print_back() -> None:
    """10 % and 300 s: two prints of one moment, the first dated 600 s back, leave the old price in force."""
    self = guarded(PriceGuard(WAD // 10, 300, 0))
    price = self.ledger.prices[0]
    show(self, 1000 * WAD, START - 600)
    for published_at in (START - 600, START):
        self.publish_price(0, 4000 * WAD, 0, WAD, published_at, sender=FEEDER, now=START)
        assert (price.index, price.pending, price.pending_at) == (1000 * WAD, 4000 * WAD, START)
