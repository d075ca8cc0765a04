"""Simplification: zero, one and round numbers in the place of values; bisection where the failing step needs more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from crossvault.shrink.removal import Attempt, Steps
from crossvault.shrink.rewrite import TIMES, leaves, replaced

Group = tuple[int | None, str, int]
"""Values that are changed together: the place of their step (None: all steps), their name, the value."""

_NUMBERS_OF_THINGS = ("underlying", "collateral", "instrument", "mode", "kind", "feed", "number", "chain_id")
_DIGITS = (1, 2, 3, 4, 6, 9)
_HALVINGS = 24
_DIVISORS = (10**6, 1_000, 10, 2)
_SIZES = ("size",)
_TRADERS_DOORS = (
    "mint",
    "deposit_cash",
    "deposit_collateral",
    "withdraw_cash",
    "withdraw_collateral",
    "trade",
    "batch",
)


def is_amount(name: str, value: object) -> bool:
    """Whether a value of an argument is a quantity, and neither a time nor the number of a thing."""
    return type(value) is int and name not in _NUMBERS_OF_THINGS and name not in TIMES


def weight(value: int) -> tuple[int, int, bool]:
    """The order of values, simplest first: digits without the zeros at the end, size, sign."""
    return len(str(abs(value)).rstrip("0")), abs(value), value < 0


def simplify_values(steps: Steps, attempt: Attempt) -> Steps:
    """Simplifies values: all smaller in proportion, all that can be 0, 1 or of one digit at once, then each alone."""
    steps = _scaled(steps, attempt)
    for target in (_zero, _one, _one_digit):
        for everywhere in (True, False):
            steps = _all_at_once(steps, target, everywhere, attempt)
    for everywhere in (True, False):
        for group in _groups(steps, everywhere):
            if group in _groups(steps, everywhere):
                steps = _searched(steps, group, attempt)
    return steps


def _scaled(steps: Steps, attempt: Attempt) -> Steps:
    """Divides all quantities together, as far as that still fails: a size, its hedge and what pays for them."""
    for names in (None, _SIZES):
        for divisor in _DIVISORS:
            while (smaller := _divided(steps, names, divisor)) and (found := attempt(replaced(steps, smaller))):
                steps = found
    return steps


def _divided(steps: Steps, names: Sequence[str] | None, divisor: int) -> Mapping[Group, int]:
    """Quantities of some names (None: all of traders) by what they become, toward zero."""
    return {
        (place, name, value): abs(value) // divisor * (-1 if value < 0 else 1)
        for place, step in enumerate(steps)
        if step.action in _TRADERS_DOORS
        for name, value in leaves(step)
        if is_amount(name, value) and (names is None or name in names) and abs(value) >= divisor
    }


def _zero(value: int) -> int:
    return 0


def _one(value: int) -> int:
    return 1


def _one_digit(value: int) -> int:
    return _rounded(value, 1, up=False)


def _rounded(value: int, digits: int, up: bool) -> int:
    """A value cut to so many digits, toward zero or away from it."""
    unit: int = 10 ** max(0, len(str(abs(value))) - digits)
    cut = (abs(value) + (unit - 1 if up else 0)) // unit * unit
    return -cut if value < 0 else cut


def _groups(steps: Sequence, everywhere: bool) -> list[Group]:  # type: ignore[type-arg]
    """The groups that can be simplified, in the order of the steps, latest first."""
    found: dict[Group, None] = {}
    for place in range(len(steps) - 1, -1, -1):
        for name, value in leaves(steps[place]):
            if is_amount(name, value) and value not in (0, 1):
                found[None if everywhere else place, name, value] = None
    if everywhere:
        return list(found)
    places: dict[tuple[str, int], int] = {}
    for _, name, value in found:
        places[name, value] = places.get((name, value), 0) + 1
    return [group for group in found if places[group[1], group[2]] > 1]  # alone, it was tried already


def _all_at_once(steps: Steps, target: Callable[[int], int], everywhere: bool, attempt: Attempt) -> Steps:
    """Moves as many values as possible to a target: all of them, or by halves."""

    def settle(part: Sequence[Group]) -> None:
        nonlocal steps
        changed: Mapping[Group, int] = {group: target(group[2]) for group in part}
        if found := attempt(replaced(steps, changed)):
            steps = found
        elif len(part) > 1:
            settle(part[: len(part) // 2])
            settle(part[len(part) // 2 :])

    wanted = [group for group in _groups(steps, everywhere) if weight(target(group[2])) < weight(group[2])]
    if wanted:
        settle(wanted)
    return steps


def _searched(steps: Steps, group: Group, attempt: Attempt) -> Steps:
    """The simplest value of one group that still fails, as far as rounding and bisection find it."""
    best = steps

    def fails(value: int) -> bool:
        nonlocal best
        found = attempt(replaced(steps, {group: value}))
        if found:
            best = found
        return found is not None

    value = group[2]
    if value < 0 and fails(-value):
        return _searched(best, (group[0], group[1], -value), attempt) if -value not in (0, 1) else best
    if weight(value)[0] > 1 and _power(value, fails):
        return best
    _lowered(next((each for each in _simple(value) if weight(each) < weight(value) and fails(each)), value), fails)
    if best is steps and weight(value)[0] > 1:
        _least(value, fails)
    return best


def _power(value: int, fails: Callable[[int], bool]) -> bool:
    """Tries powers of ten, and finds the smallest of them that fails where one does."""
    sign, least, most = (-1 if value < 0 else 1), 0, len(str(abs(value)))
    found = False
    while least < most:
        middle = (least + most) // 2
        if fails(sign * 10**middle):
            most, found = middle, True
        else:
            least = middle + 1
    if found:
        _digit_below(sign, most, fails)
    return found


def _digit_below(sign: int, zeros: int, fails: Callable[[int], bool]) -> None:
    """The smallest digit of the unit below a power of ten that fails; ten of them do, one does not."""
    low, high = 1, 10
    while zeros and high - low > 1:
        digit = (low + high) // 2
        low, high = (low, digit) if fails(sign * digit * 10 ** (zeros - 1)) else (digit, high)


def _simple(value: int) -> Iterator[int]:
    for digits in _DIGITS:
        yield _rounded(value, digits, up=False)
        yield _rounded(value, digits, up=True)


def _least(value: int, fails: Callable[[int], bool]) -> None:
    """A value as small as bisection finds it, rounded up as far as that still fails."""
    sign, low, high = (-1 if value < 0 else 1), 0, abs(value)
    for _ in range(_HALVINGS):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        low, high = (low, middle) if fails(sign * middle) else (middle, high)
    for digits in _DIGITS:
        simple = _rounded(sign * high, digits, up=True)
        if weight(simple) < weight(sign * high) and fails(simple):
            return
    fails(sign * high)


def _lowered(value: int, fails: Callable[[int], bool]) -> None:
    """Fewer zeros at the end of a value, then a smaller beginning."""
    sign, text = (-1 if value < 0 else 1), str(abs(value))
    head = text.rstrip("0") or "0"
    zeros, least = len(text) - len(head), 0
    while least < zeros:
        middle = (least + zeros) // 2
        least, zeros = (least, middle) if fails(sign * int(head) * 10**middle) else (middle + 1, zeros)
    low, high = 0, int(head)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fails(sign * middle * 10**zeros) else (middle, high)
    fails(sign * high * 10**zeros)
    if high == 1:
        _digit_below(sign, zeros, fails)
