"""What a node tells about a vault: blocks, logs in ranges that it takes, and views at a block by its hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.audit.log_steps import OPENED, DecodedLog
from crossvault.differential.ending import BadInput
from crossvault.differential.step import VAULT, Event
from crossvault.evm.anvil import ChainRefused, Request
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import Build
from crossvault.evm.deploy import vault_abi
from crossvault.rpc.client import RpcClient

Log = Mapping[str, Any]

_WIDEST = 10_000  # blocks in one question; nodes that take fewer say so
_MOST_LOGS = 4_000
_AT_ONCE = 50
_WORD_LENGTH = 66


class NoOpening(BadInput):
    """The vault, or the block that opened it, is not there to be read."""


class BlockGone(Exception):
    """A block that was read is not of the chain any more."""


class BlockHeader(NamedTuple):
    """A block: its place, its hash, that of the one before, and its time [unix seconds]."""

    number: int
    hash: str
    parent: str
    at: int


class Opening(NamedTuple):
    """The block that opened the vault, and what the vault told there."""

    block: BlockHeader
    event: Event


class VaultSource:
    """A vault on a node. origin: what may be shown of the node's address."""

    def __init__(self, wire: RpcClient, vault: str, names: AddressBook, build: Build) -> None:
        """vault: its address. Asks nothing yet."""
        self.wire, self.vault = wire, vault.lower()
        names.bind(VAULT, vault)
        self.names, self.speech = names, Bindings(build, names)
        self.fields = self.speech.vault.event_fields()
        self.origin = wire.origin
        self._width = _WIDEST
        self._by_hash = True
        [self._opened] = (_topic(item) for item in vault_abi(build) if item.get("name") == OPENED)
        [self._moved] = (_topic(item) for item in build.artifacts["Token"].abi if item.get("name") == "Transfer")
        self._word = f"0x{names.number(VAULT):064x}"

    def chain_id(self) -> int:
        """The number of the chain. Raises ChainLost, ChainRefused."""
        return int(self.wire.rpc("eth_chainId"), 16)

    def head(self) -> int:
        """The number of the last block. Raises ChainLost, ChainRefused."""
        return int(self.wire.rpc("eth_blockNumber"), 16)

    def code(self, at: str = "latest") -> str:
        """The code of the vault, at a block. Raises ChainLost, ChainRefused."""
        found: str = self.wire.rpc("eth_getCode", self.vault, at)
        return found

    def blocks(self, numbers: Sequence[int]) -> list[BlockHeader | None]:
        """Blocks by number; none where the node has none. Raises ChainLost, ChainRefused."""
        told = self.ask([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return [each and _block(each) for each in told]

    def block(self, number: int) -> BlockHeader:
        """The block of a number. Raises Gone, ChainLost, ChainRefused."""
        [found] = self.blocks([number])
        if found is None:
            raise BlockGone(f"block {number} is not there")
        return found

    def ask(self, requests: Sequence[Request]) -> list[Any]:
        """The answers to requests that do not need each other, in letters of a fair size."""
        parts = [requests[start : start + _AT_ONCE] for start in range(0, len(requests), _AT_ONCE)]
        return [answer for part in parts for answer in self.wire.batch(part)]

    def opening(self, low: int, high: int) -> Opening:
        """What the vault told when it was opened, in some blocks. Raises NoOpening, ChainLost, ChainRefused."""
        topics = [self._opened]
        for _, logs in self._ranges(low, high, [{"address": self.vault, "topics": topics}]):
            for log in logs:
                return Opening(self.block(int(log["blockNumber"], 16)), self.speech.vault.event(log))
        raise NoOpening(self._why_not_opened(low, high))

    def _why_not_opened(self, low: int, high: int) -> str:
        created = self.created(high)
        if created < low:
            return (
                f"the opening of {self.vault} is not in blocks {low} to {high}: it was created in block {created}; "
                f"type --from-block {created}, or leave it out"
            )
        return f"{self.vault}, created in block {created}, never told its opening (event {OPENED}): it is no such vault"

    def created(self, high: int) -> int:
        """The block in which the vault was created, by when it has code. Raises NoOpening, ChainLost."""
        low = 0
        try:
            if self.code(hex(high)) == "0x":
                raise NoOpening(f"there is no contract at {self.vault} in block {high} of {self.origin}")
            while low < high:
                middle = (low + high) // 2
                if self.code(hex(middle)) == "0x":
                    low = middle + 1
                else:
                    high = middle
        except ChainRefused as pruned:
            raise NoOpening(
                f"{self.origin} does not tell since when there is code at {self.vault} ({pruned}); "
                "name the block of its creation: --from-block N"
            ) from pruned
        return low

    def stretch(self, low: int, high: int) -> tuple[int, list[Log]]:
        """The logs of a first part of some blocks, and the last block of it. Raises ChainLost, ChainRefused."""
        return next(self._ranges(low, high, self._filters()))

    def block_logs(self, blocks: Sequence[BlockHeader]) -> list[list[Log]]:
        """The logs of each of some blocks. Raises Gone where the node knows one of them no longer, ChainLost."""
        asked = [("eth_getLogs", [each | {"blockHash": block.hash}]) for block in blocks for each in self._filters()]
        try:
            told = self.ask(asked)
        except ChainRefused as refused:
            self.require_all(blocks)
            raise refused
        count = len(self._filters())
        return [_sorted(told[place : place + count]) for place in range(0, len(told), count)]

    def require_all(self, blocks: Sequence[BlockHeader]) -> None:
        """Refuses blocks that are not of the chain any more. Raises Gone, ChainLost, ChainRefused."""
        for mine, theirs in zip(blocks, self.blocks([block.number for block in blocks]), strict=True):
            if theirs is None or theirs.hash != mine.hash:
                raise BlockGone(f"block {mine.number} {mine.hash} is not of the chain any more")

    def place(self, block: BlockHeader) -> Any:
        """A block as views are asked about it: by its hash, so that no other can answer, where the node takes that."""
        return {"blockHash": block.hash, "requireCanonical": True} if self._by_hash else hex(block.number)

    def ask_by_number(self) -> bool:
        """Asks for views by number from now on; whether it was otherwise. The block must then be checked afterwards."""
        was, self._by_hash = self._by_hash, False
        return was

    @property
    def is_by_number(self) -> bool:
        """Whether views are asked for by number."""
        return not self._by_hash

    def held(self, token: str, block: int) -> int:
        """What the vault's address held of a token after a block; 0 where the node does not know any more."""
        data = self.speech.token.call("balance_of", {"account": VAULT})
        call = {"to": self.names.address(token), "input": data}
        try:
            answer = self.wire.rpc("eth_call", call, hex(block))
        except ChainRefused:
            return 0
        return int(answer, 16) if len(answer) == _WORD_LENGTH else 0  # a token that was not there answers nothing

    def heard(self, log: Log) -> DecodedLog:
        """A log in the mirror's form."""
        if log["address"].lower() == self.vault:
            return DecodedLog(log["transactionHash"], self._said(log))
        token = self.names.name(int(log["address"], 16))
        payer, to = (self.names.name(int(topic, 16)) for topic in log["topics"][1:3])
        return DecodedLog(log["transactionHash"], Event("Transfer", (payer, to, int(log["data"], 16))), token)

    def _said(self, log: Log) -> Event:
        try:
            return self.speech.vault.event(log)
        except (ValueError, IndexError):  # of another contract, with the same name
            return Event("unreadable", (*log["topics"], log["data"]))

    def _filters(self) -> list[dict[str, Any]]:
        """What the vault says, and what tokens say of what comes to it and leaves it."""
        return [
            {"address": self.vault},
            {"topics": [self._moved, None, self._word]},
            {"topics": [self._moved, self._word]},
        ]

    def _ranges(self, low: int, high: int, filters: Sequence[dict[str, Any]]) -> Iterator[tuple[int, list[Log]]]:
        """Logs in ranges as wide as the node takes them, each with its last block."""
        while low <= high:
            last = min(high, low + self._width - 1)
            bounds = {"fromBlock": hex(low), "toBlock": hex(last)}
            try:
                found = _sorted(self.ask([("eth_getLogs", [each | bounds]) for each in filters]))
            except ChainRefused:
                if last == low:
                    raise
                self._width = max(1, (last - low + 1) // 2)
                continue
            self._width = max(1, self._width // 2) if len(found) > _MOST_LOGS else min(_WIDEST, self._width * 2)
            yield last, found
            low = last + 1


def _sorted(answers: Sequence[Sequence[Log]]) -> list[Log]:
    """The logs of several answers in the order of the chain, each once; moves as ERC-20 tokens tell them."""
    found = {}
    for place, each in enumerate(answers):
        for log in each:
            if place == 0 or (len(log["topics"]) == 3 and len(log["data"]) == 66):
                found[int(log["blockNumber"], 16), int(log["logIndex"], 16)] = log
    return [found[key] for key in sorted(found)]


def _block(told: Mapping[str, Any]) -> BlockHeader:
    return BlockHeader(int(told["number"], 16), told["hash"], told["parentHash"], int(told["timestamp"], 16))


def _topic(item: Mapping[str, Any]) -> str:
    from eth_utils.abi import event_abi_to_log_topic

    event: Any = item
    return "0x" + event_abi_to_log_topic(event).hex()
