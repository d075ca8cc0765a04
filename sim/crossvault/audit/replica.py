"""Replica of a deployed vault: a model replayed from the vault's logs alone and compared at each block."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, NamedTuple

from crossvault.audit.block_comparison import (
    BlockDiffers,
    BlockSteps,
    as_read,
    decoded,
    differences,
    full_state,
    responses,
    state_requests,
    touched_state,
)
from crossvault.audit.block_reading import MOST_BLOCKS, read_blocks
from crossvault.audit.checkpoint import Checkpoint, CheckpointBlock, CheckpointHeader
from crossvault.audit.follower import ChainFollower, StepObserver
from crossvault.audit.vault_source import BlockGone, BlockHeader, Log, OpeningUnreadable, VaultSource
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World
from crossvault.evm.anvil import ChainLost, ChainRefused, Request
from crossvault.evm.artifacts import Build
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import compile_contracts
from crossvault.judge.judge import Judge
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.rpc.client import RpcClient

Observer = Callable[[], None]

REMEMBERED = 512
_STATES, _ACCOUNTS = 16, 64  # compared at once: blocks, accounts
_PATIENCE = 40  # reorganisations that are followed within one call of catch_up
_PAUSE_SECS = 0.25
_SELDOM = 1_000  # blocks without steps between two checkpoint lines


class ComparedBlock(NamedTuple):
    """A compared block, with the number of steps up to and including it."""

    block: BlockHeader
    steps: int


@dataclass(slots=True)
class AuditCounts:
    """Counts of an audit: steps, blocks with steps, compared accounts and metrics, reorganisations."""

    steps: int = 0
    blocks: int = 0
    metrics: int = 0
    reorganisations: int = 0
    deepest: int = 0
    resumed: int = 0
    accounts: dict[AccountId, None] = field(default_factory=dict)


class Replica:
    """A deployed vault and its model. The model never reads the vault's state, which is only compared.

    block: the last compared block. Steps use the names in `names`, and addresses for all others.
    """

    def __init__(self, client: RpcClient, vault_address: str, *, names: AddressBook | Mapping[str, str] | None = None,
                 from_block: int | None = None, confirmations: int = 0, checkpoint: Checkpoint | None = None,
                 build: Build | None = None) -> None:  # fmt: skip
        """names: addresses by name; confirmations: blocks to stay behind the head. Sends no request yet.

        step_observer, judge: set them before the first `catch_up`.
        """
        given = {} if isinstance(names, AddressBook) else {name: each.lower() for name, each in (names or {}).items()}
        self.names, self._given = names if isinstance(names, AddressBook) else AddressBook(), given
        for name, address in given.items():
            self.names.bind(name, address)
        self.step_observer: StepObserver | None = None
        self.judge: Judge | None = None  # of every step; none is off
        self.source = VaultSource(client, vault_address, self.names, build or compile_contracts())
        self.counts, self.head = AuditCounts(), 0
        self._from, self._behind = from_block, confirmations
        self._checkpoint = checkpoint
        self.observer: Observer = _unobserved  # called after each batch of compared blocks
        self._started: ChainFollower | None = None
        self._known: deque[ComparedBlock] = deque(maxlen=REMEMBERED)
        self._kept = 0

    @property
    def model(self) -> Model:
        """The model, available after the first `catch_up`."""
        return self._follower.model

    @property
    def world(self) -> World:
        """The state before the first step, from the vault's opening event."""
        return self._follower.world

    @property
    def opened(self) -> BlockHeader:
        """The block that opened the vault."""
        return self._header.opened

    @property
    def block(self) -> BlockHeader:
        """The last compared block."""
        return self._known[-1].block

    @property
    def weaknesses(self) -> dict[str, tuple[int, int]]:
        """Known weaknesses of the vault that its history met, by rule: how often, and the money moved [wad]."""
        return self._follower.weaknesses()

    @property
    def underlyings(self) -> tuple[str, ...]:
        """The names of the listed underlyings."""
        return self.model.vault.ledger.names

    @property
    def is_open(self) -> bool:
        """Whether the opening event has been read, so that a model exists."""
        return self._started is not None

    def catch_up(self, to_block: int | None = None) -> None:
        """Replays and compares every block up to a number, or to the head less the confirmations.

        Raises BlockDiffers, OpeningUnreadable, BadCheckpoint, ChainLost; blocks compared before that remain compared.
        """
        try:
            if self._started is None:
                self._open(self._target(to_block))
            for _ in range(_PATIENCE):
                if not self._advance(self._target(to_block)):
                    return self._mark_seen()
                time.sleep(_PAUSE_SECS)
        except BlockGone as gone:
            raise ChainLost(f"{self.source.origin}: {gone}") from gone
        raise ChainLost(f"{self.source.origin} serves two conflicting chains")

    def replay_unlogged(self, step: Step) -> Outcome:
        """Replays a step without vault logs at the time of the last block; it rolls back with that block."""
        return self._follower.replay_unlogged(replace(step, at=self.block.at), self.block.number)

    def compare_all(self) -> None:
        """Compares all known accounts, the curves and the parameters at the last block. Raises as `catch_up`."""
        accounts = list(self.counts.accounts)
        parts = [accounts[at : at + _ACCOUNTS] for at in range(0, max(1, len(accounts)), _ACCOUNTS)]
        try:
            for part in parts:
                self._compare([full_state(self.model, self.block, part)])
        except BlockGone:
            self.catch_up(self.block.number)
            self.compare_all()

    def close(self) -> None:
        """Closes the checkpoint."""
        if self._checkpoint:
            self._checkpoint.close()

    @property
    def _follower(self) -> ChainFollower:
        if self._started is None:
            raise LookupError("the replica has no model yet: call catch_up first")
        return self._started

    def _target(self, to_block: int | None) -> int:
        self.head = self.source.head()
        return max(0, min(self.head - self._behind, self.head if to_block is None else to_block))

    # opening and resuming

    def _open(self, target: int) -> None:
        chain_id, code = self.source.chain_id(), self.source.code()
        if code == "0x":
            raise OpeningUnreadable(
                f"there is no contract at {self.source.vault} on {self.source.origin}, chain {chain_id}"
            )
        self.source.recognise()
        digest = sha256(code.encode()).hexdigest()
        kept = self._checkpoint.read() if self._checkpoint else None
        if kept:
            self._resume(*kept, chain_id, digest)
            return
        low = self.source.created(target) if self._from is None else self._from
        opened, event = self.source.opening(low, target)
        self._begin(CheckpointHeader(chain_id, self.source.vault, digest, self._given, opened, event), anew=True)

    def _begin(self, header: CheckpointHeader, anew: bool) -> None:
        self._header = header
        self._started = ChainFollower(
            header.opened, header.event, self.source, REMEMBERED, self.step_observer, self.judge
        )
        self.counts = AuditCounts(reorganisations=self.counts.reorganisations, deepest=self.counts.deepest)
        self._known.clear()
        before = BlockHeader(header.opened.number - 1, header.opened.parent, "", 0)
        self._known.append(ComparedBlock(before, 0))
        if anew and self._checkpoint:
            self._checkpoint.begin(header)
        self._kept = before.number

    def _resume(self, header: CheckpointHeader, entries: Sequence[CheckpointBlock], chain_id: int, code: str) -> None:
        path = str(self._checkpoint.path) if self._checkpoint else ""
        header.require_same(path, chain_id, self.source.vault, code, self._given)
        self._begin(header, anew=False)
        for entry in entries:
            self._follower.replay(entry, self.counts.steps)
            self._note(entry)
        self.counts.resumed = self.counts.steps
        self._kept = self.block.number

    def _note(self, entry: CheckpointBlock) -> None:
        """Adds a replayed block to the counts."""
        self.counts.steps += len(entry.steps)
        self.counts.blocks += bool(entry.steps)
        for step in entry.steps:
            self.counts.accounts |= dict.fromkeys(step.accounts())
        self._known.append(ComparedBlock(entry.block, self.counts.steps))

    # advancing

    def _advance(self, target: int) -> bool:
        """Advances to a block; returns whether the chain reorganised meanwhile, so that another call is needed."""
        try:
            self._require_tip()
            while self.block.number < target:
                pairs, last = read_blocks(self.source, self.block, target, self.head)
                for start in range(0, len(pairs), _STATES):
                    self._play(pairs[start : start + _STATES])
                if last.number > self.block.number:
                    self._known.append(ComparedBlock(last, self.counts.steps))
                self.observer()
        except BlockGone:
            self._go_back()
            return True
        return False

    def _require_tip(self) -> None:
        """Raises BlockGone where the last block was dropped; a lagging node may not have it yet."""
        [found] = self.source.blocks([self.block.number])
        if found is None:
            known = [each.block for each in self._known if each.block.number <= self.head]
            self.source.require_all(known[-1:])
        elif found.hash != self.block.hash:
            raise BlockGone(f"block {self.block.number} is no longer part of the chain")

    def _play(self, pairs: Sequence[tuple[BlockHeader, list[Log]]]) -> None:
        """Replays and compares blocks; rolls back every block that was not compared."""
        played: list[tuple[BlockSteps, CheckpointBlock]] = []
        wrong: BlockDiffers | None = None
        try:
            for block, logs in pairs:
                try:
                    before = self.counts.steps + sum(len(each.steps) for _, each in played)
                    entry, seen = self._follower.play(block, logs, before)
                except BlockDiffers as found:
                    wrong = found
                    break
                played.append((touched_state(self.model, block, seen), entry))
            self._compare([each for each, _ in played], [entry for _, entry in played])
            if wrong:
                self.source.require_all([wrong.block])
                raise wrong
        except BaseException:
            self._follower.back(self.block.number)
            raise

    def _compare(self, states: Sequence[BlockSteps], entries: Sequence[CheckpointBlock] = ()) -> None:
        """Compares model states with the chain; records the blocks that agree, in order."""
        requests, replies = self._replies(states)
        for place, (each, calls) in enumerate(zip(states, requests, strict=True)):
            state = decoded(self.source, each, [next(replies) for _ in calls])
            state = self._follower.without_gifts(state, each)
            if found := list(differences(state, as_read(self.source, each))):
                self.source.require_all([each.block])
                raise self._differs(each, found)
            self.counts.metrics += len(each.metrics)
            if entries:
                self._keep(entries[place])

    def _replies(self, states: Sequence[BlockSteps]) -> tuple[list[list[Request]], Iterator[str | Refusal]]:
        """Sends the view calls of some states; returns calls and replies. Raises BlockGone, ChainLost, ChainRefused."""
        requests = [state_requests(self.source, each) for each in states]
        blocks = [each.block for each in states]
        try:
            replies = responses(self.source, [call for each in requests for call in each])
        except ChainRefused:
            self.source.require_all(blocks)
            if not self.source.switch_to_numbers():
                raise
            return self._replies(states)
        if self.source.is_by_number:
            self.source.require_all(blocks)
        return requests, iter(replies)

    def _differs(self, each: BlockSteps, found: Sequence[tuple[Any, Any]]) -> BlockDiffers:
        seen = found[0][0]
        before = self.counts.steps if each.seen else 0
        number = before + 1 + each.seen.index(seen) if seen else 0
        return BlockDiffers(each.block, seen, number, [difference for _, difference in found], len(each.seen))

    def _keep(self, entry: CheckpointBlock) -> None:
        self._note(entry)
        if self._checkpoint:
            self._checkpoint.add(entry)
        self._kept = entry.block.number

    def _mark_seen(self) -> None:
        if self._checkpoint and self.block.number - self._kept >= _SELDOM:
            self._checkpoint.add(CheckpointBlock(self.block))
            self._kept = self.block.number

    # rolling back

    def _go_back(self) -> None:
        """Rolls back to the last block on the chain; starts over where no known block is."""
        was = self.block.number
        blocks = [each.block for each in self._known]
        for start in range(len(blocks), 0, -MOST_BLOCKS):
            part = blocks[max(0, start - MOST_BLOCKS) : start]
            found = self.source.blocks([each.number for each in part])
            same = [mine for mine, theirs in zip(part, found, strict=True) if theirs and theirs.hash == mine.hash]
            if same and self._follower.reaches(same[-1].number):
                self._go_back_to(same[-1])
                break
            if not same and not any(found):
                raise ChainLost(f"{self.source.origin} has none of the last blocks: it lags behind")
        else:
            self._started = None
            if self._checkpoint:
                self._checkpoint.forget()
            self._open(self.source.head() - self._behind)
        if self.block.number < was:
            self.counts.reorganisations += 1
            self.counts.deepest = max(self.counts.deepest, was - self.block.number)

    def _go_back_to(self, block: BlockHeader) -> None:
        if block.number == self.block.number:
            return
        self._follower.back(block.number)
        gone = 0
        while self._known[-1].block.number > block.number:
            gone += self._known[-1].steps > self._known[-2].steps
            self._known.pop()
        self.counts.steps, self.counts.blocks = self._known[-1].steps, self.counts.blocks - gone
        if self._checkpoint and self._kept > block.number:
            self._checkpoint.back(block.number)
            self._kept = block.number
        if self.step_observer:
            self.step_observer.went_back(block.number)


def _unobserved() -> None: ...
