"""Contracts are deployed with any linked libraries."""

from pathlib import Path

import pytest

from crossvault.differential.model import Model
from crossvault.evm.chain import Chain
from crossvault.evm.compiler import compile_contracts
from crossvault.lockstep.run import run
from crossvault.scenario import load
from crossvault.setup.toolchain import contracts_dir


@pytest.mark.slow
def test_a_vault_with_a_linked_library_runs_as_ours(tmp_path: Path) -> None:
    """External library functions require a deployed library that the vault is linked with."""
    text = (contracts_dir() / "Verdict.sol").read_text(encoding="utf8")
    assert "function requireInitial(Ledger.State storage self, AccountId account) internal view" in text
    folder = tmp_path / "contracts"
    folder.mkdir()
    changed = text.replace("AccountId account) internal view {", "AccountId account) external view {")
    (folder / "Verdict.sol").write_text(changed, encoding="utf8")
    assert compile_contracts(folder).artifacts["Appraiser"].link_references
    story = load("quickstart")
    chain = Chain(story.world, folder)
    try:
        result = run(story, Model(story.world), chain)
    finally:
        chain.close()
    assert result.failure is None and result.compared == result.steps > 0
