"""Reads a vault from a node: blocks, logs in ranges that the node accepts, and views at a block hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.audit.earlier_form import EarlierBindings, EarlierForm
from crossvault.audit.interface_versions import EarlierInterface, UnknownInterface, recognised
from crossvault.audit.log_steps import OPENED, DecodedLog
from crossvault.differential.ending import BadInput
from crossvault.differential.step import VAULT, Event
from crossvault.evm.abi import Interface, selector_of
from crossvault.evm.anvil import ChainRefused, Request
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.deploy import diamond_abi, vault_abi
from crossvault.rpc.client import RpcClient

Log = Mapping[str, Any]

_WIDEST = 10_000  # blocks in one request; nodes that accept fewer refuse it
_MOST_LOGS = 4_000
_AT_ONCE = 50
_WORD_LENGTH = 66


class OpeningUnreadable(BadInput):
    """The vault, or the block that opened it, cannot be read."""


class BlockGone(Exception):
    """A block that was read is no longer part of the chain."""


class BlockHeader(NamedTuple):
    """A block header: number, hash, parent hash and time [unix seconds]."""

    number: int
    hash: str
    parent: str
    at: int


class Opening(NamedTuple):
    """The block that opened the vault, and the opening event."""

    block: BlockHeader
    event: Event


class VaultSource:
    """A vault on a node. origin: the part of the node's address that is safe to show."""

    def __init__(self, client: RpcClient, vault: str, names: AddressBook, build: Build) -> None:
        """vault: its address. Sends no request yet."""
        self.client, self.vault = client, vault.lower()
        names.bind(VAULT, vault)
        self.names, self.bindings, self._build = names, Bindings(build, names), build
        self.earlier: EarlierInterface | None = None  # the vault's, where it is not today's
        self.form: EarlierForm | None = None
        self.fields = self.bindings.vault.event_fields()
        self.origin = client.origin
        self._width = _WIDEST
        self._by_hash = True
        [self._opened] = (_topic(item) for item in vault_abi(build) if item.get("name") == OPENED)
        [self._moved] = (_topic(item) for item in build.artifacts["Token"].abi if item.get("name") == "Transfer")
        self._word = f"0x{names.number(VAULT):064x}"

    def chain_id(self) -> int:
        """The chain id. Raises ChainLost, ChainRefused."""
        return int(self.client.rpc("eth_chainId"), 16)

    def head(self) -> int:
        """The number of the last block. Raises ChainLost, ChainRefused."""
        return int(self.client.rpc("eth_blockNumber"), 16)

    def code(self, at: str = "latest") -> str:
        """The code of the vault, at a block. Raises ChainLost, ChainRefused."""
        found: str = self.client.rpc("eth_getCode", self.vault, at)
        return found

    def recognise(self) -> None:
        """Finds the version of the vault's interface by its functions, and reads it as such from now on.

        A vault without a table of functions (EIP-2535) is read as today's. Raises UnknownInterface, ChainLost.
        """
        deployed, today = self._selectors(), [each for each in vault_abi(self._build) if each["type"] == "function"]
        if deployed is None:
            return
        try:
            self.earlier = recognised(deployed, {selector_of(each): each["name"] for each in today})
        except UnknownInterface as unknown:
            raise UnknownInterface(f"{self.vault} on {self.origin}: {unknown}") from unknown
        if self.earlier:
            self.bindings = EarlierBindings(self._build, self.names, self.earlier)
            self.form = EarlierForm(self._build, self.earlier)
            self.fields = self.bindings.vault.event_fields()
            [self._opened] = (_topic(item) for item in self.earlier.abi if item.get("name") == OPENED)

    def _selectors(self) -> frozenset[str] | None:
        """The selectors that the vault's table of functions lists; None where it has no such table."""
        loupe = Interface(diamond_abi(self._build), self.bindings.codec)
        try:
            data = self.client.rpc("eth_call", {"to": self.vault, "input": loupe.call("facets", {})}, "latest")
            [facets] = loupe.result("facets", data)
        except (ChainRefused, ValueError, IndexError):
            return None
        return frozenset(each.removeprefix("0x")[:8] for _, found in facets for each in found)

    def blocks(self, numbers: Sequence[int]) -> list[BlockHeader | None]:
        """Block headers by number, None for missing blocks. Raises ChainLost, ChainRefused."""
        found = self.responses([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return [each and _block(each) for each in found]

    def block(self, number: int) -> BlockHeader:
        """The block header of a number. Raises BlockGone, ChainLost, ChainRefused."""
        [found] = self.blocks([number])
        if found is None:
            raise BlockGone(f"block {number} is not available")
        return found

    def responses(self, requests: Sequence[Request]) -> list[Any]:
        """Sends independent requests in batches of bounded size; returns the results in order."""
        parts = [requests[start : start + _AT_ONCE] for start in range(0, len(requests), _AT_ONCE)]
        return [answer for part in parts for answer in self.client.batch(part)]

    def opening(self, low: int, high: int) -> Opening:
        """The opening event of the vault in a range of blocks. Raises OpeningUnreadable, ChainLost, ChainRefused."""
        topics = [self._opened]
        for _, logs in self._ranges(low, high, [{"address": self.vault, "topics": topics}]):
            for log in logs:
                return Opening(self.block(int(log["blockNumber"], 16)), self.bindings.vault.event(log))
        raise OpeningUnreadable(self._why_not_opened(low, high))

    def _why_not_opened(self, low: int, high: int) -> str:
        created = self.created(high)
        if created < low:
            return (
                f"the opening of {self.vault} is not in blocks {low} to {high}: it was created in block {created}; "
                f"use --from-block {created} or omit the option"
            )
        return f"{self.vault}, created in block {created}, has no {OPENED} event: not a crossvault vault"

    def created(self, high: int) -> int:
        """The block in which the vault was created, by bisection on its code. Raises OpeningUnreadable, ChainLost."""
        low = 0
        try:
            if self.code(hex(high)) == "0x":
                raise OpeningUnreadable(f"there is no contract at {self.vault} in block {high} of {self.origin}")
            while low < high:
                middle = (low + high) // 2
                if self.code(hex(middle)) == "0x":
                    low = middle + 1
                else:
                    high = middle
        except ChainRefused as pruned:
            raise OpeningUnreadable(
                f"{self.origin} cannot report when the code at {self.vault} appeared ({pruned}); "
                "pass the block of its creation: --from-block N"
            ) from pruned
        return low

    def stretch(self, low: int, high: int) -> tuple[int, list[Log]]:
        """Reads a first part of a range; returns its last block and logs. Raises ChainLost, ChainRefused."""
        return next(self._ranges(low, high, self._filters()))

    def block_logs(self, blocks: Sequence[BlockHeader]) -> list[list[Log]]:
        """The logs of each block. Raises BlockGone where the node no longer has one of them, ChainLost."""
        requests = [("eth_getLogs", [each | {"blockHash": block.hash}]) for block in blocks for each in self._filters()]
        try:
            found = self.responses(requests)
        except ChainRefused as refused:
            self.require_all(blocks)
            raise refused
        count = len(self._filters())
        return [_sorted(found[place : place + count]) for place in range(0, len(found), count)]

    def require_all(self, blocks: Sequence[BlockHeader]) -> None:
        """Requires blocks to be part of the chain. Raises BlockGone, ChainLost, ChainRefused."""
        for mine, theirs in zip(blocks, self.blocks([block.number for block in blocks]), strict=True):
            if theirs is None or theirs.hash != mine.hash:
                raise BlockGone(f"block {mine.number} {mine.hash} is no longer part of the chain")

    def place(self, block: BlockHeader) -> Any:
        """The block parameter of a view call: the hash where the node accepts it, else the number."""
        return {"blockHash": block.hash, "requireCanonical": True} if self._by_hash else hex(block.number)

    def switch_to_numbers(self) -> bool:
        """Addresses blocks by number from now on; returns whether it was by hash. Callers then recheck the block."""
        was, self._by_hash = self._by_hash, False
        return was

    @property
    def is_by_number(self) -> bool:
        """Whether view calls address blocks by number."""
        return not self._by_hash

    def balance_raw(self, token: str, block: int) -> int:
        """The vault's balance of a token after a block [raw]; 0 where the node has pruned it."""
        data = self.bindings.token.call("balance_of", {"account": VAULT})
        call = {"to": self.names.address(token), "input": data}
        try:
            answer = self.client.rpc("eth_call", call, hex(block))
        except ChainRefused:
            return 0
        return int(answer, 16) if len(answer) == _WORD_LENGTH else 0  # a token without code returns no data

    def decoded(self, log: Log) -> DecodedLog:
        """A log in the mirror's types."""
        if log["address"].lower() == self.vault:
            return DecodedLog(log["transactionHash"], self._vault_event(log))
        token = self.names.name(int(log["address"], 16))
        payer, to = (self.names.name(int(topic, 16)) for topic in log["topics"][1:3])
        return DecodedLog(log["transactionHash"], Event("Transfer", (payer, to, int(log["data"], 16))), token)

    def _vault_event(self, log: Log) -> Event:
        try:
            return self.bindings.vault.event(log)
        except (ValueError, IndexError):  # an event of another contract with the same topic
            return Event("unreadable", (*log["topics"], log["data"]))

    def _filters(self) -> list[dict[str, Any]]:
        """Filters for the vault's own logs, and for token transfers from and to it."""
        return [
            {"address": self.vault},
            {"topics": [self._moved, None, self._word]},
            {"topics": [self._moved, self._word]},
        ]

    def _ranges(self, low: int, high: int, filters: Sequence[dict[str, Any]]) -> Iterator[tuple[int, list[Log]]]:
        """Yields logs in ranges as wide as the node accepts, each with its last block."""
        while low <= high:
            last = min(high, low + self._width - 1)
            bounds = {"fromBlock": hex(low), "toBlock": hex(last)}
            try:
                found = _sorted(self.responses([("eth_getLogs", [each | bounds]) for each in filters]))
            except ChainRefused:
                if last == low:
                    raise
                self._width = max(1, (last - low + 1) // 2)
                continue
            self._width = max(1, self._width // 2) if len(found) > _MOST_LOGS else min(_WIDEST, self._width * 2)
            yield last, found
            low = last + 1


def _sorted(answers: Sequence[Sequence[Log]]) -> list[Log]:
    """The logs of several results in chain order without duplicates; Transfer logs only in ERC-20 form."""
    found = {}
    for place, each in enumerate(answers):
        for log in each:
            if place == 0 or (len(log["topics"]) == 3 and len(log["data"]) == 66):
                found[int(log["blockNumber"], 16), int(log["logIndex"], 16)] = log
    return [found[key] for key in sorted(found)]


def _block(header: Mapping[str, Any]) -> BlockHeader:
    return BlockHeader(int(header["number"], 16), header["hash"], header["parentHash"], int(header["timestamp"], 16))


def _topic(item: Mapping[str, Any]) -> str:
    from eth_utils.abi import event_abi_to_log_topic

    event: Any = item
    return "0x" + event_abi_to_log_topic(event).hex()
