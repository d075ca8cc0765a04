"""The chain side in this process: the same contracts on pyrevm, one step at a time, for searching.

A difference found here counts only after Anvil confirms it (contracts/README.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from crossvault.differential.step import CHAIN_ID, Outcome, Snapshot, Step, World, named
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Answer, Bindings, Call
from crossvault.evm.chain import CHUNK
from crossvault.evm.chunk_call import ChunkCall
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import deploy_world
from crossvault.evm.search_evm import engine, search_evm
from crossvault.mirror.account import AccountId
from crossvault.mirror.lens import CurveState
from crossvault.mirror.valuation import Metrics


class InProcessChain(Bindings):
    """The contracts of a directory in memory. It grows by some kB a step, so a campaign uses a new one per walk.

    mix: `prevrandao` of its blocks, which selects one of the mutants of a build. most_code: size limit of code.
    """

    mix: ClassVar[int] = 0
    most_code: ClassVar[int | None] = None

    def __init__(self, world: World, contracts: Path | Build | None = None) -> None:
        """Compiles and deploys. Raises CompileFailed, ToolchainMissing, DeployFailed."""
        build, names = contracts if isinstance(contracts, Build) else compile_contracts(contracts), AddressBook()
        self.engine = engine()
        self.machine = search_evm(CHAIN_ID, world.starts_at, self.mix, self.most_code)
        deploy_world(self.machine, build, world, names)
        super().__init__(build, names)
        self.last: Answer = {}  # of the last step
        self._steps, self._at = 0, 0
        self._marks: list[tuple[int, int]] = []

    def apply(self, step: Step) -> Outcome:
        """Executes one step and returns its outcome."""
        view = self.view("snapshot", {"ids": step.accounts()})
        return self.outcome(*self.answers(step, self.transaction(step), [view]))

    def answers(self, step: Step, call: Call, views: Sequence[Call]) -> list[Answer]:
        """Executes a step, encoded and with its views, and returns the answers of it and of its views."""
        self.enter(step)
        answers = self.machine.step(call, views)
        self.last = answers[0]
        return answers

    def enter(self, step: Step) -> None:
        """Begins a block for a step at the same steps as Anvil."""
        if self._begins(step):
            self.machine.move(step.at)

    def chunk(self, steps: Sequence[tuple[Step, Call, Sequence[Call]]]) -> list[list[Answer]]:
        """Executes steps, each encoded and with its views, and returns the answers of each and of its views.

        What is executed next raises EnginesDisagree if the mined state is not the one that a simulation left.
        """
        calls = [ChunkCall(call, views, step.at if self._begins(step) else None) for step, call, views in steps]
        named_last = self.view("snapshot", {"ids": named([step for step, *_ in steps])})
        calls[-1] = calls[-1]._replace(views=[*calls[-1].views, named_last])
        answers = self.machine.chunk(calls)
        answers[-1].pop()
        return answers

    def _begins(self, step: Step) -> bool:
        """Counts a step; whether a block begins with it."""
        begins = step.at != self._at or self._steps % CHUNK == 0
        self._at = step.at
        self._steps += 1
        return begins

    def play(self, steps: Sequence[Step]) -> list[Outcome]:
        """Executes steps in order and returns the outcome of each."""
        return [self.apply(step) for step in steps]

    def metrics(self, accounts: Sequence[AccountId], at: int) -> list[Metrics]:
        """Margin metrics of accounts at a time not before the last step [unix seconds]."""
        calls = [self.view("metrics", {"account": account}) for account in accounts]
        return [self.decode_metrics(self.machine.query(call, at)) for call in calls]

    def snapshot(self, accounts: Sequence[AccountId]) -> Snapshot:
        """State of the vault and of some accounts."""
        return self.decode_snapshot(self._query(self.view("snapshot", {"ids": accounts}))["returnData"])

    def curves(self) -> tuple[CurveState, ...]:
        """State of the expiries that have not settled."""
        return self.decode_curves(self._query(self.view("curves", {}))["returnData"])

    def mark(self) -> int:
        """Sets a mark to return to."""
        self._marks.append((self._steps, self._at))
        return self.machine.mark()

    def back(self, mark: int) -> None:
        """Reverts every step since a mark, which stays; later marks are removed."""
        self.machine.back(mark)
        self._steps, self._at = self._marks[mark]
        del self._marks[mark + 1 :]

    def close(self) -> None:
        """Does nothing: this side is memory only."""

    def _query(self, call: Call) -> Answer:
        return self.machine.query(call)
