"""Parameter files of deployments: the shipped ones are valid, and problems are reported with file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crossvault.deployment import chains, verify
from crossvault.deployment.blueprint import Blueprint
from crossvault.deployment.params import address, load
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.evm.compiler import compile_contracts
from crossvault.scenario import ScenarioError, load as story
from crossvault.scenario.owner_calls import GovernanceSteps
from crossvault.scenario.script import Script
from crossvault.scenario.source import read
from crossvault.scenario.valid import validated
from places import ROOT

SHIPPED = sorted((ROOT / "scripts" / "params").glob("*.yaml"))
SCENARIO = ROOT / "sim" / "crossvault" / "scenarios" / "testnet.scenario.yaml"
DEPLOYER = "0x" + "1f" * 20
SAFE = "0x" + "5a" * 20


def written(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = (ROOT / "scripts" / "params" / "local.yaml").read_text(encoding="utf8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_have_the_world_of_the_scenario(path: Path) -> None:
    world = load(path).params.world.model_dump()
    scenario = validated(read(SCENARIO, "testnet"), Script).world.model_dump()
    for part in (world["quote"], *world["collaterals"].values()):
        assert part.pop("address") is None
    assert world == scenario


def test_a_story_and_a_deployment_set_up_with_the_same_calls() -> None:
    found = story("testnet")
    model, opening = Model(found.world), []
    for step, _ in driven(found.steps(model), model.apply):
        if step.action in ("publish_price", "mint"):
            break
        opening.append((step.action, dict(step.args)))
    plan = Blueprint(load(ROOT / "scripts" / "params" / "local.yaml"), compile_contracts(), DEPLOYER)
    calls = [(each.action, dict(each.args)) for each in plan.steps if each.event]
    aliases = {"guardian": DEPLOYER, "feeder": DEPLOYER}
    assert calls == [(action, {n: aliases.get(v, v) if isinstance(v, str) else v for n, v in args.items()})
                     for action, args in opening]  # fmt: skip


def test_the_expected_parameters_equal_those_of_the_scenario() -> None:
    found = story("testnet")
    model = Model(found.world)
    for step, _ in driven(found.steps(model), model.apply):
        if step.action == "mint":
            break
    plan = Blueprint(load(ROOT / "scripts" / "params" / "local.yaml"), compile_contracts(), DEPLOYER)
    assert verify.expected_parameters(plan) == model.vault.parameters()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("chain: 31337", "chain: soon")], "chain: expected a whole number, got 'soon'"),
        ([("guardian:", "gaurdian:")], "gaurdian: unknown field: did you mean 'guardian'?"),
        ([("owner: deployer", "owner: alice")], "owner: 'alice': expected 'deployer' or an address such as 0x"),
        ([("owner: deployer", f"owner: deployer\nsafe: '{SAFE}'")], "expected either 'owner' or 'safe'"),
        ([("owner: deployer", "safe: 0x12")], "safe: '0x12' is not an address"),
        ([("owner: deployer", f"owner: 0x{'0' * 40}")], "is the zero address"),
        ([("owner: deployer", "owner: 0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045")], "wrong checksum (EIP-55)"),
        ([("[deployer]", "[]")], "feeders: expected at least one"),
        ([("[deployer]", "[deployer, deployer]")], "'feeders' contains a duplicate"),
        ([("confirmations: 1", "confirmations: 0")], "confirmations: Input should be greater than or equal to 1"),
        ([("confirmations: 1", "limits: {fee: 3 ETH}")], "limits.fee: '3 ETH' is in ETH: expected gwei"),
        ([("delay: 1m", "delay: 1m\n  roles: {owner: x}")], "world: 'roles' are for scenarios"),
        ([("initial margin: 10 %", "initial margin: 4 %")], "ETH.initial margin: initial margin 4 % is below"),
        ([("knee: 80 %", "knee: 180 %")], "world.auction.knee: knee 180 % is above start 98 %"),
        ([("underlying: ETH", "underlying: EHT")], "did you mean 'ETH'?"),
        ([("decimals: 6", f"decimals: 6, kind: fee, address: '{SAFE}'")], "world.quote.kind: is for new test tokens"),
    ],
)  # fmt: skip
def test_problems_are_reported_with_their_line(tmp_path: Path, changes: list[Any], expected: str) -> None:
    path = written(tmp_path, *changes)
    with pytest.raises(ScenarioError) as raised:
        load(path)
    assert expected in str(raised.value)
    where, number = str(raised.value).split(": ", 1)[0].rsplit(":", 1)
    assert where == str(path) and number.isdecimal()


def test_an_address_is_valid_in_any_correct_spelling() -> None:
    right = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
    assert address(right) == address(right.lower()) == address("0x" + right[2:].upper()) == right.lower()


def test_existing_tokens_are_not_created(tmp_path: Path) -> None:
    path = written(tmp_path, ("decimals: 6", f"decimals: 6, address: '{SAFE}'"))
    plan = Blueprint(load(path), compile_contracts(), DEPLOYER)
    keys = [step.key for step in plan.steps]
    assert "token WETH" in keys and not {"token USDC", "set_spender USDC"} & set(keys)
    assert plan.addresses()["USDC"] == SAFE


def test_addresses_depend_on_deployer_name_and_salt_and_step_keys_are_unique(tmp_path: Path) -> None:
    build = compile_contracts()
    plans = [
        Blueprint(load(written(tmp_path, *changes)), build, deployer)
        for changes, deployer in (
            ([], DEPLOYER),
            ([], SAFE),
            ([('salt: "1"', 'salt: "2"')], DEPLOYER),
            ([("name: demo", "name: other")], DEPLOYER),
        )
    ]
    assert len({plan.vault for plan in plans}) == 4
    again = Blueprint(load(written(tmp_path)), build, DEPLOYER)
    assert again.hashes() == plans[0].hashes()
    assert len(again.hashes()) == len(again.steps)


def test_only_testnets_are_allowed_without_the_flag() -> None:
    for chain_id in chains.TESTNETS:
        chains.require_test(chain_id)
    for chain_id in (*chains.MAINNETS, 123_456_789):
        with pytest.raises(chains.MainnetRefused, match="--allow-mainnet"):
            chains.require_test(chain_id)
        chains.require_test(chain_id, allowed=True)
    assert {1, 10, 8_453, 42_161} <= chains.MAINNETS.keys()
    assert not chains.TESTNETS.keys() & chains.MAINNETS.keys()


def test_delayed_parameters_of_a_scenario_are_scheduled() -> None:
    script = validated(read(SCENARIO, "testnet"), Script)
    governing = GovernanceSteps(script.world, read(SCENARIO, "testnet"))
    assert governing.announces()
    assert [call.step(0, "owner").action for call in governing.changed("schedule")] == ["schedule_interest"]
