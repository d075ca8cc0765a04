"""Versions of the vault's interface: by which functions one is recognised, and what it emits and returns.

Today's is that of the contracts that ship. Earlier ones are in earlier_interfaces.json: their functions with what they
return, and their events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.differential.ending import BadInput
from crossvault.evm.abi import selector_of

Abi = Sequence[Mapping[str, Any]]
_SHOWN = 5  # functions that a message names


class UnknownInterface(BadInput):
    """A vault whose functions are those of no known version."""


class EarlierInterface(NamedTuple):
    """An earlier interface: its number, the last day on which contracts had it, and its ABI."""

    number: int
    until: str
    abi: Abi

    @property
    def selectors(self) -> frozenset[str]:
        """The selectors of its functions (hex, 4 bytes)."""
        return frozenset(selector_of(item) for item in self.abi if item["type"] == "function")

    def __str__(self) -> str:
        return f"interface {self.number} (contracts until {self.until})"


@cache
def earlier_interfaces() -> tuple[EarlierInterface, ...]:
    """The earlier interfaces, the oldest first."""
    text = (Path(__file__).parent / "earlier_interfaces.json").read_text(encoding="utf8")
    return tuple(EarlierInterface(**each) for each in json.loads(text))


def todays_number() -> int:
    """The number of today's interface."""
    return len(earlier_interfaces()) + 1


def recognised(deployed: frozenset[str], names: Mapping[str, str]) -> EarlierInterface | None:
    """The earlier interface that a vault has by its selectors, or None for today's. Raises UnknownInterface.

    names: signatures of today's functions by selector. A vault may have functions of its own beside those of a version.
    """
    if names.keys() <= deployed:
        return None
    for earlier in reversed(earlier_interfaces()):
        newer = names.keys() - earlier.selectors
        if earlier.selectors <= deployed and not newer & deployed:
            return earlier
    missing = sorted(signature for selector, signature in names.items() if selector not in deployed)
    shown = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
    known = ", ".join(str(each) for each in earlier_interfaces())
    raise UnknownInterface(
        f"its interface is none of {known} and interface {todays_number()} (the contracts of this version): "
        f"of the latter it lacks {shown}; audit it with the version of crossvault whose contracts it has"
    )


def interface_of(deployed: frozenset[str] | None, names: Mapping[str, str]) -> tuple[int | None, str]:
    """The number of the interface that a vault has, None where it is of no known version, and its text.

    deployed: its selectors; None where it lists none. names: signatures of today's functions by selector.
    """
    if deployed is None:
        return None, "unknown: it lists no functions"
    try:
        earlier = recognised(deployed, names)
    except UnknownInterface as unknown:
        return None, f"unknown: {unknown}"
    number = earlier.number if earlier else todays_number()
    return number, str(earlier or f"interface {number} (the contracts of this version)")
