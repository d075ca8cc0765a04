"""Deployments onto an Anvil that stands in for a testnet: whole, handed over, announced, changed, refused, reverted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossvault.deployment import explorer, journal
from crossvault.deployment.apply import Conflict, StepFailed
from crossvault.deployment.blueprint import FACTORY
from crossvault.deployment.chains import MoneyRefused
from crossvault.deployment.deployment import AccountNeeded, Deployment
from crossvault.deployment.estimate import ON_CHAIN, ON_OUR_OWN
from crossvault.deployment.estimate import _measured as measured
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
from deploying import SAFE, Desk, assert_once, assert_whole, params
from testnet import RICH, SEPOLIA, key, stand_in


@pytest.fixture
def wire() -> Iterator[RpcClient]:
    with stand_in() as found:
        yield found


@pytest.fixture
def desk(wire: RpcClient, tmp_path: Path) -> Desk:
    found = Desk(wire, params(tmp_path))
    found.fund()
    return found


def count(wire: RpcClient, address: str) -> int:
    return int(wire.rpc("eth_getTransactionCount", address, "latest"), 16)


def test_a_plan_is_what_then_happens(desk: Desk) -> None:
    venture = desk.venture()
    survey, expected = venture.expected()
    assert not any(survey.is_done(step) for step in venture.plan.steps)
    assert count(desk.wire, desk.signer.address) == 0
    assert expected.how == ON_CHAIN and expected.balance_wei == RICH
    ended, done = desk.apply()
    assert done and ended.waiting is None
    assert_whole(venture)
    used = {line["step"]: line["gas_used"] for line in venture.journal().lines if line["kind"] == journal.DONE}
    assert {key: each.gas for key, each in expected.steps.items()} == used
    assert expected.cost_wei >= RICH - int(desk.wire.rpc("eth_getBalance", desk.signer.address, "latest"), 16)
    assert venture.expected()[1].steps == {}


def test_gas_is_measured_on_a_node_of_our_own_where_the_chain_does_not_simulate(desk: Desk) -> None:
    venture = desk.venture()
    assert measured(venture.plan) == venture.expected()[1].steps
    assert ON_OUR_OWN != ON_CHAIN


def test_applying_again_sends_nothing(desk: Desk) -> None:
    desk.apply()
    sent, lines = count(desk.wire, desk.signer.address), len(desk.venture().journal().lines)
    assert desk.apply()[1]
    assert (count(desk.wire, desk.signer.address), len(desk.venture().journal().lines)) == (sent, lines)


def test_the_manifest_tells_what_stands(desk: Desk) -> None:
    ended, _ = desk.apply()
    venture = desk.venture()
    told = load(venture.manifest_path)
    assert (told.chain_id, told.complete, told.owner, told.pending_owner) == (SEPOLIA, True, desk.signer.address, None)
    assert told.addresses == venture.plan.addresses() and told.vault == told.addresses[VAULT]
    assert all(desk.wire.rpc("eth_getCode", each, "latest") != "0x" for each in told.addresses.values())
    block = desk.wire.rpc("eth_getBlockByNumber", hex(told.block.number), False)
    assert (block["hash"], int(block["timestamp"], 16)) == (told.block.hash, told.block.at)
    made = next(line for line in venture.journal().lines if line.get("step") == "Vault" and line["kind"] == "done")
    assert (made["block"], made["block_hash"]) == (told.block.number, told.block.hash)
    assert told.names().name(int(told.vault, 16)) == VAULT
    model = Model(told.world())
    assert model.vault.owner == desk.signer.address and model.vault.delay_secs == 60
    assert told.parameters["underlyings"][0]["risk"]["initial_rate"] == str(10**17)
    assert told.compiler.build == compile_contracts().hash
    assert ended.survey.opened is not None


@pytest.mark.parametrize(("text", "expected"), [("{}", "name: Field required"), ("{", "Invalid JSON"), (None, "read")])
def test_a_bad_manifest_is_named(tmp_path: Path, text: str | None, expected: str) -> None:
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadManifest, match=expected):
        load(path)


def test_what_is_announced_is_done_when_it_is_due(wire: RpcClient, tmp_path: Path) -> None:
    interest = "  interest: {min rate: 1 %, low slope: 4 %, high slope: 60 %, optimal utilisation: 80 %}\n"
    desk = Desk(wire, params(tmp_path, ("  underlyings:\n", interest + "  underlyings:\n")))
    desk.fund()
    ended, done = desk.apply()
    assert not done and ended.waiting is not None and ended.waiting.step.key == "enact_interest"
    assert not desk.venture().manifest_path.exists()
    standing = desk.venture().standing()
    assert state(desk.venture(), standing, ended.waiting.step).startswith("due at 20")
    assert "interest.min_rate" in [each.field for each in desk.venture().verify().differences]
    wire.rpc("evm_setNextBlockTimestamp", ended.waiting.due_at)
    wire.rpc("evm_mine")
    assert desk.apply()[1]
    assert_whole(desk.venture())


def test_an_expiry_waits_for_a_price(wire: RpcClient, tmp_path: Path) -> None:
    old, new = "maintenance margin: 5 %}", "maintenance margin: 5 %, expiries: {'20991225': {}}}"
    desk = Desk(wire, params(tmp_path, (old, new)))
    desk.fund()
    ended, done = desk.apply()
    assert not done and ended.waiting is not None
    assert (ended.waiting.step.key, ended.waiting.why[:10]) == ("open_expiry ETH-20991225", "StalePrice")
    assert_once(desk.venture())


def test_ownership_goes_to_a_safe_in_two_steps(wire: RpcClient, tmp_path: Path) -> None:
    desk = Desk(wire, params(tmp_path, ("owner: deployer", f"safe: '{SAFE}'")))
    desk.fund()
    _, done = desk.apply()
    venture = desk.venture()
    told = load(venture.manifest_path)
    assert not done and not told.complete and (told.owner, told.pending_owner) == (desk.signer.address, SAFE)
    checked = venture.verify()
    assert checked.differences == [] and SAFE in checked.notes[0]
    accept = venture.plan.steps[-1]
    assert state(venture, venture.standing(), accept) == f"pending: of {SAFE}"
    file = json.loads(venture.handover_path.read_text())
    [call] = file["transactions"]
    assert (file["chainId"], call["to"].lower(), call["data"]) == (str(SEPOLIA), venture.plan.vault, accept.data)
    wire.rpc("anvil_setBalance", SAFE, hex(RICH))
    wire.rpc("anvil_impersonateAccount", SAFE)
    wire.rpc("eth_sendTransaction", {"from": SAFE, "to": call["to"], "data": call["data"]})
    assert desk.apply()[1]
    assert load(venture.manifest_path).owner == SAFE and load(venture.manifest_path).complete
    assert_whole(venture)


def test_an_owner_that_can_sign_accepts_at_once(wire: RpcClient, tmp_path: Path) -> None:
    owner = KeySigner(key("owner"))
    wire.rpc("anvil_setBalance", owner.address, hex(RICH))
    desk = Desk(wire, params(tmp_path, ("owner: deployer", f"owner: '{owner.address}'")))
    desk.fund()
    assert desk.apply(owner=owner)[1]
    assert load(desk.venture().manifest_path).owner == owner.address
    assert_whole(desk.venture())


def test_a_changed_input_stops_with_what_changed(desk: Desk, tmp_path: Path) -> None:
    desk.apply()
    sent = count(desk.wire, desk.signer.address)
    params(tmp_path, ("initial margin: 10 %", "initial margin: 12 %"))
    with pytest.raises(InputChanged) as told:
        desk.apply()
    assert f"world.underlyings.ETH.initial_margin: {10**17} -> {12 * 10**16}" in str(told.value)
    assert "code or arguments of: list_underlying ETH" in str(told.value)
    assert count(desk.wire, desk.signer.address) == sent
    other = Desk(desk.wire, params(tmp_path), "another")
    with pytest.raises(InputChanged, match=f"deployer: {desk.signer.address} -> {other.signer.address}"):
        other.apply()


def test_changed_contracts_stop_too(desk: Desk) -> None:
    desk.apply()
    venture = desk.venture()
    hashes = {**venture.plan.hashes(), "Stress": "0x00"}
    with pytest.raises(InputChanged, match="code or arguments of: Stress"):
        venture.journal().open(desk.signer.address, venture.asked.input(), hashes, 0)


def test_nothing_is_sent_to_another_chain_nor_to_one_that_holds_money(tmp_path: Path) -> None:
    with stand_in(1) as wire:
        desk = Desk(wire, params(tmp_path))
        with pytest.raises(WrongChain, match=f"is chain 1, expected chain {SEPOLIA}"):
            desk.apply()
        desk = Desk(wire, params(tmp_path, chain=1))
        with pytest.raises(MoneyRefused, match="chain 1 is Ethereum, a mainnet"):
            desk.apply()
        assert count(wire, desk.signer.address) == 0 and not (tmp_path / "deployments").exists()
        allowed = Deployment(desk.path, wire, desk.signer.address, allow_money=True)
        assert not any(allowed.survey().is_done(step) for step in allowed.plan.steps)


def test_a_chain_without_the_factory_is_told(desk: Desk) -> None:
    desk.wire.rpc("anvil_setCode", FACTORY, "0x")
    with pytest.raises(FactoryMissing, match=FACTORY):
        desk.venture()


def test_a_deployer_is_needed_until_a_journal_knows_it(desk: Desk) -> None:
    with pytest.raises(AccountNeeded, match="--account"):
        Deployment(desk.path, desk.wire, None)
    desk.apply()
    assert Deployment(desk.path, desk.wire, None).plan.deployer == desk.signer.address


def test_a_reverted_step_is_not_done(desk: Desk) -> None:
    venture = desk.venture()
    layout = venture.plan.build.artifacts["Vault"].storage_layout["storage"]
    slot = next(hex(int(each["slot"])) for each in layout if each["label"] == "owner")
    slot = f"0x{int(slot, 16):064x}"
    target = venture.plan.step("list_underlying ETH")
    assert target is not None

    def robbed(number: int) -> None:
        if venture.journal().lines[-1].get("step") == target.key:
            desk.wire.rpc("anvil_setStorageAt", venture.plan.vault, slot, f"0x{int(SAFE, 16):064x}")

    with pytest.raises(StepFailed, match=r"list_underlying ETH: reverted in transaction 0x.*NotOwner"):
        desk.apply(written=robbed)
    assert [line["kind"] for line in venture.journal().lines if line.get("step") == target.key] == [
        "sending",
        "reverted",
    ]
    assert state(venture, venture.standing(), target) == "reverted"
    with pytest.raises(StepFailed, match="list_underlying ETH: would revert: NotOwner"):
        desk.apply()
    desk.wire.rpc("anvil_setStorageAt", venture.plan.vault, slot, f"0x{int(desk.signer.address, 16):064x}")
    assert desk.apply()[1]
    assert_whole(venture)


def test_what_took_our_place_is_told(desk: Desk) -> None:
    venture = desk.venture()
    listed = venture.plan.step("list_underlying ETH")
    assert listed is not None
    other = venture.plan.speech.vault.call("list_underlying", {"name": "BTC", "risk": listed.args["risk"]})

    def foreign(number: int) -> None:
        last = venture.journal().lines[-1]
        if (last.get("step"), last["kind"]) == ("set_guardian " + desk.signer.address, "done"):
            desk.wire.rpc("anvil_impersonateAccount", desk.signer.address)
            call = {"from": desk.signer.address, "to": venture.plan.vault, "data": other}
            desk.wire.rpc("eth_sendTransaction", call)

    with pytest.raises(Conflict, match="underlying 0 of the vault is another than this deployment lists"):
        desk.apply(written=foreign)


def test_what_differs_on_the_chain_is_found(desk: Desk) -> None:
    desk.apply()
    venture, wire = desk.venture(), desk.wire
    plan = venture.plan
    assert venture.verify().differences == []
    wire.rpc("anvil_impersonateAccount", desk.signer.address)
    for action, args in (
        ("set_guardian", {"to": SAFE}),
        ("set_feeder", {"feeder": desk.signer.address, "allowed": False}),
    ):
        plan.names.bind(SAFE, SAFE)
        call = {"from": desk.signer.address, "to": plan.vault, "data": plan.speech.vault.call(action, args)}
        wire.rpc("eth_sendTransaction", call)
    assert [each.field for each in venture.verify().differences] == ["guardian", f"feeder {desk.signer.address}"]
    feed, registry = plan.step("Feed"), plan.step("Registry")
    assert feed and registry
    code = wire.rpc("eth_getCode", registry.address, "latest")
    wire.rpc("anvil_setCode", registry.address, code.replace(feed.address[2:], SAFE[2:]))
    wire.rpc("anvil_setCode", feed.address, "0x6001")
    found = {each.field: each.chain for each in venture.verify().differences}
    assert found["code of Feed"] == "2 other bytes" and SAFE[2:] in found["immutables of Registry"]
    with pytest.raises(Conflict, match="other code stands at the address of: Feed"):
        desk.apply()


def test_only_one_process_at_a_time(desk: Desk) -> None:
    path = desk.venture().folder / "journal.jsonl"
    with journal.held(path), pytest.raises(DeploymentBusy, match="another process is at this deployment"):
        desk.apply()
    assert desk.apply()[1]


def test_a_torn_line_is_told_and_stays(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError):
        desk.apply(written=lambda number: 1 // (8 - number))  # type: ignore[arg-type]  # dies there; its answer is unused
    path = desk.venture().journal().path
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert desk.apply()[1]
    assert any(f"{path}:8: nobody finished writing this line" in line for line in desk.lines)
    assert path.read_bytes().startswith(whole[:-40] + b"\n{")
    assert_whole(desk.venture())


def test_a_journal_of_another_chain_is_refused(desk: Desk) -> None:
    path = desk.venture().folder / "journal.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"chain":1,"kind":"opened","format":1}\n')
    with pytest.raises(BadJournal, match="is no line of a journal of chain"):
        desk.apply()


def test_two_machines_with_one_account_do_each_step_once(wire: RpcClient, tmp_path: Path) -> None:
    first, second = (Desk(wire, params(tmp_path / name)) for name in ("first", "second"))
    first.fund()
    with pytest.raises(ZeroDivisionError):
        first.apply(written=lambda number: 1 // (22 - number))  # type: ignore[arg-type]  # dies there; its answer is unused
    assert second.apply()[1] and first.apply()[1]
    assert_whole(first.venture())
    assert load(first.venture().manifest_path) == load(second.venture().manifest_path)


@pytest.mark.slow
def test_explorers_are_given_what_compiles_to_the_same_bytes(desk: Desk) -> None:
    venture = desk.venture()
    made = {each.key: each for each in explorer.publications(venture.plan)}
    assert made.keys() == {step.key for step in venture.plan.steps if step.makes}
    unit, _, contract = made["Vault"].unit.rpartition(":")
    found = standard_json(solc(), made["Vault"].source)["contracts"][unit][contract]
    step = venture.plan.step("Vault")
    assert step and step.data[66:] == found["evm"]["bytecode"]["object"] + made["Vault"].arguments


def test_who_waits_does_what_is_announced_too(wire: RpcClient, tmp_path: Path) -> None:
    interest = "  interest: {min rate: 1 %, low slope: 4 %, high slope: 60 %, optimal utilisation: 80 %}\n"
    changes = (("  underlyings:\n", interest + "  underlyings:\n"), ("delay: 1m", "delay: 2s"))
    desk = Desk(wire, params(tmp_path, *changes))
    desk.fund()
    _, done = desk.apply(wait=True)
    assert done and len([line for line in desk.lines if "enact_interest: due at" in line]) == 1
    assert_whole(desk.venture())
