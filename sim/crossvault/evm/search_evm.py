"""The EVM of a search: pyrevm in this process, or an Anvil where pyrevm is not installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from crossvault.evm.chunk_call import ChunkCall
from crossvault.setup.toolchain import ToolchainMissing

Answer = dict[str, Any]


class Evm(Protocol):
    """An EVM state with blocks and marks. Addresses and data are hex."""

    at: int
    number: int

    def move(self, at: int) -> None:
        """Begins the next block, at a time [unix seconds]."""
        ...

    def call(self, call: Mapping[str, str]) -> Answer:
        """Executes a call and keeps its changes."""
        ...

    def step(self, call: Mapping[str, str], views: Sequence[Mapping[str, str]]) -> list[Answer]:
        """Executes a call and keeps its changes, then views; returns the answers of all."""
        ...

    def chunk(self, calls: Sequence[ChunkCall]) -> list[list[Answer]]:
        """Executes calls, each with its views, and keeps their changes; returns the answers of each."""
        ...

    def query(self, call: Mapping[str, str], at: int | None = None) -> Answer:
        """Executes a call and reverts its changes; `at`: in the next block, at a time [unix seconds]."""
        ...

    def code(self, address: str) -> str:
        """The deployed code at an address."""
        ...

    def replace(self, address: str, code: bytes) -> None:
        """Replaces the code of a contract and keeps its storage."""
        ...

    def create(self, sender: str, code: str, gas: str) -> str | None:
        """Executes the code of a constructor; returns the address, or None if it reverts."""
        ...

    def revert_data(self, sender: str, code: str, gas: str) -> str:
        """The data with which the code of a constructor reverts (hex); keeps no change."""
        ...

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        """Executes a call in a block of its own."""
        ...

    def mark(self) -> int:
        """Sets a mark to return to."""
        ...

    def back(self, mark: int) -> None:
        """Reverts everything since a mark, which stays; later marks are removed."""
        ...


@cache
def is_in_process() -> bool:
    """Whether pyrevm is installed: it has wheels for some Pythons and platforms only (docs/install.md)."""
    from importlib.util import find_spec

    return find_spec("pyrevm") is not None


def engine() -> str:
    """The name of the EVM of a search."""
    return "pyrevm" if is_in_process() else "anvil"


def place() -> str:
    """Where a search executes, for messages."""
    return "in process" if is_in_process() else "in simulation"


def search_evm(chain_id: int, at: int, mix: int = 0, most_code: int | None = None) -> Evm:
    """An EVM without contracts. at: time of the first block [unix seconds]; mix: its `prevrandao`, 0 on a node;
    most_code: contract size limit [bytes]. Raises ToolchainMissing, ChainLost.
    """
    if is_in_process():
        from crossvault.evm.pyrevm import InMemoryEvm

        return InMemoryEvm(chain_id, at, mix, most_code)
    from crossvault.evm.node_evm import NodeEvm

    if mix:
        raise ToolchainMissing(
            "several mutants in one build need pyrevm, which is not installed and has wheels for Python 3.11 and 3.12"
        )
    return NodeEvm(chain_id, at, is_wide=most_code is not None)
