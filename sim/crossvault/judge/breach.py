"""A breach of a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class Breach(NamedTuple):
    """A rule that a step breaks: what is wrong with the two numbers compared, and the money that it moved [wad].

    accounts: those that gained or lost it. weakness: the known one that it is (docs/known-weaknesses.md), if any.
    """

    what: str
    money_wad: int | None = None
    accounts: tuple[AccountId, ...] = ()
    weakness: str = ""
