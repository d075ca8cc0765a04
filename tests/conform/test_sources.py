"""The sources of a foreign vault: a file is one unit, however its imports are spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossvault.conform.sources import compiled
from crossvault.evm.compiler import CompileFailed

HEAD = "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.28;\n"


def project(folder: Path) -> Path:
    """A Foundry project in which one file is imported by a remapping and by where it lies."""
    for name, text in {
        "lib/solmate/src/Owned.sol": "abstract contract Owned { address public owner; }",
        "src/Base.sol": 'import "../lib/solmate/src/Owned.sol";\nabstract contract Base is Owned {}',
        "src/Vault.sol": 'import {Owned} from "solmate/Owned.sol";\nimport {Base} from "src/Base.sol";\n'
        "contract Vault is Owned, Base {}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(HEAD + text, encoding="utf8")
    return folder


def test_a_file_of_two_spellings_is_compiled_once(tmp_path: Path) -> None:
    root = project(tmp_path)
    remappings = {"solmate/": root / "lib" / "solmate" / "src", "src/": root / "src"}
    build = compiled([root / "src" / "Vault.sol"], remappings)
    assert {each.name: each.source for each in build.artifacts.values()} == {
        "Base": "src/Base.sol", "Owned": "lib/solmate/src/Owned.sol", "Vault": "src/Vault.sol",
    }  # fmt: skip


def test_what_is_not_found_is_named(tmp_path: Path) -> None:
    root = project(tmp_path)
    with pytest.raises(CompileFailed, match=r"Vault.sol: imports 'solmate/Owned.sol': expected a relative path"):
        compiled([root / "src" / "Vault.sol"], {"src/": root / "src"})
