"""Results that functions of the mirror keep by their arguments: none may outlive a change of the mirror."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from typing import Any

_MIRROR = "crossvault.mirror."


def keepers() -> Iterator[_lru_cache_wrapper[Any]]:
    """Yields the functions of the mirror that keep results."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_MIRROR):
            yield from (each for each in vars(module).values() if isinstance(each, _lru_cache_wrapper))


def forget_results() -> None:
    """Makes every function of the mirror compute its next result."""
    for each in keepers():
        each.cache_clear()
