"""Contracts compile once, to the same bytecode everywhere, and errors name file and line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crossvault.evm import artifacts, compiler
from crossvault.evm.compiler import CompileFailed
from crossvault.setup import install, toolchain
from places import ROOT

HEAD = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n\n"
ADDER = (
    HEAD + "contract Adder {\n" + "    function sum(uint256 a) external pure returns (uint256) { return a + 1; }\n}\n"
)
TOKEN = (
    HEAD
    + 'import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";\n'
    + 'import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";\n\n'
    + 'contract Token is ERC20("Token", "T") {\n'
    + "    function root(uint256 a) external pure returns (uint256) { return FixedPointMathLib.sqrt(a); }\n"
    + "}\n"
)


@pytest.fixture
def contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two small contracts instead of the shipped ones, and an artifact cache of their own."""
    install.ensure()
    directory, shipped, tools = tmp_path / "contracts", toolchain.contracts_dir(), toolchain.state_dir()
    (directory / "probes").mkdir(parents=True)
    for name in toolchain.NPM_FILES:
        (directory / name).write_bytes((shipped / name).read_bytes())
    (directory / "Adder.sol").write_text(ADDER)
    (directory / "probes" / "Token.sol").write_text(TOKEN)
    state = tmp_path / ".toolchain"
    state.mkdir()
    for each in tools.iterdir():
        if each.name != "artifacts":
            (state / each.name).symlink_to(each)
    monkeypatch.setattr(toolchain, "contracts_dir", lambda: directory)
    monkeypatch.setattr(artifacts, "cache_path", lambda name: state / "artifacts" / f"{name}.json")
    artifacts.stored_build.cache_clear()
    yield directory
    artifacts.stored_build.cache_clear()


@pytest.mark.slow
def test_a_warm_start_compiles_nothing(contracts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cold = compiler.compile_contracts()
    artifacts.stored_build.cache_clear()
    monkeypatch.setitem(sys.modules, "solcx", None)  # any import of it now fails
    monkeypatch.setattr(install, "ensure", lambda: pytest.fail("a warm start looks for no tools"))
    assert compiler.compile_contracts() == cold
    (contracts / "Adder.sol").write_text(ADDER.replace("a + 1", "a + 2"))
    monkeypatch.setattr(install, "ensure", lambda: None)
    with pytest.raises(ImportError):
        compiler.compile_contracts()


@pytest.mark.slow
def test_a_concurrent_compilation_of_the_same_sources_waits(contracts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts, run_solc = [], compiler._run_solc

    def counted(*words: Any) -> dict[str, Any]:
        starts.append(words)
        return run_solc(*words)

    monkeypatch.setattr(compiler, "_run_solc", counted)
    with ThreadPoolExecutor(3) as pool:
        first, *others = [each.result() for each in [pool.submit(compiler.compile_contracts) for _ in range(3)]]
    assert others == [first, first] and len(starts) == 1


@pytest.mark.slow
def test_a_damaged_artifact_is_compiled_again(contracts: Path) -> None:
    cold = compiler.compile_contracts()
    artifacts.stored_build.cache_clear()
    artifacts.cache_path(cold.hash).write_text("{")
    assert compiler.compile_contracts() == cold


@pytest.mark.slow
def test_an_artifact_has_the_fields_for_deployment(contracts: Path) -> None:
    build = compiler.compile_contracts()
    assert sorted(build.artifacts) == ["Adder", "Token"]
    adder, token = build.artifacts["Adder"], build.artifacts["Token"]
    assert (adder.source, token.source) == ("Adder.sol", "probes/Token.sol")
    assert [entry["name"] for entry in adder.abi] == ["sum"]
    assert list(adder.method_identifiers) == ["sum(uint256)"]
    assert [slot["label"] for slot in token.storage_layout["storage"]][:2] == ["_balances", "_allowances"]
    assert adder.deployed_bytecode in adder.bytecode
    assert build.warnings == ()


def test_compile_errors_name_file_and_line(contracts: Path) -> None:
    (contracts / "Adder.sol").write_text(ADDER.replace("a + 1", "b + 1"))
    with pytest.raises(CompileFailed, match=r"Undeclared identifier[^$]*contracts/Adder\.sol:5:"):
        compiler.compile_contracts()


def test_a_missing_import_is_named(contracts: Path) -> None:
    (contracts / "Adder.sol").write_text(ADDER.replace("contract", 'import "./Nowhere.sol";\ncontract', 1))
    with pytest.raises(CompileFailed, match=r'Source "contracts/Nowhere\.sol" not found'):
        compiler.compile_contracts()


@pytest.mark.slow
def test_two_contracts_of_one_name_are_refused(contracts: Path) -> None:
    (contracts / "Other.sol").write_text(ADDER)
    with pytest.raises(CompileFailed, match=r"two contracts are named Adder: Adder\.sol and Other\.sol"):
        compiler.compile_contracts()


@pytest.mark.slow
def test_a_foreign_directory_may_hold_only_what_differs(contracts: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "Adder.sol").write_text(ADDER.replace("a + 1", "a + 2"))
    ours, theirs = compiler.compile_contracts(), compiler.compile_contracts(foreign)
    assert theirs.artifacts["Token"] == ours.artifacts["Token"]
    assert theirs.artifacts["Adder"].bytecode != ours.artifacts["Adder"].bytecode
    assert theirs.hash != ours.hash
    with pytest.raises(CompileFailed, match="no such directory"):
        compiler.compile_contracts(tmp_path / "nowhere")


def test_a_directory_of_unchanged_copies_needs_no_compiler(tmp_path: Path) -> None:
    shipped = compiler.compile_contracts()
    (tmp_path / "Cash.sol").write_bytes((toolchain.contracts_dir() / "Cash.sol").read_bytes())
    copied = compiler.compile_contracts(tmp_path)
    assert copied.artifacts["Vault"] == shipped.artifacts["Vault"]
    assert not any(name.startswith("Probe") for name in copied.artifacts)


@pytest.mark.slow
def test_a_batch_has_the_same_code_as_single_builds(contracts: Path, tmp_path: Path) -> None:
    mutants = [tmp_path / name for name in ("first", "second")]
    for mutant, change in zip(mutants, ("a + 2", "a * 3"), strict=True):
        mutant.mkdir()
        (mutant / "Adder.sol").write_text(ADDER.replace("a + 1", change))
    batch = compiler.compile_many(mutants)
    artifacts.stored_build.cache_clear()
    assert compiler.compile_many(mutants) == batch
    for build, single in zip(batch, map(compiler.compile_contracts, mutants), strict=True):
        assert build.hash == single.hash
        for name, artifact in single.artifacts.items():
            assert stripped(build.artifacts[name].bytecode) == stripped(artifact.bytecode)
    assert stripped(batch[0].artifacts["Adder"].bytecode) != stripped(batch[1].artifacts["Adder"].bytecode)


def stripped(code: str) -> str:
    assert len(compiler.without_metadata(code)) < len(code)
    return compiler.without_metadata(code)


def test_every_file_has_a_syntax_tree(contracts: Path) -> None:
    trees = compiler.syntax_trees()
    assert list(trees) == ["Adder.sol", "probes/Token.sol"]
    assert trees["Adder.sol"]["nodes"][-1]["name"] == "Adder"
    assert compiler.syntax_trees() == trees


@pytest.mark.slow
def test_native_and_wasm_compilers_agree_to_the_last_byte(tmp_path: Path) -> None:
    install.ensure()
    native = toolchain.native_solc()
    if native is None:
        pytest.skip(f"no native solc {toolchain.SOLC} on this machine")
    wasm = tmp_path / f"solc-v{toolchain.SOLC}"
    install.write_wasm_solc(wasm)
    units = {f"contracts/{name}": text for name, text in compiler.contract_sources().items()}
    request = compiler.standard_input(units, {"*": ("evm.bytecode.object", "metadata")})
    answers = [compiler.standard_json(binary, request)["contracts"] for binary in (native, wasm)]
    assert answers[0] == answers[1]


@pytest.fixture(scope="module")
def ape_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project after `ape compile`, with a data folder of its own."""
    install.ensure()
    folder = tmp_path_factory.mktemp("ape")
    (folder / ".toolchain").symlink_to(toolchain.state_dir())
    (folder / "ape-config.yaml").write_bytes((ROOT / "ape-config.yaml").read_bytes())
    for name, text in compiler.contract_sources().items():
        path = folder / "contracts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")
    in_ape_project(folder, "ape", "compile", "--force")
    return folder


def in_ape_project(folder: Path, *words: str) -> str:
    """Output of a program of the venv in that project."""
    env = {**os.environ, "APE_DATA_FOLDER": str(folder / "ape")}
    command = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_ape_compile_gives_the_same_bytecode_to_the_last_byte(ape_project: Path) -> None:
    ours = compiler.compile_contracts()
    manifest = json.loads((ape_project / ".build" / "__local__.json").read_text(encoding="utf8"))
    theirs = manifest["contractTypes"]
    assert set(ours.artifacts) == set(theirs)
    for name, kind in theirs.items():
        code = (kind["deploymentBytecode"] or {}).get("bytecode", "0x")
        assert code == "0x" + ours.artifacts[name].bytecode, name
