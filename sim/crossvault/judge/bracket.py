"""A value between two bounds, for what the specification fixes up to a stated error."""

from __future__ import annotations

from typing import NamedTuple


class Bracket(NamedTuple):
    """A value in wads that lies between two bounds; equal bounds where every rounding is fixed."""

    low: int
    high: int

    @classmethod
    def of(cls, value: int) -> Bracket:
        """A value that is known exactly."""
        return cls(value, value)

    def plus(self, other: Bracket) -> Bracket:
        """The sum."""
        return Bracket(self.low + other.low, self.high + other.high)

    def minus(self, other: Bracket) -> Bracket:
        """The difference."""
        return Bracket(self.low - other.high, self.high - other.low)

    def holds(self, value: int) -> bool:
        """Whether a value is within the bounds."""
        return self.low <= value <= self.high

    def meets(self, other: Bracket) -> bool:
        """Whether a value can be within both."""
        return self.low <= other.high and other.low <= self.high

    def __str__(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low} to {self.high}"
