"""Deployments through everything that goes wrong: killed, cut off, lied to, overtaken, reorganised. Each step once."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crossvault.rpc.client import RpcClient
from crossvault.rpc.transactions import Fees, SignedTransaction
from deploying import Desk, MortalWire, assert_whole, die, params, url
from faults import Fault, Faults, Talk, cut, drop, lose, status
from testnet import SEPOLIA, stand_in

SEND, RECEIPT, NONCE = "eth_sendRawTransaction", "eth_getTransactionReceipt", "eth_getTransactionCount"


@pytest.fixture
def wire() -> Iterator[RpcClient]:
    with stand_in() as found:
        yield found


@pytest.fixture
def desk(wire: RpcClient, tmp_path: Path) -> Desk:
    found = Desk(wire, params(tmp_path))
    found.fund()
    return found


@pytest.fixture
def faults(wire: RpcClient) -> Iterator[Faults]:
    proxy = Faults(url(wire))
    yield proxy
    proxy.close()


def through(faults: Faults) -> RpcClient:
    return RpcClient(faults.url, tries=6, wait_secs=0.01)


def own(wire: RpcClient) -> RpcClient:
    """A connection for a process of its own."""
    return RpcClient(url(wire), tries=4, wait_secs=0.05)


@pytest.mark.slow
def test_killed_after_each_line_of_the_journal_it_goes_on(wire: RpcClient, desk: Desk) -> None:
    venture, kills = desk.venture(), 0
    while desk.killed(own(wire), lambda number: die()):
        kills += 1
        assert len(venture.journal().lines) == kills
    assert kills == 1 + 2 * len(desk.venture().plan.steps)
    assert_whole(desk.venture())


@pytest.mark.slow
def test_killed_each_time_the_node_has_taken_a_transaction_it_goes_on(wire: RpcClient, desk: Desk) -> None:
    kills = 0
    while desk.killed(MortalWire(url(wire), tries=4, wait_secs=0.05)):
        kills += 1
    assert kills == len(desk.venture().plan.steps)
    kinds = [line["kind"] for line in desk.venture().journal().lines]
    assert kinds == ["opened", *["sending", "done"] * kills]
    assert_whole(desk.venture())


@pytest.mark.parametrize("line", [1, 2, 3, 18, 19, 24])
def test_killed_it_does_the_rest_at_once(wire: RpcClient, desk: Desk, line: int) -> None:
    assert desk.killed(own(wire), lambda number: die() if number == line else None)
    assert not desk.killed(own(wire))
    assert_whole(desk.venture())


@pytest.mark.parametrize(
    ("method", "fault", "times", "after"),
    [
        (SEND, lose, 3, 2),
        (SEND, cut, 3, 2),
        (SEND, drop, 2, 3),
        (RECEIPT, lose, 4, 3),
        (RECEIPT, cut, 4, 3),
        ("*", cut, 5, 20),
        ("*", lose, 5, 20),
        ("*", status(429, Retry_After="0"), 5, 20),
        ("*", status(502), 5, 20),
        ("*", status(503), 5, 40),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_an_endpoint_fails_at_happens_once(
    desk: Desk, faults: Faults, method: str, fault: Fault, times: int, after: int
) -> None:
    faults.on(method, fault, times, after)
    assert desk.apply(through(faults))[1]
    assert_whole(desk.venture())


def test_a_node_that_lags_makes_nothing_happen_twice(wire: RpcClient, desk: Desk, faults: Faults) -> None:
    written: list[int] = []

    def lagging(number: int) -> None:
        written.append(number)
        if number in (4, 13, 21):
            faults.lag(2, times=3)

    assert desk.apply(through(faults), written=lagging)[1]
    assert len(written) > 21
    assert_whole(desk.venture())


def narrow(talk: Talk) -> bool:
    """An endpoint that takes questions about logs of ten blocks at most."""
    for request in talk.requests:
        if request["method"] == "eth_getLogs":
            first, last = (int(request["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
            if last - first >= 10:
                error = {"code": -32600, "message": "up to a 10 block range"}
                told = [{"jsonrpc": "2.0", "id": each["id"], "error": error} for each in talk.requests]
                talk.answer(json.dumps(told[0] if talk.single else told).encode())
                return True
    return False


def test_an_endpoint_that_tells_logs_of_few_blocks_is_enough(wire: RpcClient, desk: Desk, faults: Faults) -> None:
    with pytest.raises(ZeroDivisionError):
        desk.apply(written=lambda number: 1 // (27 - number))  # type: ignore[arg-type]  # dies there; its answer is unused
    wire.rpc("anvil_mine", hex(150))
    faults.on("eth_getLogs", narrow)
    assert desk.apply(through(faults))[1]
    assert_whole(desk.venture())


def taking_the_nonce(desk: Desk, step: str, most_wei: int) -> Callable[[int], None]:
    """Has something else sent with the nonce of a step, just before the step is."""

    def hook(number: int) -> None:
        line = venture.journal().lines[-1]
        if line.get("step") == step and line["kind"] == "sending" and not taken:
            taken.append(line["nonce"])
            call = SignedTransaction(
                line["nonce"], desk.signer.address, "0x", 0, 21_000, Fees(most_wei, most_wei), "", b""
            )
            raw = desk.signer.sign(
                {"type": 2, "chainId": SEPOLIA, "nonce": call.nonce, "to": call.to, "data": "0x", "value": 0,
                 "gas": call.gas, "maxFeePerGas": most_wei, "maxPriorityFeePerGas": most_wei}
            )  # fmt: skip
            desk.wire.rpc(SEND, "0x" + raw.hex())

    taken: list[int] = []
    venture = desk.venture()
    return hook


@pytest.mark.parametrize("step", ["Vault", "list_underlying ETH"])
def test_a_nonce_that_something_else_took_is_told(desk: Desk, step: str) -> None:
    assert desk.apply(written=taking_the_nonce(desk, step, 10**10))[1]
    assert any(line.startswith(f"{step}: nonce ") for line in desk.lines)
    kinds = [line["kind"] for line in desk.venture().journal().lines if line.get("step") == step]
    assert kinds == ["sending", "superseded", "sending", "done"]
    assert_whole(desk.venture())


def test_what_is_stuck_is_sent_dearer_with_its_nonce(wire: RpcClient, desk: Desk) -> None:
    venture = desk.venture()

    def stuck(number: int) -> None:
        lines = [line for line in venture.journal().lines if line.get("step") == "Feed"]
        if [line["kind"] for line in lines] == ["sending"]:
            wire.rpc("evm_setAutomine", False)
        elif len(lines) == 2 and lines[-1]["kind"] == "sending":
            assert lines[0]["nonce"] == lines[1]["nonce"] and lines[0]["most_wei"] < lines[1]["most_wei"]
            wire.rpc("evm_setAutomine", True)

    assert desk.apply(written=stuck)[1]
    kinds = [line["kind"] for line in desk.venture().journal().lines if line.get("step") == "Feed"]
    assert kinds == ["sending", "sending", "done"]
    assert_whole(desk.venture())


def test_killed_after_a_dearer_version_was_noted_it_finds_the_one_that_was_mined(wire: RpcClient, desk: Desk) -> None:
    venture = desk.venture()

    def stuck(number: int) -> None:
        lines = [line for line in venture.journal().lines if line.get("step") == "Feed"]
        if [line["kind"] for line in lines] == ["sending"]:
            wire.rpc("evm_setAutomine", False)
        elif len(lines) == 2 and lines[-1]["kind"] == "sending":
            die()

    assert desk.killed(own(wire), stuck)
    wire.rpc("evm_mine")
    wire.rpc("evm_setAutomine", True)
    assert desk.apply()[1]
    lines = [line for line in desk.venture().journal().lines if line.get("step") == "Feed"]
    assert [line["kind"] for line in lines] == ["sending", "sending", "done"]
    assert lines[2]["transaction"] == lines[0]["transaction"]
    assert_whole(desk.venture())


@pytest.mark.parametrize("line", [15, 22, 31])
def test_after_a_reorganisation_of_five_blocks_what_vanished_is_done_again(
    wire: RpcClient, desk: Desk, line: int
) -> None:
    reorganised: list[int] = []

    def hook(number: int) -> None:
        if number == line:
            reorganised.append(number)
            wire.rpc("anvil_reorg", 5, [])

    assert desk.apply(written=hook)[1]
    assert reorganised
    assert_whole(desk.venture())


def test_a_reorganisation_while_the_last_steps_are_confirmed_is_noticed(tmp_path: Path) -> None:
    with stand_in(SEPOLIA, None, "--block-time", "1", "--mixed-mining") as wire:
        desk = Desk(wire, params(tmp_path, ("confirmations: 1", "confirmations: 3")))
        desk.fund()
        steps = len(desk.venture().plan.steps)
        seen: list[int] = []

        def hook(number: int) -> None:
            if number == 1 + 2 * steps and not seen:
                seen.append(number)
                wire.rpc("anvil_reorg", 5, [])

        assert desk.apply(written=hook)[1]
        assert seen and len(desk.venture().journal().lines) > 1 + 2 * steps
        assert_whole(desk.venture())


def test_two_machines_at_once_do_each_step_once(tmp_path: Path) -> None:
    with stand_in(SEPOLIA, None, "--block-time", "0.1") as wire:
        desks = [Desk(wire, params(tmp_path / name)) for name in ("first", "second")]
        desks[0].fund()
        children = [_apart(each) for each in desks]
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
        for each in desks:
            assert_whole(each.venture())


def _apart(desk: Desk) -> int:
    child = os.fork()
    if child == 0:
        ended = 1
        try:
            ended = 0 if desk.apply(own(desk.wire))[1] else 2
        except BaseException:
            traceback.print_exc()  # a failure of the child would be told by its exit code alone
        finally:
            os._exit(ended)
    return child


def test_no_key_and_no_endpoint_is_written_down(desk: Desk, faults: Faults) -> None:
    faults.on("*", status(502), 3, 30)
    assert desk.apply(through(faults))[1]
    folder = desk.venture().folder
    secrets: list[Any] = ["a-secret-token", faults.url, desk.signer._account.key.hex().removeprefix("0x")]
    for path in (each for each in folder.rglob("*") if each.is_file()):
        text = path.read_text(encoding="utf8")
        assert not [secret for secret in secrets if secret in text], path
    assert not [line for line in desk.lines for secret in secrets if secret in line]
