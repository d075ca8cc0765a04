"""Verification of the table of facets of a deployed vault."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from crossvault.deployment.manifest import load
from crossvault.evm.deploy import FACETS, MODULES, module_name, selectors
from deploying import Deployer, params
from testnet import stand_in

pytestmark = pytest.mark.slow  # a node, and a deployment to it


@pytest.fixture(scope="module")
def deployer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployer]:
    with stand_in() as client:
        found = Deployer(client, params(tmp_path_factory.mktemp("deployed")))
        found.fund()
        found.apply()
        yield found


def test_a_manifest_names_the_contracts_as_no_account_is_named(deployer: Deployer, tmp_path: Path) -> None:
    """One of an earlier version, which names them as accounts may be named, is read as well."""
    plan = deployer.deployment().plan
    manifest = load(deployer.deployment().folder / "manifest.json")
    assert {module_name(name) for name in MODULES} <= manifest.addresses.keys()
    document = manifest.model_dump(mode="json")
    named = document["addresses"].items()
    document["addresses"] = {name[:-4].lower() if name.endswith(".sol") else name: at for name, at in named}
    (tmp_path / "earlier.json").write_text(json.dumps(document), encoding="utf8")
    earlier = load(tmp_path / "earlier.json")
    assert earlier.world() == manifest.world() and earlier.names().address("feed") == plan.names.address("Feed.sol")


def test_another_facet_of_a_selector_is_reported(deployer: Deployer) -> None:
    """Another facet of one selector: in the map by which calls run, and in the list that the views show."""
    deployment, client = deployer.deployment(), deployer.client
    plan = deployment.plan
    assert deployment.verify().differences == []
    fields = {each["label"]: int(each["slot"]) for each in plan.build.artifacts["Vault"].storage_layout["storage"]}
    pause = plan.build.artifacts["Governance"].method_identifiers["pause()"]
    teller, governance = (plan.names.address(module_name(name)) for name in ("Teller", "Governance"))
    slot = keccak(bytes.fromhex(pause.ljust(64, "0")) + fields["facetOf"].to_bytes(32)).hex()
    was = client.rpc("eth_getStorageAt", plan.vault, f"0x{slot}", "latest")
    client.rpc("anvil_setStorageAt", plan.vault, f"0x{slot}", f"0x{int(teller, 16):064x}")
    [found] = deployment.verify().differences
    assert (found.field, found.model, found.chain) == ("facet of pause()", governance, teller)
    client.rpc("anvil_setStorageAt", plan.vault, f"0x{slot}", was)
    assert deployment.verify().differences == []
    place = int(keccak(fields["table"].to_bytes(32)).hex(), 16) + 2 * (1 + FACETS.index("Governance"))
    assert client.rpc("eth_getStorageAt", plan.vault, hex(place), "latest") == f"0x{int(governance, 16):064x}"
    client.rpc("anvil_setStorageAt", plan.vault, hex(place), f"0x{int(teller, 16):064x}")
    listed = {each.field: each.chain for each in deployment.verify().differences}
    assert listed["listed facet of pause()"] == teller
    governed = selectors(plan.build)["Governance"]
    assert len(listed) == len(governed) and all(each.startswith("listed facet of ") for each in listed)
