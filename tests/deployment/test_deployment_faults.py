"""Deployments under faults: kills, outages, wrong responses, taken nonces, reorganisations. Each step executes once."""

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
from deploying import Deployer, MortalClient, assert_complete, die, params, url
from faults import Exchange, Fault, Faults, cut, drop, lose, status
from testnet import SEPOLIA, stand_in

pytestmark = pytest.mark.slow  # each has a node of its own, and waits for it

SEND, RECEIPT, NONCE = "eth_sendRawTransaction", "eth_getTransactionReceipt", "eth_getTransactionCount"


@pytest.fixture
def client() -> Iterator[RpcClient]:
    with stand_in() as found:
        yield found


@pytest.fixture
def deployer(client: RpcClient, tmp_path: Path) -> Deployer:
    found = Deployer(client, params(tmp_path))
    found.fund()
    return found


@pytest.fixture
def faults(client: RpcClient) -> Iterator[Faults]:
    proxy = Faults(url(client))
    yield proxy
    proxy.close()


def through(faults: Faults) -> RpcClient:
    return RpcClient(faults.url, tries=6, wait_secs=0.01)


def own(client: RpcClient) -> RpcClient:
    """A connection of a separate process."""
    return RpcClient(url(client), tries=4, wait_secs=0.05)


def test_a_deployment_resumes_after_a_kill_at_each_journal_line(client: RpcClient, deployer: Deployer) -> None:
    deployment, kills = deployer.deployment(), 0
    while deployer.killed(own(client), lambda number: die()):
        kills += 1
        assert len(deployment.journal().lines) == kills
    assert kills == 1 + 2 * len(deployer.deployment().plan.steps)
    assert_complete(deployer.deployment())


def test_a_deployment_resumes_after_a_kill_at_each_accepted_transaction(client: RpcClient, deployer: Deployer) -> None:
    kills = 0
    while deployer.killed(MortalClient(url(client), tries=4, wait_secs=0.05)):
        kills += 1
    assert kills == len(deployer.deployment().plan.steps)
    kinds = [line["kind"] for line in deployer.deployment().journal().lines]
    assert kinds == ["opened", *["sending", "done"] * kills]
    assert_complete(deployer.deployment())


@pytest.mark.parametrize("line", [1, 2, 3, 18, 19, 24])
def test_one_resume_completes_a_killed_deployment(client: RpcClient, deployer: Deployer, line: int) -> None:
    assert deployer.killed(own(client), lambda number: die() if number == line else None)
    assert not deployer.killed(own(client))
    assert_complete(deployer.deployment())


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
def test_a_failing_endpoint_causes_no_repeats(
    deployer: Deployer, faults: Faults, method: str, fault: Fault, times: int, after: int
) -> None:
    faults.on(method, fault, times, after)
    assert deployer.apply(through(faults))[1]
    assert_complete(deployer.deployment())


def test_a_lagging_node_causes_no_repeats(client: RpcClient, deployer: Deployer, faults: Faults) -> None:
    written: list[int] = []

    def lagging(number: int) -> None:
        written.append(number)
        if number in (4, 13, 21):
            faults.lag(2, times=3)

    assert deployer.apply(through(faults), written=lagging)[1]
    assert len(written) > 21
    assert_complete(deployer.deployment())


def narrow(exchange: Exchange) -> bool:
    """An endpoint that limits log requests to ten blocks."""
    for request in exchange.requests:
        if request["method"] == "eth_getLogs":
            first, last = (int(request["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
            if last - first >= 10:
                error = {"code": -32600, "message": "up to a 10 block range"}
                replies = [{"jsonrpc": "2.0", "id": each["id"], "error": error} for each in exchange.requests]
                exchange.answer(json.dumps(replies[0] if exchange.single else replies).encode())
                return True
    return False


def test_an_endpoint_with_narrow_log_ranges_suffices(client: RpcClient, deployer: Deployer, faults: Faults) -> None:
    with pytest.raises(ZeroDivisionError):
        deployer.apply(written=lambda number: 1 // (27 - number))  # type: ignore[arg-type]  # fails at that line; the value is unused
    client.rpc("anvil_mine", hex(150))
    faults.on("eth_getLogs", narrow)
    assert deployer.apply(through(faults))[1]
    assert_complete(deployer.deployment())


def taking_the_nonce(deployer: Deployer, step: str, most_wei: int) -> Callable[[int], None]:
    """Returns a hook that sends another transaction with the nonce of a step just before the step."""

    def hook(number: int) -> None:
        line = deployment.journal().lines[-1]
        if line.get("step") == step and line["kind"] == "sending" and not taken:
            taken.append(line["nonce"])
            call = SignedTransaction(
                line["nonce"], deployer.signer.address, "0x", 0, 21_000, Fees(most_wei, most_wei), "", b""
            )
            raw = deployer.signer.sign(
                {"type": 2, "chainId": SEPOLIA, "nonce": call.nonce, "to": call.to, "data": "0x", "value": 0,
                 "gas": call.gas, "maxFeePerGas": most_wei, "maxPriorityFeePerGas": most_wei}
            )  # fmt: skip
            deployer.client.rpc(SEND, "0x" + raw.hex())

    taken: list[int] = []
    deployment = deployer.deployment()
    return hook


@pytest.mark.parametrize("step", ["Vault", "list_underlying ETH"])
def test_a_nonce_of_another_transaction_is_reported(deployer: Deployer, step: str) -> None:
    assert deployer.apply(written=taking_the_nonce(deployer, step, 10**10))[1]
    assert any(line.startswith(f"{step}: nonce ") for line in deployer.lines)
    kinds = [line["kind"] for line in deployer.deployment().journal().lines if line.get("step") == step]
    assert kinds == ["sending", "superseded", "sending", "done"]
    assert_complete(deployer.deployment())


def test_a_stuck_transaction_is_replaced_with_higher_fees(client: RpcClient, deployer: Deployer) -> None:
    deployment = deployer.deployment()

    def stuck(number: int) -> None:
        lines = [line for line in deployment.journal().lines if line.get("step") == "Feed"]
        if [line["kind"] for line in lines] == ["sending"]:
            client.rpc("evm_setAutomine", False)
        elif len(lines) == 2 and lines[-1]["kind"] == "sending":
            assert lines[0]["nonce"] == lines[1]["nonce"] and lines[0]["most_wei"] < lines[1]["most_wei"]
            client.rpc("evm_setAutomine", True)

    assert deployer.apply(written=stuck)[1]
    kinds = [line["kind"] for line in deployer.deployment().journal().lines if line.get("step") == "Feed"]
    assert kinds == ["sending", "sending", "done"]
    assert_complete(deployer.deployment())


def test_a_mined_version_is_found_after_a_kill_before_its_replacement(client: RpcClient, deployer: Deployer) -> None:
    deployment = deployer.deployment()

    def stuck(number: int) -> None:
        lines = [line for line in deployment.journal().lines if line.get("step") == "Feed"]
        if [line["kind"] for line in lines] == ["sending"]:
            client.rpc("evm_setAutomine", False)
        elif len(lines) == 2 and lines[-1]["kind"] == "sending":
            die()

    assert deployer.killed(own(client), stuck)
    client.rpc("evm_mine")
    client.rpc("evm_setAutomine", True)
    assert deployer.apply()[1]
    lines = [line for line in deployer.deployment().journal().lines if line.get("step") == "Feed"]
    assert [line["kind"] for line in lines] == ["sending", "sending", "done"]
    assert lines[2]["transaction"] == lines[0]["transaction"]
    assert_complete(deployer.deployment())


@pytest.mark.parametrize("line", [15, 22, 31])
def test_dropped_steps_are_executed_again_after_a_reorganisation(
    client: RpcClient, deployer: Deployer, line: int
) -> None:
    reorganised: list[int] = []

    def hook(number: int) -> None:
        if number == line:
            reorganised.append(number)
            client.rpc("anvil_reorg", 5, [])

    assert deployer.apply(written=hook)[1]
    assert reorganised
    assert_complete(deployer.deployment())


def test_a_reorganisation_during_confirmation_is_detected(tmp_path: Path) -> None:
    with stand_in(SEPOLIA, None, "--block-time", "1", "--mixed-mining") as client:
        deployer = Deployer(client, params(tmp_path, ("confirmations: 1", "confirmations: 3")))
        deployer.fund()
        steps = len(deployer.deployment().plan.steps)
        seen: list[int] = []

        def hook(number: int) -> None:
            if number == 1 + 2 * steps and not seen:
                seen.append(number)
                client.rpc("anvil_reorg", 5, [])

        assert deployer.apply(written=hook)[1]
        assert seen and len(deployer.deployment().journal().lines) > 1 + 2 * steps
        assert_complete(deployer.deployment())


def test_two_concurrent_machines_execute_each_step_once(tmp_path: Path) -> None:
    with stand_in(SEPOLIA, None, "--block-time", "0.1") as client:
        deployers = [Deployer(client, params(tmp_path / name)) for name in ("first", "second")]
        deployers[0].fund()
        children = [_forked_apply(each) for each in deployers]
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
        for each in deployers:
            assert_complete(each.deployment())


def _forked_apply(deployer: Deployer) -> int:
    child = os.fork()
    if child == 0:
        ended = 1
        try:
            ended = 0 if deployer.apply(own(deployer.client))[1] else 2
        except BaseException:
            traceback.print_exc()  # otherwise only the exit code shows a failure of the child
        finally:
            os._exit(ended)
    return child


def test_no_key_and_no_endpoint_is_written_to_disk(deployer: Deployer, faults: Faults) -> None:
    faults.on("*", status(502), 3, 30)
    assert deployer.apply(through(faults))[1]
    folder = deployer.deployment().folder
    secrets: list[Any] = ["a-secret-token", faults.url, deployer.signer._account.key.hex().removeprefix("0x")]
    for path in (each for each in folder.rglob("*") if each.is_file()):
        text = path.read_text(encoding="utf8")
        assert not [secret for secret in secrets if secret in text], path
    assert not [line for line in deployer.lines for secret in secrets if secret in line]
