"""Laws of the standard margin of options: covered shorts require their largest loss, longs require nothing."""

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from hypothesis import given, strategies as st

from crossvault.mirror import market, option, standard
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.margin import Book, Holding, adjusted_equity, equity, margin, requirement
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.standard import Exposure, HeldOption, Level
from laws import LAW, option_risks, ratios, risks, wide

DERIVE = OptionRisk(
    max_spot_rate=15 * WAD // 100, min_spot_rate=WAD // 10, call_rate=75 * WAD // 1000, put_rate=75 * WAD // 1000,
    put_mark_rate=75 * WAD // 1000, put_initial_scale=105 * WAD // 100, unpaired_initial=12 * WAD // 10,
    unpaired_maintenance=11 * WAD // 10,
)  # fmt: skip

strikes = st.integers(1, 12)
option_sizes = st.integers(-9, 9).filter(bool)


class Leg(NamedTuple):
    underlying: int
    expiry: int
    strike: int  # in whole units, so that a grid can meet it
    is_call: bool
    size: int
    mark: int
    confidence: int


@st.composite
def legs(draw: st.DrawFn, *, size: st.SearchStrategy[int] = option_sizes, terms: int = 2) -> Leg:
    term = draw(st.integers(0, terms - 1)), draw(st.integers(1, terms))
    mark = draw(wide(0, 20 * WAD))
    return Leg(*term, draw(strikes), draw(st.booleans()), draw(size), mark, draw(ratios))


books = st.lists(legs(), max_size=8)
forwards = st.lists(wide(1, 20 * WAD), min_size=4, max_size=4)
spots = st.lists(wide(1, 20 * WAD), min_size=2, max_size=2)


def lines_of(held: list[Leg], forward: list[int]) -> list[HeldOption]:
    return [
        HeldOption(
            leg.underlying, leg.expiry, leg.strike * WAD, leg.is_call, leg.size * WAD, leg.mark,
            forward[2 * leg.underlying + leg.expiry - 1], confidence_wad=leg.confidence,
        )
        for leg in held
    ]  # fmt: skip


def book_of(held: list[Leg], risk: MarketRisk, options: OptionRisk, spot: list[int], forward: list[int]) -> Book:
    exposures = [Exposure(risk, options, each, WAD, each) for each in spot]
    return Book(0, [], exposures, lines_of(held, forward))


def required(book: Book) -> list[int]:
    return [requirement(book, level) for level in Level]


# losses at expiry


@LAW
@given(st.lists(legs(terms=1), min_size=1, max_size=8))
def test_the_largest_loss_is_that_of_a_fine_grid(held: list[Leg]) -> None:
    """Over spots from 0 in quarters to beyond every strike; far out only uncovered calls lose more."""
    lines = lines_of(held, [WAD] * 4)

    def value(spot: Fraction) -> Fraction:
        payoffs = (max(Fraction(0), spot - leg.strike if leg.is_call else leg.strike - spot) for leg in held)
        return sum((leg.size * each for leg, each in zip(held, payoffs, strict=True)), Fraction(0))

    lowest = min(Fraction(0), *(value(Fraction(quarter, 4)) for quarter in range(4 * 13)))
    uncovered = max(0, -sum(leg.size for leg in held if leg.is_call))
    highest = max(leg.strike for leg in held)
    found = Fraction(standard.max_loss(lines, 0), WAD**2)
    if not uncovered:
        assert found == -lowest
        assert value(Fraction(10**9)) >= -found
    else:
        assert found == -min(Fraction(0), *(value(Fraction(quarter, 4)) for quarter in range(4 * highest + 1)))
        assert value(Fraction(10**9)) == value(Fraction(highest)) - uncovered * (10**9 - highest)


# requirements


@LAW
@given(st.lists(legs(size=st.integers(1, 9)), max_size=8), risks(), option_risks(), spots, forwards)
def test_long_options_have_no_requirement(
    held: list[Leg], risk: MarketRisk, options: OptionRisk, spot: list[int], forward: list[int]
) -> None:
    """Nor do they give credit: their value is in equity and not in the margin balance."""
    book = book_of(held, risk, options, spot, forward)
    assert required(book) == [0, 0]
    assert [adjusted_equity(book, level) for level in Level] == [0, 0]
    assert equity(book) == sum(leg.size * leg.mark for leg in held)


@LAW
@given(legs(size=st.integers(1, 9)), strikes, option_risks(), spots, forwards)
def test_a_covered_spread_requires_at_most_its_width(
    long: Leg, strike: int, options: OptionRisk, spot: list[int], forward: list[int]
) -> None:
    """Nothing where the long one is the better of the two."""
    short = long._replace(strike=strike, size=-long.size)
    needed = required(book_of([long, short], MarketRisk(confidence_threshold=0), options, spot, forward))
    worse = long.strike - strike if long.is_call else strike - long.strike
    assert all(each <= max(0, worse) * long.size * WAD for each in needed)


@LAW
@given(books, risks(), option_risks(), spots, forwards)
def test_the_initial_requirement_is_no_less_than_maintenance(
    held: list[Leg], risk: MarketRisk, options: OptionRisk, spot: list[int], forward: list[int]
) -> None:
    book = book_of(held, risk, options, spot, forward)
    initial, maintenance = required(book)
    assert initial >= maintenance >= 0
    for line in book.lines:
        exposure = book.exposures[line.underlying]
        units = [standard.short_requirement(exposure, line, level) for level in Level]
        assert units[0] >= units[1] >= line.mark_wad


@LAW
@given(st.lists(legs(terms=1), min_size=1, max_size=8), option_risks(), spots, forwards)
def test_a_strip_requires_the_lesser_of_isolated_and_bounded(
    held: list[Leg], options: OptionRisk, spot: list[int], forward: list[int]
) -> None:
    book = book_of(held, MarketRisk(), options, spot, forward)
    exposure = book.exposures[0]
    uncovered = max(0, -sum(leg.size for leg in held if leg.is_call))
    for level, scale in zip(Level, (options.unpaired_initial, options.unpaired_maintenance), strict=True):
        alone = [replace(line) for line in book.lines if line.size < 0]
        isolated = sum(Fraction(-line.size * standard.short_requirement(exposure, line, level), WAD) for line in alone)
        unpaired = uncovered * Fraction(scale * forward[0], WAD)
        bounded = Fraction(standard.max_loss(book.lines, 0), WAD) + unpaired
        found = standard.strip_requirement(exposure, book.lines, 0, level)
        least = min(Fraction(isolated), bounded)
        assert least <= found < least + uncovered + 1 or found == 0 == isolated


def unit_of(options: OptionRisk, spot: Fraction, leg: Leg, level: Level) -> Fraction:
    """Section 6, one short option, in fractions of the quote."""
    a, b, c, d, e, scale = (
        Fraction(each, WAD)
        for each in (options.max_spot_rate, options.min_spot_rate, options.call_rate, options.put_rate,
                     options.put_mark_rate, options.put_initial_scale)
    )  # fmt: skip
    mark, strike = Fraction(leg.mark, WAD), Fraction(leg.strike)
    least = c * spot + mark if leg.is_call else max(d * spot, e * mark) + mark
    if level == Level.MAINTENANCE:
        return least
    otm = max(strike - spot if leg.is_call else spot - strike, Fraction(0)) / spot
    whole = max(a - otm, b) * spot + mark
    return whole if leg.is_call else max(whole, scale * least)


@LAW
@given(legs(), option_risks(), wide(WAD // 1000, 20 * WAD))
def test_the_requirement_of_a_naked_short_is_its_formula(leg: Leg, options: OptionRisk, spot: int) -> None:
    """Rounded up; a rate is rounded by itself, before it meets the index."""
    exposure = Exposure(option_risk=options, index_wad=spot, stable_wad=spot)
    [line] = lines_of([leg], [WAD] * 4)
    for level in Level:
        whole = unit_of(options, Fraction(spot, WAD), leg, level) * WAD
        slack = 14 + 10 * Fraction(spot, WAD)
        assert whole <= standard.short_requirement(exposure, line, level) < whole + slack


def test_naked_shorts_on_paper() -> None:
    """Index 1500, mark 50: call at 1600 is 6.67 % out, so max(15 - 6.67, 10) % = 150 + 50; maintenance 112.5 + 50."""
    exposure = Exposure(option_risk=DERIVE, index_wad=1500 * WAD, stable_wad=1500 * WAD)
    call = HeldOption(0, 1, 1600 * WAD, True, -WAD, 50 * WAD, 1500 * WAD, confidence_wad=WAD)
    assert [standard.short_requirement(exposure, call, level) for level in Level] == [200 * WAD, 1625 * WAD // 10]
    near = replace(call, strike_wad=1530 * WAD)  # 2 % out: 13 % of 1500 is 195
    assert standard.short_requirement(exposure, near, Level.INITIAL) == 245 * WAD
    # a put deep in the money, mark 3000: maintenance 225 + 3000; initial 225 + 3000 or 1.05 * 3225 = 3386.25
    put = HeldOption(0, 1, 4500 * WAD, False, -WAD, 3000 * WAD, 1500 * WAD, confidence_wad=WAD)
    assert [standard.short_requirement(exposure, put, level) for level in Level] == [338625 * WAD // 100, 3225 * WAD]


# uncertain prices


@LAW
@given(legs(size=st.integers(-9, -1)), risks(), spots, st.integers(0, 10 * WAD))
def test_contingencies_cover_shorts_alone(leg: Leg, risk: MarketRisk, spot: list[int], depeg: int) -> None:
    exposure = Exposure(risk=risk, index_wad=spot[0], stable_wad=spot[0])
    [short] = lines_of([leg], [WAD] * 4)
    doubt = (WAD - leg.confidence) * risk.confidence_factor if leg.confidence < risk.confidence_threshold else 0
    whole = -leg.size * spot[0] * Fraction(doubt + depeg * WAD, WAD**2)
    slack = Fraction(-leg.size * spot[0], WAD) + 20
    assert whole <= standard.short_contingency(exposure, short, depeg, Level.INITIAL) < whole + slack
    assert standard.short_contingency(exposure, short, depeg, Level.MAINTENANCE) == 0
    assert standard.short_contingency(exposure, replace(short, size=-short.size), depeg, Level.INITIAL) == 0


@LAW
@given(books, risks(), option_risks(), spots, forwards, ratios, wide(0, 2**100))
def test_v7_confidence_haircut_and_cash(
    held: list[Leg], risk: MarketRisk, options: OptionRisk, spot: list[int], forward: list[int], doubt: int, money: int
) -> None:
    """Adding cash adds as much margin; a lower confidence or a higher haircut never adds any."""
    book = book_of(held, risk, options, spot, forward)
    book.holdings = [Holding(money, money, HaircutTerms(WAD // 2, WAD // 4, CAP))]
    before = [margin(book, level) for level in Level]
    richer = replace(book, cash_wad=money)
    assert [margin(richer, level) for level in Level] == [each + money for each in before]
    doubted = replace(
        book, lines=[replace(line, confidence_wad=min(doubt, line.confidence_wad)) for line in book.lines]
    )
    cut = replace(book, holdings=[Holding(money, money, HaircutTerms(WAD, WAD // 2, CAP))])
    for other in (doubted, cut):
        assert all(margin(other, level) <= each for level, each in zip(Level, before, strict=True))
    assert all(now >= then for now, then in zip(required(doubted), required(book), strict=True))


# limits of V8


@LAW
@given(books, books, risks(), option_risks(), spots, forwards)
def test_joining_requires_at_most_the_sum_of_isolated_shorts(
    first: list[Leg], second: list[Leg], risk: MarketRisk, options: OptionRisk, spot: list[int], forward: list[int]
) -> None:
    """Weaker form of V8: joined, options require no more than all shorts alone, and a wei for every strip."""
    joined = required(book_of(first + second, risk, options, spot, forward))
    shorts = [leg for leg in first + second if leg.size < 0]
    alone = [required(book_of([leg], risk, options, spot, forward)) for leg in shorts]
    exposures = [Exposure(risk, options, each, WAD, each) for each in spot]
    for level in Level:
        naked = 0
        for line in lines_of(shorts, forward):
            exposure = exposures[line.underlying]
            naked += -line.size * standard.short_requirement(exposure, line, level) // WAD
            naked += standard.short_contingency(exposure, line, 0, level)
        assert sum(each[level] for each in alone) <= naked + len(shorts)
        assert joined[level] <= naked + 4


def test_v8_is_no_law_of_options_in_standard_mode() -> None:
    """A naked call and a covered spread: apart one is isolated and the other bounded, joined both are isolated.

    Index and forward 1500. Short a call at 1900, mark 6: 150 + 6 = 156 isolated, 1.2 * 1500 = 1800 bounded. Short a
    call at 1100, mark 402, against a long one at 1300: 225 + 402 = 627 isolated, 200 bounded. Joined: 156 + 627 = 783
    isolated, 200 + 1800 = 2000 bounded. 783 is more than 156 + 200.
    """
    call = HeldOption(0, 1, 1900 * WAD, True, -WAD, 6 * WAD, 1500 * WAD, confidence_wad=WAD)
    short = HeldOption(0, 1, 1100 * WAD, True, -WAD, 402 * WAD, 1500 * WAD, confidence_wad=WAD)
    long = HeldOption(0, 1, 1300 * WAD, True, WAD, 215 * WAD, 1500 * WAD, confidence_wad=WAD)
    exposure = Exposure(option_risk=DERIVE, index_wad=1500 * WAD, stable_wad=1500 * WAD)

    def needed(*lines: HeldOption) -> int:
        return requirement(Book(0, [], [exposure], list(lines)), Level.INITIAL)

    assert needed(call) == 156 * WAD
    assert needed(short, long) == 200 * WAD
    assert needed(call, short, long) == 783 * WAD > needed(call) + needed(short, long)


@LAW
@given(books, books, risks(), option_risks(), spots, forwards)
def test_v8_holds_for_options_of_different_expiries(
    first: list[Leg], second: list[Leg], risk: MarketRisk, options: OptionRisk, spot: list[int], forward: list[int]
) -> None:
    """Expiries add up: two books that share none require together the sum of both."""
    near = [leg._replace(expiry=1) for leg in first]
    far = [leg._replace(expiry=2) for leg in second]
    apart = [required(book_of(each, risk, options, spot, forward)) for each in (near, far)]
    joined = required(book_of(near + far, risk, options, spot, forward))
    assert joined == [sum(each) for each in zip(*apart, strict=True)]


def test_payoffs_on_paper() -> None:
    assert option.payoff(7, 5, True) == 2 == option.payoff(5, 7, False)
    assert option.payoff(5, 7, True) == 0 == option.payoff(7, 5, False)
    assert market.is_option(market.CALL) and market.is_option(market.PUT) and not market.is_option(market.FUTURE)


def test_a_naked_short_requires_the_worse_of_index_and_stable_price() -> None:
    """A call struck at 2000 requires 0.1 * 1000 + 10 at 1000; at 2000 it is at the money: 0.15 * 2000 + 10."""
    call = HeldOption(strike_wad=2000 * WAD, is_call=True, size=-WAD, mark_wad=10 * WAD)
    for index, stable in ((1000, 2000), (2000, 1000)):
        exposure = Exposure(option_risk=DERIVE, index_wad=index * WAD, stable_wad=stable * WAD)
        assert standard.short_requirement(exposure, call, Level.INITIAL) == 310 * WAD
    assert standard.short_requirement(exposure, call, Level.MAINTENANCE) == (150 + 10) * WAD
