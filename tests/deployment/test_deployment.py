"""Deployments to an Anvil in the place of a testnet: complete, handed over, delayed, changed, refused, reverted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossvault.deployment import explorer, journal
from crossvault.deployment.apply import DeploymentConflict, StepFailed
from crossvault.deployment.blueprint import FACTORY
from crossvault.deployment.chains import MainnetRefused
from crossvault.deployment.deployment import DeployerRequired, Deployment
from crossvault.deployment.estimate import ON_CHAIN, ON_LOCAL_NODE, _measured as measured
from crossvault.deployment.idle_chain import ChainIdle
from crossvault.deployment.journal import BadJournal, DeploymentBusy, InputChanged
from crossvault.deployment.manifest import BadManifest, load
from crossvault.deployment.onchain import FactoryMissing
from crossvault.differential.model import Model
from crossvault.differential.step import VAULT
from crossvault.evm.compiler import compile_contracts, standard_json
from crossvault.report.deployment import state
from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import KeySigner
from crossvault.rpc.transactions import WrongChain
from crossvault.setup.toolchain import solc
from deploying import SAFE, Deployer, assert_complete, assert_once, params
from testnet import RICH, SEPOLIA, key, stand_in


@pytest.fixture
def client() -> Iterator[RpcClient]:
    with stand_in() as found:
        yield found


@pytest.fixture
def deployer(client: RpcClient, tmp_path: Path) -> Deployer:
    found = Deployer(client, params(tmp_path))
    found.fund()
    return found


def count(client: RpcClient, address: str) -> int:
    return int(client.rpc("eth_getTransactionCount", address, "latest"), 16)


def test_a_plan_predicts_the_deployment(deployer: Deployer) -> None:
    deployment = deployer.deployment()
    snapshot, expected = deployment.expected()
    assert not any(snapshot.is_done(step) for step in deployment.plan.steps)
    assert count(deployer.client, deployer.signer.address) == 0
    assert expected.how == ON_CHAIN and expected.balance_wei == RICH
    ended, done = deployer.apply()
    assert done and ended.waiting is None
    assert_complete(deployment)
    used = {line["step"]: line["gas_used"] for line in deployment.journal().lines if line["kind"] == journal.DONE}
    assert {key: each.gas for key, each in expected.steps.items()} == used
    assert expected.cost_wei >= RICH - int(deployer.client.rpc("eth_getBalance", deployer.signer.address, "latest"), 16)
    assert deployment.expected()[1].steps == {}


def test_gas_is_measured_on_a_local_node_where_the_chain_does_not_simulate(deployer: Deployer) -> None:
    deployment = deployer.deployment()
    assert measured(deployment.plan) == deployment.expected()[1].steps
    assert ON_LOCAL_NODE != ON_CHAIN


@pytest.mark.slow
def test_applying_again_sends_nothing(deployer: Deployer) -> None:
    deployer.apply()
    sent, lines = count(deployer.client, deployer.signer.address), len(deployer.deployment().journal().lines)
    assert deployer.apply()[1]
    assert (count(deployer.client, deployer.signer.address), len(deployer.deployment().journal().lines)) == (
        sent,
        lines,
    )


@pytest.mark.slow
def test_the_manifest_describes_the_deployment(deployer: Deployer) -> None:
    ended, _ = deployer.apply()
    deployment = deployer.deployment()
    manifest = load(deployment.manifest_path)
    assert (manifest.chain_id, manifest.complete, manifest.owner, manifest.pending_owner) == (
        SEPOLIA,
        True,
        deployer.signer.address,
        None,
    )
    assert manifest.addresses == deployment.plan.addresses() and manifest.vault == manifest.addresses[VAULT]
    assert all(deployer.client.rpc("eth_getCode", each, "latest") != "0x" for each in manifest.addresses.values())
    block = deployer.client.rpc("eth_getBlockByNumber", hex(manifest.block.number), False)
    assert (block["hash"], int(block["timestamp"], 16)) == (manifest.block.hash, manifest.block.at)
    made = next(line for line in deployment.journal().lines if line.get("step") == "Vault" and line["kind"] == "done")
    assert (made["block"], made["block_hash"]) == (manifest.block.number, manifest.block.hash)
    assert manifest.names().name(int(manifest.vault, 16)) == VAULT
    model = Model(manifest.world())
    assert model.vault.owner == deployer.signer.address and model.vault.delay_secs == 60
    assert manifest.parameters["underlyings"][0]["risk"]["initial_rate"] == str(10**17)
    assert manifest.compiler.build == compile_contracts().hash
    assert ended.snapshot.opened is not None


@pytest.mark.parametrize(("text", "expected"), [("{}", "name: Field required"), ("{", "Invalid JSON"), (None, "read")])
def test_an_invalid_manifest_is_reported(tmp_path: Path, text: str | None, expected: str) -> None:
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadManifest, match=expected):
        load(path)


@pytest.mark.slow
def test_delayed_changes_are_enacted_when_due(client: RpcClient, tmp_path: Path) -> None:
    interest = "  interest: {min rate: 1 %, low slope: 4 %, high slope: 60 %, optimal utilisation: 80 %}\n"
    deployer = Deployer(client, params(tmp_path, ("  underlyings:\n", interest + "  underlyings:\n")))
    deployer.fund()
    ended, done = deployer.apply()
    assert not done and ended.waiting is not None and ended.waiting.step.key == "enact_interest"
    assert not deployer.deployment().manifest_path.exists()
    status = deployer.deployment().status()
    assert state(deployer.deployment(), status, ended.waiting.step).startswith("due at 20")
    assert "interest.min_rate" in [each.field for each in deployer.deployment().verify().differences]
    client.rpc("evm_setNextBlockTimestamp", ended.waiting.due_at)
    client.rpc("evm_mine")
    assert deployer.apply()[1]
    assert_complete(deployer.deployment())


def test_an_expiry_waits_for_a_price(client: RpcClient, tmp_path: Path) -> None:
    old, new = "maintenance margin: 5 %}", "maintenance margin: 5 %, expiries: {'20991225': {}}}"
    deployer = Deployer(client, params(tmp_path, (old, new)))
    deployer.fund()
    ended, done = deployer.apply()
    assert not done and ended.waiting is not None
    assert (ended.waiting.step.key, ended.waiting.why[:10]) == ("open_expiry ETH-20991225", "StalePrice")
    assert_once(deployer.deployment())


@pytest.mark.slow
def test_ownership_goes_to_a_safe_in_two_steps(client: RpcClient, tmp_path: Path) -> None:
    deployer = Deployer(client, params(tmp_path, ("owner: deployer", f"safe: '{SAFE}'")))
    deployer.fund()
    _, done = deployer.apply()
    deployment = deployer.deployment()
    manifest = load(deployment.manifest_path)
    assert (
        not done
        and not manifest.complete
        and (manifest.owner, manifest.pending_owner) == (deployer.signer.address, SAFE)
    )
    checked = deployment.verify()
    assert checked.differences == [] and SAFE in checked.notes[0]
    accept = deployment.plan.steps[-1]
    assert state(deployment, deployment.status(), accept) == f"pending: of {SAFE}"
    file = json.loads(deployment.handover_path.read_text())
    [call] = file["transactions"]
    assert (file["chainId"], call["to"].lower(), call["data"]) == (str(SEPOLIA), deployment.plan.vault, accept.data)
    client.rpc("anvil_setBalance", SAFE, hex(RICH))
    client.rpc("anvil_impersonateAccount", SAFE)
    client.rpc("eth_sendTransactionSync", {"from": SAFE, "to": call["to"], "data": call["data"]})
    assert deployer.apply()[1]
    assert load(deployment.manifest_path).owner == SAFE and load(deployment.manifest_path).complete
    assert_complete(deployment)


@pytest.mark.slow
def test_an_owner_with_a_signer_accepts_at_once(client: RpcClient, tmp_path: Path) -> None:
    owner = KeySigner(key("owner"))
    client.rpc("anvil_setBalance", owner.address, hex(RICH))
    deployer = Deployer(client, params(tmp_path, ("owner: deployer", f"owner: '{owner.address}'")))
    deployer.fund()
    assert deployer.apply(owner=owner)[1]
    assert load(deployer.deployment().manifest_path).owner == owner.address
    assert_complete(deployer.deployment())


def test_a_changed_input_is_refused_with_its_changes(deployer: Deployer, tmp_path: Path) -> None:
    deployer.apply()
    sent = count(deployer.client, deployer.signer.address)
    params(tmp_path, ("initial margin: 10 %", "initial margin: 12 %"))
    with pytest.raises(InputChanged) as raised:
        deployer.apply()
    assert f"world.underlyings.ETH.initial_margin: {10**17} -> {12 * 10**16}" in str(raised.value)
    assert "code or arguments of: list_underlying ETH" in str(raised.value)
    assert count(deployer.client, deployer.signer.address) == sent
    other = Deployer(deployer.client, params(tmp_path), "another")
    with pytest.raises(InputChanged, match=f"deployer: {deployer.signer.address} -> {other.signer.address}"):
        other.apply()


@pytest.mark.slow
def test_changed_contracts_are_refused(deployer: Deployer) -> None:
    deployer.apply()
    deployment = deployer.deployment()
    hashes = {**deployment.plan.hashes(), "Stress": "0x00"}
    with pytest.raises(InputChanged, match="code or arguments of: Stress"):
        deployment.journal().open(deployer.signer.address, deployment.params_file.input(), hashes, 0)


def test_nothing_is_sent_to_another_chain_or_a_mainnet(tmp_path: Path) -> None:
    with stand_in(1) as client:
        deployer = Deployer(client, params(tmp_path))
        with pytest.raises(WrongChain, match=f"is chain 1, expected chain {SEPOLIA}"):
            deployer.apply()
        deployer = Deployer(client, params(tmp_path, chain=1))
        with pytest.raises(MainnetRefused, match="chain 1 is Ethereum, a mainnet"):
            deployer.apply()
        assert count(client, deployer.signer.address) == 0 and not (tmp_path / "deployments").exists()
        allowed = Deployment(deployer.path, client, deployer.signer.address, allow_mainnet=True)
        assert not any(allowed.snapshot().is_done(step) for step in allowed.plan.steps)


def test_a_chain_without_the_factory_is_reported(deployer: Deployer) -> None:
    deployer.client.rpc("anvil_setCode", FACTORY, "0x")
    with pytest.raises(FactoryMissing, match=FACTORY):
        deployer.deployment()


@pytest.mark.slow
def test_a_deployer_is_required_until_the_journal_has_one(deployer: Deployer) -> None:
    with pytest.raises(DeployerRequired, match="--account"):
        Deployment(deployer.path, deployer.client, None)
    deployer.apply()
    assert Deployment(deployer.path, deployer.client, None).plan.deployer == deployer.signer.address


@pytest.mark.slow
def test_a_reverted_step_is_not_done(deployer: Deployer) -> None:
    deployment = deployer.deployment()
    layout = deployment.plan.build.artifacts["Vault"].storage_layout["storage"]
    slot = next(hex(int(each["slot"])) for each in layout if each["label"] == "owner")
    slot = f"0x{int(slot, 16):064x}"
    target = deployment.plan.step("list_underlying ETH")
    assert target is not None

    def seized(number: int) -> None:
        if deployment.journal().lines[-1].get("step") == target.key:
            deployer.client.rpc("anvil_setStorageAt", deployment.plan.vault, slot, f"0x{int(SAFE, 16):064x}")

    with pytest.raises(StepFailed, match=r"list_underlying ETH: reverted in transaction 0x.*NotOwner"):
        deployer.apply(written=seized)
    assert [line["kind"] for line in deployment.journal().lines if line.get("step") == target.key] == [
        "sending",
        "reverted",
    ]
    assert state(deployment, deployment.status(), target) == "reverted"
    with pytest.raises(StepFailed, match="list_underlying ETH: would revert: NotOwner"):
        deployer.apply()
    deployer.client.rpc("anvil_setStorageAt", deployment.plan.vault, slot, f"0x{int(deployer.signer.address, 16):064x}")
    assert deployer.apply()[1]
    assert_complete(deployment)


def test_a_conflicting_listing_is_reported(deployer: Deployer) -> None:
    deployment = deployer.deployment()
    listed = deployment.plan.step("list_underlying ETH")
    assert listed is not None
    other = deployment.plan.bindings.vault.call("list_underlying", {"name": "BTC", "risk": listed.args["risk"]})

    def foreign(number: int) -> None:
        last = deployment.journal().lines[-1]
        if (last.get("step"), last["kind"]) == ("set_guardian " + deployer.signer.address, "done"):
            deployer.client.rpc("anvil_impersonateAccount", deployer.signer.address)
            call = {"from": deployer.signer.address, "to": deployment.plan.vault, "data": other}
            deployer.client.rpc("eth_sendTransactionSync", call)

    with pytest.raises(
        DeploymentConflict, match="underlying 0 of the vault differs from the one that this deployment lists"
    ):
        deployer.apply(written=foreign)


def test_verification_reports_every_difference(deployer: Deployer) -> None:
    deployer.apply()
    deployment, client = deployer.deployment(), deployer.client
    plan = deployment.plan
    assert deployment.verify().differences == []
    client.rpc("anvil_impersonateAccount", deployer.signer.address)
    for action, args in (
        ("set_guardian", {"to": SAFE}),
        ("set_feeder", {"feeder": deployer.signer.address, "allowed": False}),
    ):
        plan.names.bind(SAFE, SAFE)
        call = {"from": deployer.signer.address, "to": plan.vault, "data": plan.bindings.vault.call(action, args)}
        client.rpc("eth_sendTransactionSync", call)
    assert [each.field for each in deployment.verify().differences] == ["guardian", f"feeder {deployer.signer.address}"]
    feed, exchange = plan.step("Feed"), plan.step("Exchange")
    assert feed and exchange
    code = client.rpc("eth_getCode", exchange.address, "latest")
    client.rpc("anvil_setCode", exchange.address, code.replace(plan.vault[2:], SAFE[2:]))
    client.rpc("anvil_setCode", feed.address, "0x6001")
    found = {each.field: each.chain for each in deployment.verify().differences}
    assert found["code of Feed"] == "2 other bytes" and SAFE[2:] in found["immutables of Exchange"]
    with pytest.raises(DeploymentConflict, match="other code is at the address of: Feed"):
        deployer.apply()


@pytest.mark.slow
def test_only_one_process_at_a_time(deployer: Deployer) -> None:
    path = deployer.deployment().folder / "journal.jsonl"
    with journal.locked(path), pytest.raises(DeploymentBusy, match="another process works on this deployment"):
        deployer.apply()
    assert deployer.apply()[1]


@pytest.mark.slow
def test_an_incomplete_line_is_reported_and_kept(deployer: Deployer) -> None:
    with pytest.raises(ZeroDivisionError):
        deployer.apply(written=lambda number: 1 // (8 - number))  # type: ignore[arg-type]  # fails at that line; the value is unused
    path = deployer.deployment().journal().path
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert deployer.apply()[1]
    assert any(f"{path}:8: incomplete line" in line for line in deployer.lines)
    assert path.read_bytes().startswith(whole[:-40] + b"\n{")
    assert_complete(deployer.deployment())


def test_a_journal_of_another_chain_is_refused(deployer: Deployer) -> None:
    path = deployer.deployment().folder / "journal.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"chain":1,"kind":"opened","format":1}\n')
    with pytest.raises(BadJournal, match="is not a journal line of chain"):
        deployer.apply()


@pytest.mark.slow
def test_two_machines_with_one_account_execute_each_step_once(client: RpcClient, tmp_path: Path) -> None:
    first, second = (Deployer(client, params(tmp_path / name)) for name in ("first", "second"))
    first.fund()
    with pytest.raises(ZeroDivisionError):
        first.apply(written=lambda number: 1 // (22 - number))  # type: ignore[arg-type]  # fails at that line; the value is unused
    assert second.apply()[1] and first.apply()[1]
    assert_complete(first.deployment())
    assert load(first.deployment().manifest_path) == load(second.deployment().manifest_path)


@pytest.mark.slow
def test_publications_compile_to_the_deployed_bytes(deployer: Deployer) -> None:
    deployment = deployer.deployment()
    made = {each.key: each for each in explorer.publications(deployment.plan)}
    assert made.keys() == {step.key for step in deployment.plan.steps if step.makes}
    unit, _, contract = made["Vault"].unit.rpartition(":")
    found = standard_json(solc(), made["Vault"].source)["contracts"][unit][contract]
    step = deployment.plan.step("Vault")
    assert step and step.data[66:] == found["evm"]["bytecode"]["object"] + made["Vault"].arguments


@pytest.mark.slow
def test_wait_mode_enacts_delayed_changes(client: RpcClient, tmp_path: Path) -> None:
    interest = "  interest: {min rate: 1 %, low slope: 4 %, high slope: 60 %, optimal utilisation: 80 %}\n"
    changes = (("  underlyings:\n", interest + "  underlyings:\n"), ("delay: 1m", "delay: 2s"))
    deployer = Deployer(client, params(tmp_path, *changes))
    deployer.fund()
    _, done = deployer.apply(wait=True)
    assert done and len([line for line in deployer.lines if "enact_interest: due at" in line]) == 1
    assert_complete(deployer.deployment())


@pytest.mark.slow
def test_a_chain_that_mines_only_on_transactions_is_named(client: RpcClient, tmp_path: Path) -> None:
    deployer = Deployer(client, params(tmp_path, ("confirmations: 1", "confirmations: 2")))
    deployer.fund()
    with pytest.raises(
        ChainIdle, match=r"no block after \d+ for \d+ s, and 2 confirmations need block \d+\. .*evm_mine"
    ):
        deployer.apply(wait=True)
    assert any("does this chain mine only on transactions?" in line for line in deployer.lines)
    client.rpc("evm_mine")
    _, done = deployer.apply(wait=True)
    assert done
    assert_complete(deployer.deployment())


@pytest.mark.slow
def test_a_change_that_is_due_by_the_clock_alone_is_named(client: RpcClient, tmp_path: Path) -> None:
    interest = "  interest: {min rate: 1 %, low slope: 4 %, high slope: 60 %, optimal utilisation: 80 %}\n"
    changes = (("  underlyings:\n", interest + "  underlyings:\n"), ("delay: 1m", "delay: 1h"))
    deployer = Deployer(client, params(tmp_path, *changes))
    deployer.fund()
    client.rpc("anvil_setTime", int(client.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) - 90_000)
    client.rpc("anvil_setBlockTimestampInterval", 1)
    with pytest.raises(ChainIdle, match="enact_interest is due by the clock, but not in the latest block"):
        deployer.apply(wait=True)
