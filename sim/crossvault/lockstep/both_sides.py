"""Both sides of a world, opened and closed, and an answer of contracts that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossvault.differential.ending import FailedRun
from crossvault.differential.model import Model
from crossvault.differential.step import World
from crossvault.evm.anvil import ChainRefused
from crossvault.evm.chain import Chain


class AbiMismatch(FailedRun):
    """An answer of the user's contracts that does not fit their own ABI."""


@contextmanager
def opened(world: World, contracts: Path | None) -> Iterator[tuple[Model, Chain]]:
    """Both sides of a world; the node is stopped at the end, however it comes."""
    chain = Chain(world, contracts)
    try:
        yield Model(world), chain
    finally:
        chain.close()


@contextmanager
def readable(contracts: Path | None) -> Iterator[None]:
    """Raises AbiMismatch for an answer of the user's contracts that cannot be read; with ours it is a defect."""
    try:
        yield
    except (ChainRefused, ValueError, IndexError, OverflowError) as odd:
        if contracts is None:
            raise
        raise AbiMismatch(f"the contracts in {contracts} gave an answer that cannot be read: {odd}") from odd
