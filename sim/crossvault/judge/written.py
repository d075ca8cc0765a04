"""What of a stored value was ever written: storage that was only read holds zeros."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossvault.judge.books import CapRecord, OrderBook


def written(value: Any) -> Any:
    """A mapping without entries that are all zero: what was only read is as what never was."""
    if isinstance(value, Mapping):
        entries = ((key, written(each)) for key, each in value.items())
        return {key: each for key, each in entries if _is_written(each)}
    return tuple(map(written, value)) if isinstance(value, (CapRecord, OrderBook)) else value


def _is_written(value: Any) -> bool:
    """Whether anything in a value is not zero."""
    return any(map(_is_written, value)) if isinstance(value, tuple) else bool(value)
