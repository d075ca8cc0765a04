"""Queries with retries and transactions mined once, through a proxy that fails as endpoints do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from crossvault.evm.anvil import ChainLost, ChainRefused
from crossvault.rpc.client import RpcClient, origin
from crossvault.rpc.signer import KeySigner
from crossvault.rpc.transactions import (
    FeeTooHigh,
    PollingPolicy,
    SignedTransaction,
    TransactionLimits,
    TransactionReplaced,
    TransactionSender,
    WrongChain,
)
from faults import Faults, cut, drop, lose, status
from testnet import SEPOLIA, funded, stand_in

PACE = PollingPolicy(poll_secs=0.02, stuck_secs=0.5)
TARGET = "0x" + "ab" * 20


@pytest.fixture(scope="module")
def node() -> Iterator[RpcClient]:
    with stand_in() as wire:
        yield wire


@pytest.fixture
def faults(node: RpcClient) -> Iterator[Faults]:
    proxy = Faults(node.origin)
    yield proxy
    proxy.close()
    node.rpc("evm_setAutomine", True)


@pytest.fixture
def sender(node: RpcClient, faults: Faults, request: pytest.FixtureRequest) -> TransactionSender:
    signer = funded(node, request.node.name[-20:])
    return TransactionSender(RpcClient(faults.url, tries=5, wait_secs=0.02), signer, SEPOLIA, pace=PACE)


def received(node: RpcClient) -> int:
    return int(node.rpc("eth_getBalance", TARGET, "latest"), 16)


@pytest.mark.slow
def test_a_transaction_is_sent_and_confirmed(node: RpcClient, sender: TransactionSender) -> None:
    before, prepared = received(node), sender.prepare(TARGET, "0x", value=7)
    sender.post(prepared)
    receipt = sender.confirm(prepared)
    assert (receipt.hash, receipt.accepted, received(node) - before) == (prepared.hash, True, 7)
    assert receipt.price_wei <= prepared.fees.most_wei


@pytest.mark.parametrize("fault", [cut, lose, status(429, Retry_After="0"), status(502), status(503)])
@pytest.mark.parametrize("method", ["eth_sendRawTransaction", "eth_getTransactionReceipt", "*"])
@pytest.mark.slow
def test_temporary_failures_are_retried_and_a_transaction_is_mined_once(
    node: RpcClient, faults: Faults, sender: TransactionSender, method: str, fault: Any
) -> None:
    before = received(node)
    faults.on(method, fault, times=3)
    prepared = sender.prepare(TARGET, "0x", value=5, nonce=0, gas=21_000)
    sender.post(prepared)
    assert sender.confirm(prepared).accepted
    assert received(node) - before == 5
    assert sender.nonce("latest") == 1


def test_an_unavailable_endpoint_is_lost_and_its_token_stays_secret(
    faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    faults.on("*", cut)
    with pytest.raises(ChainLost) as lost:
        RpcClient(faults.url, tries=2, wait_secs=0.01).rpc("eth_chainId")
    assert "secret" not in str(lost.value) and lost.value.__suppress_context__
    faults.calm()
    faults.on("*", status(502))
    with pytest.raises(ChainLost, match="responded with 502") as lost:
        RpcClient(faults.url, tries=2, wait_secs=0.01).rpc("eth_chainId")
    assert "secret" not in str(lost.value) + caplog.text


def test_only_the_origin_of_an_address_is_shown() -> None:
    assert origin("https://user:word@node.example:8545/v3/token?key=1") == "https://node.example:8545"
    with pytest.raises(ValueError, match="expected an endpoint"):
        RpcClient("node.example/token")


def test_a_rate_limit_inside_json_is_retried(faults: Faults) -> None:
    def limited(exchange: Any) -> bool:
        exchange.answer(b'{"jsonrpc": "2.0", "id": 0, "error": {"code": -32005, "message": "limit exceeded"}}')
        return True

    faults.on("eth_chainId", limited, times=2)
    assert RpcClient(faults.url, tries=4, wait_secs=0.01).rpc("eth_chainId") == hex(SEPOLIA)
    faults.on("eth_chainId", limited)
    with pytest.raises(ChainRefused, match="limit exceeded"):
        RpcClient(faults.url, tries=2, wait_secs=0.01).rpc("eth_chainId")


def test_the_results_of_a_batch_are_in_the_order_of_the_requests(node: RpcClient) -> None:
    requests = [("eth_chainId", []), ("eth_getBalance", [TARGET, "latest"]), ("eth_chainId", [])]
    assert node.batch(requests) == [hex(SEPOLIA), node.rpc("eth_getBalance", TARGET, "latest"), hex(SEPOLIA)]
    assert node.batch([]) == []
    with pytest.raises(ChainRefused, match="eth_noSuchThing"):
        node.batch([("eth_chainId", []), ("eth_noSuchThing", [])])


def test_a_dropped_transaction_is_sent_again(node: RpcClient, faults: Faults, sender: TransactionSender) -> None:
    before = received(node)
    faults.on("eth_sendRawTransaction", drop, times=3)
    prepared = sender.prepare(TARGET, "0x", value=3)
    sender.post(prepared)
    assert sender.confirm(prepared).hash == prepared.hash
    assert faults.seen["eth_sendRawTransaction"] == 4
    assert received(node) - before == 3


@pytest.mark.slow
def test_a_stuck_transaction_is_replaced_at_a_higher_fee_with_the_same_nonce(
    node: RpcClient, faults: Faults, sender: TransactionSender
) -> None:
    node.rpc("evm_setAutomine", False)
    before, prepared, replacements = received(node), sender.prepare(TARGET, "0x", value=2), list[SignedTransaction]()
    sender.post(prepared)

    def record_replacement(version: SignedTransaction) -> None:
        replacements.append(version)
        threading.Timer(0.2, node.rpc, ["evm_mine"]).start()

    receipt = sender.confirm(prepared, on_replaced=record_replacement)
    assert [each.nonce for each in replacements] == [prepared.nonce]
    assert replacements[0].fees.most_wei * 100 >= prepared.fees.most_wei * 125
    assert (receipt.hash, received(node) - before) == (replacements[0].hash, 2)


def test_a_nonce_used_by_another_transaction_is_superseded(
    node: RpcClient, faults: Faults, sender: TransactionSender
) -> None:
    prepared = sender.prepare(TARGET, "0x", value=1)
    other = TransactionSender(node, sender.signer, SEPOLIA, pace=PACE)
    theirs = other.prepare("0x" + "cd" * 20, "0x", value=9)
    other.post(theirs)
    other.confirm(theirs)
    sender.post(prepared)
    with pytest.raises(TransactionReplaced, match=f"nonce {prepared.nonce} "):
        sender.confirm(prepared)


def test_a_lagging_node_is_waited_for(node: RpcClient, faults: Faults, sender: TransactionSender) -> None:
    prepared = sender.prepare(TARGET, "0x", value=4)
    faults.lag(2)
    sender.post(prepared)
    threading.Timer(0.3, node.rpc, ["anvil_mine", "0x3"]).start()
    assert sender.confirm(prepared).accepted


def test_a_reorganisation_of_five_blocks_is_waited_out(
    node: RpcClient, faults: Faults, sender: TransactionSender
) -> None:
    before, prepared = received(node), sender.prepare(TARGET, "0x", value=6)
    sender.post(prepared)
    node.rpc("anvil_mine", "0x4")
    first = sender.confirm(prepared, confirmations=5)
    node.rpc("anvil_reorg", 5, [])  # the transaction is gone with its block
    assert received(node) == before
    threading.Timer(0.3, node.rpc, ["anvil_mine", "0x5"]).start()
    again = sender.confirm(prepared, confirmations=5)
    assert (again.hash, received(node) - before) == (first.hash, 6)
    assert again.block_hash != first.block_hash


def test_limits_are_kept(node: RpcClient, sender: TransactionSender) -> None:
    mean = TransactionSender(node, sender.signer, SEPOLIA, TransactionLimits(fee_wei=1), PACE)
    with pytest.raises(FeeTooHigh, match="wei per gas, the limit is 1"):
        mean.prepare(TARGET, "0x")
    small = TransactionSender(node, sender.signer, SEPOLIA, TransactionLimits(gas=20_000), PACE)
    with pytest.raises(FeeTooHigh, match=r"needs 25,200 gas, the limit is 20,000"):
        small.prepare(TARGET, "0x")


def test_another_chain_than_required_is_refused(node: RpcClient) -> None:
    with pytest.raises(WrongChain, match=f"is chain {SEPOLIA}, expected chain 1"):
        TransactionSender(node, KeySigner(b"\1" * 32), 1)


def test_a_signature_over_a_text_is_deterministic() -> None:
    signer = KeySigner(b"\1" * 32)
    assert signer.sign_text("who plays alice") == signer.sign_text("who plays alice") != signer.sign_text("and bob")
