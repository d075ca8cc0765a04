"""The largest difference of money that candidates have shown: a mistake of logic may shrink to a single wei."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.differential.compare import Difference
from crossvault.differential.step import Step, World
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.refusal import Refusal

_NOT_MONEY = (
    "health_wad", "leverage_wad", "confidence_wad", "taken_wad", "rate_wad", "index_wad", "premium_wad", "price_wad",
    "forward_wad", "settlement_wad", "size_wad", "filled_wad",
)  # fmt: skip
_MONEY = ("principal", "quote")


class Amount(NamedTuple):
    """An amount of the quote token, and the amount that it is a part of [wad]."""

    wei: int
    whole: int


class LargestDifference(NamedTuple):
    """A difference of money, the steps that show it at their end, and their world."""

    difference: Difference
    amount: Amount
    steps: tuple[Step, ...]
    world: World

    @property
    def wei(self) -> int:
        """Chain less model; of a refusal for want of margin, the margin that is wanting [wad]."""
        return self.amount.wei

    @property
    def share(self) -> float | None:
        """The part of the model's value, or of the requirement; None where that is zero."""
        return self.wei / abs(self.amount.whole) if self.amount.whole else None


def largest(found: Sequence[Difference], steps: Sequence[Step], world: World) -> LargestDifference | None:
    """The largest of some differences of money; None where there is none."""
    money = [(each, amount) for each in found if (amount := amount_of(each))]
    if not money:
        return None
    first, amount = max(money, key=lambda pair: abs(pair[1].wei))
    return LargestDifference(first, amount, tuple(steps), world)


def amount_of(difference: Difference) -> Amount | None:
    """The money that two sides differ by; None where it is nothing or no amount of the quote token."""
    for side in (difference.chain, difference.model):
        if isinstance(side, Refusal) and side.name == InsufficientMargin.__name__:
            _, adjusted_wad, requirement_wad = side.args
            return Amount(requirement_wad - adjusted_wad, requirement_wad)
    if not difference.wei or not is_money(difference.field):
        return None
    return Amount(difference.wei, difference.model)


def is_money(field: str) -> bool:
    """Whether a field is an amount of the quote token [wad]."""
    name = field.rpartition(".")[2]
    return name in _MONEY or (name.endswith("_wad") and name not in _NOT_MONEY)
