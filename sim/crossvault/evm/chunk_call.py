"""A call of a chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class ChunkCall(NamedTuple):
    """A call of a chunk and the views after it. begins_at: the time of the block that it begins, if it begins one."""

    call: Mapping[str, str]
    views: Sequence[Mapping[str, str]]
    begins_at: int | None
