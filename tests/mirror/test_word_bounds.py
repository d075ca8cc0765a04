"""Every plain product and unchecked sum of option prices fits its word, for all inputs within the bounds of the doors.

A proof by intervals: the mirror's own functions compute with ranges instead of numbers, each operation requires its
result to fit 256 bits, and a comparison that a range leaves open follows both branches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from typing import Any

import pytest

from crossvault.mirror import exp, fixed, normal, option, shock
from crossvault.mirror.fixed import CAP, RAY, WAD

WORD, HALF = 2**256, 2**255
DISTANCES = 2**127  # in deviations [wad]: a log-moneyness below 2^67 over a deviation of 1 wei
DEVIATIONS = 2**124


class TooWide(AssertionError):
    """A result that 256 bits may not hold."""


class Branches:
    """The comparisons that are open, each followed both ways, path by path."""

    def __init__(self) -> None:
        self.taken: list[bool] = []
        self.place = 0

    def choose(self) -> bool:
        if self.place == len(self.taken):
            self.taken.append(False)
        self.place += 1
        return self.taken[self.place - 1]

    def paths(self, function: Callable[[], Any]) -> Iterator[Any]:
        """The results of a function on every path."""
        while True:
            self.place = 0
            yield function()
            while self.taken and self.taken[-1]:
                self.taken.pop()
            if not self.taken:
                return
            self.taken[-1] = True


OPEN = Branches()


@dataclass(frozen=True, eq=False)
class Range:
    """All integers from low to high; both fit a word, signed or not."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not -HALF <= self.low <= self.high < (HALF if self.low < 0 else WORD):
            raise TooWide(f"{self.low}..{self.high}")

    def __add__(self, other: Range | int) -> Range:
        by = whole(other)
        return Range(self.low + by.low, self.high + by.high)

    def __sub__(self, other: Range | int) -> Range:
        return self + -whole(other)

    def __rsub__(self, other: int) -> Range:
        return whole(other) - self

    def __neg__(self) -> Range:
        return Range(-self.high, -self.low)

    def __mul__(self, other: Range | int) -> Range:
        by = whole(other)
        ends = [a * b for a, b in product((self.low, self.high), (by.low, by.high))]
        return Range(min(ends), max(ends))

    def __floordiv__(self, other: Range | int) -> Range:
        by = whole(other)
        assert by.low > 0, "a divisor may be 0"
        ends = [a // b for a, b in product((self.low, self.high), (by.low, by.high))]
        return Range(min(ends), max(ends))

    def __rfloordiv__(self, other: int) -> Range:
        return whole(other) // self

    def __rshift__(self, by: int) -> Range:
        return Range(self.low >> by, self.high >> by)

    def __lt__(self, other: Range | int) -> bool:
        by = whole(other)
        return self.high < by.low or (self.low < by.high and OPEN.choose())

    def __gt__(self, other: Range | int) -> bool:
        return whole(other) < self

    def __ge__(self, other: Range | int) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, int)
        return self.low == self.high == other or (self.low <= other <= self.high and OPEN.choose())

    __radd__, __rmul__ = __add__, __mul__


@dataclass(frozen=True)
class DeviationBeyond:
    """A deviation, known by its difference from another number only."""

    beyond: Any

    def __sub__(self, _: Any) -> Any:
        return self.beyond


def whole(number: Range | int) -> Range:
    return number if isinstance(number, Range) else Range(number, number)


def numbers(low: int, high: int) -> Any:
    """All integers from low to high, to functions that take one of them."""
    return Range(low, high)


def pieces(low: int, high: int, step: int) -> Iterator[Any]:
    """A range in parts: by a step, and by powers of two from 2^64 on, where only magnitudes matter."""
    ends = [*range(low, min(high, 2**64), step), *(2**bits for bits in range(64, 256) if low < 2**bits < high), high]
    return (numbers(a, b) for a, b in pairwise(ends))


def proven(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, low: int, high: int) -> None:
    """Takes a function for its result, which another test proves."""
    monkeypatch.setattr(module, name, lambda *_: numbers(low, high))


@pytest.fixture
def exponential(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exponential of a range that is not positive, with its stated error of a wei."""
    known = exp.exp
    monkeypatch.setattr(exp, "exp", lambda x: numbers(max(0, known(x.low) - 1), known(x.high) + 1))


def test_near_the_centre_a_tail_is_between_a_quarter_and_a_half() -> None:
    for x in pieces(0, normal._CENTRE, WAD // 64):
        found: Any = normal._centre_tail(x)
        assert found.low > WAD // 4 and found.high <= WAD // 2


def test_beyond_the_centre_a_tail_over_its_bell_is_below_a_half_and_not_negative() -> None:
    for x in [*pieces(normal._CENTRE, normal._FAR, WAD // 128), *pieces(normal._FAR + 1, DISTANCES, WAD // 4)]:
        [*found] = OPEN.paths(partial(normal._ratio, x))
        assert all(each.low >= 0 and each.high < RAY // 2 for each in found)


def test_a_time_value_is_within_its_words(monkeypatch: pytest.MonkeyPatch, exponential: None) -> None:
    """Both tails and ratios are those proven above; the deviation has any distance of its own."""
    proven(monkeypatch, normal, "_centre_tail", WAD // 4, WAD // 2)
    proven(monkeypatch, normal, "_ratio", 0, RAY // 2)
    spans = [numbers(0, normal._CENTRE), numbers(normal._CENTRE + 1, normal._END - 1), numbers(normal._END, DISTANCES)]
    for distance, beyond, sign in product(spans, spans, (-1, 1)):
        a, s = distance * sign, DeviationBeyond(beyond)
        for found in OPEN.paths(partial(normal.reach, a, s)):  # type: ignore[arg-type]  # intervals stand for integers
            assert whole(found).high <= WAD


def test_an_undiscounted_price_is_within_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shocked forwards and strikes below 2^100, as `Portfolio` has them."""
    proven(monkeypatch, normal, "reach", 0, WAD)
    prices, apart = numbers(0, 2**100), numbers(-(2**67), 2**67)
    for is_call, deviation in product((False, True), (numbers(0, 0), numbers(1, DEVIATIONS))):
        for found in OPEN.paths(partial(undiscounted, prices, prices, apart, deviation, is_call)):
            assert whole(found).high <= 2**101


def undiscounted(*args: Any) -> Any:
    """`Option.undiscounted`, without the results that the mirror keeps."""
    return option.undiscounted.__wrapped__(*args)


def test_a_forward_after_a_shock_is_below_its_bound() -> None:
    found: Any = shock.forward(numbers(0, CAP), numbers(0, CAP), numbers(1 - WAD, shock.MAX_SHOCK))
    assert found.low >= 0 and found.high < 2**100


WIDER: dict[str, Callable[[], Any]] = {
    "a tail far from the centre": lambda: normal._centre_tail(numbers(0, 2**128)),
    "a ratio at no distance": lambda: normal._far_ratio(numbers(1, 2)),
    "a ratio of the middle, far out": lambda: fixed.horner(numbers(0, 2**128), numbers(0, 2**129), 0),
    "logarithms further apart": lambda: undiscounted(1, 2, numbers(0, 2**200), numbers(1, DEVIATIONS), True),
    "a larger move": lambda: shock.forward(0, numbers(0, CAP), numbers(0, 2**161)),
}


@pytest.mark.parametrize("wider", WIDER)
def test_a_wider_bound_is_found(monkeypatch: pytest.MonkeyPatch, wider: str) -> None:
    proven(monkeypatch, normal, "reach", 0, WAD)
    with pytest.raises(TooWide):
        for _ in OPEN.paths(WIDER[wider]):
            pass
