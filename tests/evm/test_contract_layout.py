"""Directories of contracts that make no vault are refused in one message that states what is expected."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli import start
from crossvault.differential.ending import USAGE
from crossvault.evm.artifacts import Artifact, Build
from crossvault.evm.compiler import CompileFailed, compile_contracts
from crossvault.evm.creation import constructor_arguments
from crossvault.evm.deploy import FACETS
from crossvault.evm.same_doors import require_layout
from crossvault.setup.toolchain import contracts_dir

EXPECTED = (
    "(address owner, address quote, uint256 delaySecs, "
    "(uint64,uint64,uint64,uint64,uint64,uint64,uint64,uint64) terms, "
    "address stress, address pricer, (address,bytes4[])[] facets)"
)


def changed(build: Build, **contracts: Artifact | None) -> Build:
    """A build in which some contracts are others, or do not exist."""
    artifacts: dict[str, Any] = {**build.artifacts, **contracts}
    return replace(build, artifacts={name: each for name, each in artifacts.items() if each is not None})


def problems(build: Build) -> list[str]:
    """The lines of the refusal of a build."""
    with pytest.raises(CompileFailed) as found:
        require_layout(build, compile_contracts(), "--contracts")
    first, *others = str(found.value).splitlines()
    assert first == "--contracts: these contracts make no vault:"
    return [each.strip() for each in others]


def with_constructor(artifact: Artifact, *inputs: Mapping[str, str]) -> Artifact:
    """A contract whose constructor takes other arguments."""
    kept = [item for item in artifact.abi if item["type"] != "constructor"]
    return replace(artifact, abi=[*kept, {"type": "constructor", "inputs": list(inputs)}])


def test_the_contracts_that_ship_make_a_vault() -> None:
    require_layout(compile_contracts(), compile_contracts(), "--contracts")
    assert f"({', '.join(map(str, constructor_arguments(compile_contracts().artifacts['Vault'])))})" == EXPECTED


def test_a_constructor_of_another_form_is_shown_with_ours() -> None:
    ours = compile_contracts()
    vault, feed = ours.artifacts["Vault"], ours.artifacts["Feed"]
    names = ("owner_", "appraiser_")
    other = with_constructor(vault, *({"type": "address", "name": name} for name in names))
    chained = with_constructor(feed, {"type": "address", "name": "policy_"})
    assert problems(changed(ours, Vault=other, Feed=chained)) == [
        "Feed: its constructor takes (address policy), expected ()",
        f"Vault: its constructor takes (address owner, address appraiser), expected {EXPECTED}",
    ]


def test_a_facet_that_is_missing_or_abstract_is_named() -> None:
    ours = compile_contracts()
    abstract = replace(ours.artifacts["Auction"], bytecode="")
    assert problems(changed(ours, Auction=abstract, Teller=None)) == [
        "Auction: is abstract, or an interface: expected a contract that can be created",
        "Teller: there is no contract of that name",
    ]


@pytest.mark.parametrize("other", ["Vault", "Governance"])
def test_a_function_of_two_facets_is_named_with_both(other: str) -> None:
    ours = compile_contracts()
    signature = {"Vault": "setMode(uint256,uint256)", "Governance": "pause()"}[other]
    selector = ours.artifacts[other].method_identifiers[signature]
    policy = ours.artifacts["Policy"]
    planted = replace(policy, method_identifiers={**policy.method_identifiers, signature: selector})
    assert FACETS.index("Policy") > FACETS.index("Governance")
    assert problems(changed(ours, Policy=planted)) == [
        f"Policy: has functions that {other} has: {signature}: expected one of the two"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--contracts", "--against"])
def test_a_directory_of_an_earlier_layout_is_one_error(tmp_path: Path, flag: str) -> None:
    """A vault whose constructor takes an appraiser, as before the table of facets, and a facet that is abstract."""
    text = (contracts_dir() / "Vault.sol").read_text(encoding="utf8")
    old = "        Facet[] memory facets_\n    ) Diamond(facets_) {"
    assert old in text
    folder = tmp_path / "earlier"
    folder.mkdir()
    chained = text.replace(old, "        address appraiser_\n    ) Diamond(new Facet[](appraiser_.code.length)) {")
    (folder / "Vault.sol").write_text(chained, encoding="utf8")
    done = start("run", "quickstart", flag, "earlier", folder=tmp_path)
    assert done.returncode == USAGE, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and done.stderr.count("make no vault") == 1
    assert f"{flag}: these contracts make no vault:" in done.stderr
    assert "address stress, address pricer, address appraiser), expected" in done.stderr
