"""Notices that no blocks come while a deployment waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable

from crossvault.differential.ending import BadEnvironment

_PATIENCE = 3


class ChainIdle(BadEnvironment):
    """No block came for long, as on a chain that mines only on transactions; a later apply resumes."""


class BlockArrivals:
    """The progress of the chain's head. stuck_secs: time without a block before the user is notified."""

    def __init__(self, notify: Callable[[str], None], stuck_secs: float) -> None:
        self._notify, self._stuck_secs = notify, stuck_secs
        self._head, self._since, self._is_announced = -1, 0.0, False

    def require(self, head: int, needed: str) -> None:
        """Notes the head. needed: the reason to wait for later blocks. Raises ChainIdle when the patience ends."""
        now = time.monotonic()
        if head != self._head:
            self._head, self._since, self._is_announced = head, now, False
            return
        idle_secs = now - self._since
        text = f"no block after {head} for {idle_secs:.0f} s, and {needed}"
        if idle_secs > _PATIENCE * self._stuck_secs:
            raise ChainIdle(f"{text}. Where blocks come only with transactions, mine some (evm_mine) and apply again")
        if idle_secs > self._stuck_secs and not self._is_announced:
            self._notify(f"{text}; does this chain mine only on transactions?")
            self._is_announced = True
