"""Expected values of a story as they are written: a comparison, a number and its unit; and counts."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crossvault.mirror.margin import UNBOUNDED
from crossvault.scenario import quantity
from crossvault.scenario.roster import FieldError
from crossvault.scenario.source import did_you_mean

_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "": operator.eq,
}  # fmt: skip
_COMPARISON = re.compile(r"(>=|<=|>|<|~|)\s*(.*)")


class ExpectedValue(NamedTuple):
    """A comparison with a number, such as `>= 5 ETH`; `~` allows less than one unit of the last place."""

    text: str
    sign: str
    number: int
    tolerance: int

    def holds(self, actual: int) -> bool:
        """Whether a number satisfies the comparison."""
        return (
            abs(actual - self.number) < self.tolerance
            if self.sign == "~"
            else _OPERATORS[self.sign](actual, self.number)
        )


def expected_value(key: str, written: Any, decimals: Mapping[str, int]) -> ExpectedValue:
    """Parses an expected value, such as `1,200 USDC`, `>= 5 ETH`, `~ 33.3 %`, `unbounded`. Raises FieldError.

    decimals: by accepted unit.
    """
    if written == "unbounded":
        return ExpectedValue(written, "", UNBOUNDED, 0)
    try:
        example = f"1,200 {next(iter(decimals))}"
        text = quantity.required_text(written, example)
        sign, rest = _COMPARISON.fullmatch(text).groups()  # type: ignore[union-attr] # matches everything
        found = quantity.quantity(rest, example)
        if found.unit not in decimals:
            raise FieldError(key, f"'{found}' is in {found.unit}: {did_you_mean(found.unit, decimals)}")
        scale = decimals[found.unit]
        return ExpectedValue(text, sign, found.scaled(scale), 10 ** max(0, scale - found.places))
    except ValueError as error:
        raise FieldError(key, str(error)) from None


def expected_count(key: str, written: Any) -> ExpectedValue:
    """Parses an expected count, such as `3` or `>= 3`. Raises FieldError."""
    sign, number = _COMPARISON.fullmatch(str(written)).groups()  # type: ignore[union-attr] # matches everything
    if not number.isdecimal() or sign == "~":
        raise FieldError(key, f"{written!r} is not a count: expected something like 3 or '>= 3'")
    return ExpectedValue(str(written), sign, int(number), 0)


def count_failure(key: str, expected: ExpectedValue, actual: int) -> str | None:
    """The message of another count than expected, or None."""
    return None if expected.holds(actual) else f"expected {key}: {expected.text}, got {actual}"
