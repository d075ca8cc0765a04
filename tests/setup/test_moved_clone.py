"""A clone that was copied or moved compiles in its new place, whatever its links were."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crossvault.evm.compiler import build_hash, compile_contracts, contract_sources
from crossvault.setup import install, toolchain
from places import ROOT


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files of this clone, its tools and the compiled contracts, copied; `doctor` compiles a file there."""
    install.ensure()
    folder = tmp_path_factory.mktemp("copied") / "clone"
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if not name.startswith("tests/") and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    compile_contracts()
    compiled = f"artifacts/{build_hash(contract_sources())}.json"
    for part in ("npm", "solc", "sources", "bin", "npm.stamp", "solc.stamp", compiled):
        source, target = toolchain.state_dir() / part, folder / ".toolchain" / part
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy2(source, target)
    return folder


def start(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the package of a folder with the Python of this clone."""
    env = {**os.environ, "PYTHONPATH": str(folder / "sim")}
    command = [sys.executable, "-P", "-m", "crossvault", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def require_compiling(folder: Path) -> None:
    """Sets a clone up and compiles in it."""
    ready = start(folder, "setup")
    assert ready.returncode == 0, ready.stderr
    assert "installing the locked npm packages" not in ready.stderr
    doctor = start(folder, "doctor")
    compiled = next(line for line in doctor.stdout.splitlines() if " compilation " in line)
    assert compiled.startswith("ok"), doctor.stdout
    assert f"{folder}/.toolchain/npm" in (folder / ".toolchain" / "solc" / f"solc-v{toolchain.SOLC}").read_text()


@pytest.mark.slow
def test_a_moved_clone_compiles(copied: Path) -> None:
    require_compiling(copied)
    moved = copied.parent / "moved"
    copied.rename(moved)
    try:
        stale = start(moved, "doctor").stdout
        assert "MISSING  compilation      not set up in this place" in stale, stale
        require_compiling(moved)
    finally:
        moved.rename(copied)


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["gone", "still there"])
def test_links_to_where_a_clone_came_from_are_made_again(copied: Path, tmp_path: Path, origin: str) -> None:
    folder = tmp_path / "old"
    shutil.copytree(copied, folder, symlinks=True)
    modules = toolchain.node_modules() if origin == "still there" else tmp_path / "gone"
    for package, unit in toolchain.dependencies().items():
        link = folder / ".toolchain" / "sources" / unit
        link.unlink()
        link.symlink_to(modules / package)
    require_compiling(folder)


def test_a_package_that_moved_has_its_compiler_written_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before, script = toolchain.solc_key(), tmp_path / toolchain.SOLC_WASM.name
    shutil.copy2(toolchain.SOLC_WASM, script)
    monkeypatch.setattr(toolchain, "SOLC_WASM", script)
    assert toolchain.solc_key() != before
