"""Sends signed transactions to a node run by others, each mined once or not at all.

The nonce protects: every retry, replacement or resend after a reorganisation has the nonce of the first attempt, and a
chain accepts one transaction per nonce. So a lost response costs time and nothing else.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from crossvault.differential.ending import BadInput, MissedThreshold
from crossvault.evm.anvil import ChainRefused
from crossvault.evm.deploy import TRANSACTION_GAS
from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import Signer

_REPLACEMENT_PERCENT = 125  # nodes accept a replacement from 110 % on
_GAS_PERCENT = 120
_FASTER = 16
_SUPERSEDED_POLLS = 5  # in time: a node behind another one may know a nonce before the receipt

_HARMLESS = ("already known", "already imported", "known transaction", "nonce too low", "replacement transaction")


class WrongChain(BadInput):
    """The endpoint belongs to another chain than required."""


class FeeTooHigh(MissedThreshold):
    """The chain's fee or gas exceeds the limits."""


class TransactionReplaced(Exception):
    """Another transaction used the nonce, so this one can never be mined."""


class TransactionLimits(NamedTuple):
    """Limits of a transaction: fee per gas [wei] (None: no limit), gas."""

    fee_wei: int | None = None
    gas: int = TRANSACTION_GAS


class Fees(NamedTuple):
    """Maximum fee per gas, and the tip to the proposer within it [wei]."""

    most_wei: int
    tip_wei: int


class SignedTransaction(NamedTuple):
    """A signed transaction. hash: hex; raw: the bytes to send."""

    nonce: int
    to: str
    data: str
    value: int
    gas: int
    fees: Fees
    hash: str
    raw: bytes


class Receipt(NamedTuple):
    """The receipt of a transaction. logs: as JSON-RPC has them."""

    hash: str
    accepted: bool
    block: int
    block_hash: str
    gas_used: int
    price_wei: int
    logs: list[dict[str, Any]]


class PollingPolicy(NamedTuple):
    """Longest poll interval, and time without progress before the fee is raised [seconds]."""

    poll_secs: float = 1.0
    stuck_secs: float = 60.0

    def waits(self) -> Iterator[float]:
        """Yields waits without end [seconds]: short ones first, for chains with fast blocks."""
        wait_secs = self.poll_secs / _FASTER
        while True:
            yield wait_secs
            wait_secs = min(self.poll_secs, wait_secs * 1.5)


ReplacementCallback = Callable[[SignedTransaction], None]

NO_LIMITS, DEFAULT_POLLING = TransactionLimits(), PollingPolicy()


class TransactionSender:
    """The transactions of one account on one chain."""

    def __init__(
        self,
        client: RpcClient,
        signer: Signer,
        chain_id: int,
        limits: TransactionLimits = NO_LIMITS,
        pace: PollingPolicy = DEFAULT_POLLING,
    ) -> None:
        """Raises WrongChain if the endpoint belongs to another chain."""
        self.client, self.signer, self.chain_id, self.limits, self.pace = client, signer, chain_id, limits, pace
        require_chain(client, chain_id)

    def nonce(self, block: str = "pending") -> int:
        """Transaction count of the account at a block; the default includes pending transactions."""
        return int(self.client.rpc("eth_getTransactionCount", self.signer.address, block), 16)

    def prepare(
        self, to: str, data: str, *, value: int = 0, nonce: int | None = None, gas: int | None = None
    ) -> SignedTransaction:
        """Signs a call without sending it. Raises ChainRefused where it would revert, FeeTooHigh."""
        if gas is None:
            gas = self.estimate(to, data, value)
        if gas > self.limits.gas:
            raise FeeTooHigh(f"needs {gas:,} gas, the limit is {self.limits.gas:,}")
        number = self.nonce() if nonce is None else nonce
        return self.signed(SignedTransaction(number, to, data, value, gas, self.fees(), "", b""))

    def estimate(self, to: str, data: str, value: int = 0) -> int:
        """Gas for a call, a fifth above the node's estimate. Raises ChainRefused where it would revert."""
        call = {"from": self.signer.address, "to": to, "data": data, "value": hex(value)}
        return int(self.client.rpc("eth_estimateGas", call), 16) * _GAS_PERCENT // 100

    def fees(self) -> Fees:
        """Fees that suffice until the base fee doubles. Raises FeeTooHigh."""
        latest, tip = self.client.batch([("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])])
        base_wei, tip_wei = int(latest["baseFeePerGas"], 16), int(tip, 16)
        most_wei, limit_wei = 2 * base_wei + tip_wei, self.limits.fee_wei
        if limit_wei is None or most_wei <= limit_wei:
            return Fees(most_wei, tip_wei)
        if base_wei + tip_wei > limit_wei:
            raise FeeTooHigh(f"the chain requires {base_wei + tip_wei:,} wei per gas, the limit is {limit_wei:,}")
        return Fees(limit_wei, tip_wei)

    def post(self, prepared: SignedTransaction) -> None:
        """Sends a transaction; a repeated send does no harm. Raises ChainLost, ChainRefused."""
        try:
            self.client.rpc("eth_sendRawTransaction", "0x" + prepared.raw.hex())
        except ChainRefused as refused:
            if not any(text in refused.message.lower() for text in _HARMLESS):
                raise

    def confirm(
        self,
        prepared: SignedTransaction,
        confirmations: int = 1,
        on_replaced: ReplacementCallback = lambda replacement: None,
    ) -> Receipt:
        """Waits until a transaction has some confirmations (1: its own block), and resends or replaces it as needed.

        on_replaced: receives a replacement before it is sent.
        Raises TransactionReplaced, FeeTooHigh, ChainLost, ChainRefused.
        """
        versions, moved_at, gone_at = [prepared], time.monotonic(), math.inf
        for wait_secs in self.pace.waits():
            if receipt := self._mined(versions):
                moved_at, gone_at = time.monotonic(), math.inf
                if self._depth(receipt) >= confirmations:
                    return receipt
            elif self.nonce("latest") > prepared.nonce:
                gone_at = min(gone_at, time.monotonic())
                if time.monotonic() - gone_at > _SUPERSEDED_POLLS * self.pace.poll_secs:
                    raise TransactionReplaced(
                        f"nonce {prepared.nonce} of {self.signer.address} was used by another transaction"
                    )
            elif time.monotonic() - moved_at > self.pace.stuck_secs:
                replacement = self._replacement(versions[-1])
                on_replaced(replacement)
                versions.append(replacement)
                self.post(replacement)
                moved_at = time.monotonic()
            elif not any(self.client.rpc("eth_getTransactionByHash", each.hash) for each in versions):
                self.post(versions[-1])
            time.sleep(wait_secs)
        raise AssertionError("there is always another wait")

    def receipt(self, hash: str) -> Receipt | None:
        """The receipt of a transaction, if its block is on the current chain."""
        found = self.client.rpc("eth_getTransactionReceipt", hash)
        if found is None:
            return None
        number = int(found["blockNumber"], 16)
        block = self.client.rpc("eth_getBlockByNumber", hex(number), False)
        if block is None or block["hash"] != found["blockHash"]:
            return None
        used, price_wei = int(found["gasUsed"], 16), int(found["effectiveGasPrice"], 16)
        return Receipt(hash, found["status"] == "0x1", number, found["blockHash"], used, price_wei, found["logs"])

    def _mined(self, versions: list[SignedTransaction]) -> Receipt | None:
        return next(filter(None, (self.receipt(each.hash) for each in versions)), None)

    def _depth(self, receipt: Receipt) -> int:
        return int(self.client.rpc("eth_blockNumber"), 16) - receipt.block + 1

    def _replacement(self, prepared: SignedTransaction) -> SignedTransaction:
        """The same call and nonce with a fee a quarter higher, or the current fee if above. Raises FeeTooHigh."""
        now = self.fees()
        most_wei = max(now.most_wei, _raised(prepared.fees.most_wei))
        if self.limits.fee_wei is not None and most_wei > self.limits.fee_wei:
            raise FeeTooHigh(f"a replacement needs {most_wei:,} wei per gas, the limit is {self.limits.fee_wei:,}")
        return self.signed(prepared._replace(fees=Fees(most_wei, max(now.tip_wei, _raised(prepared.fees.tip_wei)))))

    def signed(self, prepared: SignedTransaction) -> SignedTransaction:
        """Signs a transaction and fills in its raw bytes and hash."""
        from eth_utils.crypto import keccak

        raw = self.signer.sign(
            {
                "type": 2,
                "chainId": self.chain_id,
                "nonce": prepared.nonce,
                "to": prepared.to,
                "data": prepared.data,
                "value": prepared.value,
                "gas": prepared.gas,
                "maxFeePerGas": prepared.fees.most_wei,
                "maxPriorityFeePerGas": prepared.fees.tip_wei,
            }
        )
        return prepared._replace(hash="0x" + keccak(raw).hex(), raw=raw)


def _raised(wei: int) -> int:
    return -(-wei * _REPLACEMENT_PERCENT // 100) + 1


def require_chain(client: RpcClient, chain_id: int) -> None:
    """Requires an endpoint of a chain. Raises WrongChain."""
    found = int(client.rpc("eth_chainId"), 16)
    if found != chain_id:
        raise WrongChain(f"{client.origin} is chain {found}, expected chain {chain_id}")
