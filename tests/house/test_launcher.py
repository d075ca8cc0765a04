"""The launcher and the package: the same command, from a clone and from a wheel."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

from crossvault import __version__
from crossvault.setup import toolchain
from places import ROOT

LAUNCHER = ROOT / "crossvault"


@pytest.fixture
def launcher() -> Any:
    """The launcher as a module; it has no suffix and imports nothing of crossvault."""
    loader = SourceFileLoader("crossvault_launcher", str(LAUNCHER))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    dont_write, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = dont_write
    return module


def start(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(LAUNCHER), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_installation_reports_what_it_took(launcher: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with launcher.timed("installed"):
        pass
    assert re.fullmatch(r"crossvault: installed in \d+\.\d s\n", capsys.readouterr().err)
    with pytest.raises(SystemExit), launcher.timed("installed"):
        launcher.stop("no network")
    assert capsys.readouterr().err == "crossvault: no network\n"


def test_help_answers_from_anywhere_and_loads_little(tmp_path: Path) -> None:
    (tmp_path / "crossvault").mkdir()
    (tmp_path / "crossvault" / "__init__.py").write_text("raise ImportError('not this one')")
    done = start("--help", folder=tmp_path)
    assert done.returncode == 0 and "usage: crossvault" in done.stdout, done.stderr
    script = "import atexit, sys\natexit.register(lambda: print(*sys.modules))\n"
    script += "from crossvault.__main__ import main\nmain(['--help'])\n"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False).stdout.split()
    assert "crossvault.commands.parser" in loaded
    assert not {"ape", "duckdb", "matplotlib", "numpy", "pandas", "pyarrow", "pydantic", "rich", "solcx", "web3"} & set(
        loaded
    )


def test_bad_usage_is_exit_code_2() -> None:
    assert start("no-such-command").returncode == 2


def test_without_a_supported_python_uv_is_to_fetch_one(
    launcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The uv of the clone runs with a mirror that has nothing, as without a network."""
    monkeypatch.setattr(launcher.sys, "version_info", (3, 15, 0))
    monkeypatch.setattr(launcher, "VENV", tmp_path / "venv")
    own = ROOT / ".venv" / "bin" / "uv"  # not there where the set-up found one on PATH
    (tmp_path / "uv").symlink_to(own if own.exists() else shutil.which("uv") or own)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launcher.supported_python() is None
    env = launcher.install_environment() | {"UV_PYTHON_INSTALL_MIRROR": "file:///nowhere", "UV_MANAGED_PYTHON": "1"}
    env |= {"UV_PYTHON_INSTALL_DIR": str(tmp_path / "pythons")}
    with pytest.raises(SystemExit) as stopped:
        launcher.fetched_venv(env)
    assert stopped.value.code == 3
    printed = capfd.readouterr().err
    assert "this is Python 3.15, and none from 3.11 to 3.14 is on PATH: uv fetches Python 3.12" in printed
    assert "needs Python 3.11 to 3.14, and could not fetch one: this is 3.15" in printed


def test_a_python_that_uv_finds_makes_the_environment(
    launcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Python of this test stands for the fetched one: uv takes it as it is of the version in question."""
    monkeypatch.setattr(launcher, "VENV", tmp_path / "venv")
    monkeypatch.setattr(launcher, "LOCKS", {f"3.{sys.version_info[1]}": launcher.NUMPY1})
    own = ROOT / ".venv" / "bin" / "uv"  # not there where the set-up found one on PATH
    (tmp_path / "uv").symlink_to(own if own.exists() else shutil.which("uv") or own)
    (tmp_path / f"python3.{sys.version_info[1]}").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    env = launcher.install_environment() | {"UV_OFFLINE": "1"}
    assert launcher.fetched_venv(env) == (str(tmp_path / "uv"), f"3.{sys.version_info[1]}")
    made = [str(tmp_path / "venv" / "bin" / "python"), "-c", "import sys; print(*sys.version_info[:2])"]
    done = subprocess.run(made, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", str(sys.version_info[1])]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_every_supported_python_has_a_lock_of_its_numpy(launcher: Any, version: str) -> None:
    text = launcher.LOCKS[version].read_text(encoding="utf8")
    assert f"\nnumpy=={'1.' if version < '3.13' else '2.'}" in text
    assert ("\npyrevm==" in text) == (version < "3.13")


def test_the_package_takes_the_pythons_that_have_a_lock(launcher: Any) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    minors = sorted(int(version.removeprefix("3.")) for version in launcher.LOCKS)
    assert project["requires-python"] == f">=3.{minors[0]},<3.{minors[-1] + 1}"


def test_a_python_on_path_is_taken_only_if_it_answers(
    launcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minor = sys.version_info[1]
    for each in (11, 12, 13, 14):
        answer = f'exec {sys.executable} "$@"' if each == minor else "exit 127"
        (tmp_path / f"python3.{each}").write_text(f"#!/bin/sh\n{answer}\n")
        (tmp_path / f"python3.{each}").chmod(0o755)
    monkeypatch.setattr(launcher.sys, "version_info", (3, 15, 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launcher.supported_python() == (str(tmp_path / f"python3.{minor}"), f"3.{minor}")


def test_a_clone_of_another_user_is_exit_code_3(
    launcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / ".toolchain"
    state.touch()  # a file: it refuses root too
    monkeypatch.setattr(launcher, "STATE", state)
    monkeypatch.setattr(launcher, "STAMP", tmp_path / "stamp")
    with pytest.raises(SystemExit) as stopped:
        launcher.main()
    assert stopped.value.code == 3
    printed = capsys.readouterr().err
    assert printed.startswith(f"crossvault: {state}: ") and "clone it to a folder of your own" in printed


def test_the_environment_is_made_again_when_its_lock_changes(
    launcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("one")
    for name in ("NUMPY1", "NUMPY2", "UV"):
        monkeypatch.setattr(launcher, name, lock)
    monkeypatch.setattr(launcher, "STAMP", tmp_path / "stamp")
    assert not launcher.is_fresh()
    launcher.STAMP.write_text(launcher.stamp_key())
    assert launcher.is_fresh()
    lock.write_text("two")
    assert not launcher.is_fresh()


def test_a_set_up_that_was_cut_short_leaves_no_stamp(
    launcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_short(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(launcher, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(launcher, "make_venv", lambda python, env: [])
    monkeypatch.setattr(launcher, "install", cut_short)
    launcher.STAMP.write_text("of an older one")
    with pytest.raises(KeyboardInterrupt):
        launcher.set_up()
    assert not launcher.STAMP.exists()


def test_an_environment_that_is_a_link_is_not_emptied(
    launcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "kept").touch()
    (tmp_path / "mine").symlink_to(tmp_path / "theirs")
    monkeypatch.setattr(launcher, "VENV", tmp_path / "mine")
    with pytest.raises(SystemExit) as stopped:
        launcher.set_up()
    assert stopped.value.code == 3 and "is a link" in capsys.readouterr().err
    assert (tmp_path / "theirs" / "kept").exists()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, unpacked where Python can import it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_contracts_and_scenarios_travel_in_the_wheel(package: Path) -> None:
    inside = package / "crossvault"
    shipped = {path.relative_to(inside).as_posix() for path in inside.rglob("*") if path.is_file()}
    contracts = {f"contracts/{path.relative_to(ROOT / 'contracts').as_posix()}" for path in ours("contracts")}
    scenarios = {path.relative_to(toolchain.PACKAGE).as_posix() for path in toolchain.PACKAGE.glob("scenarios/*.yaml")}
    assert contracts | scenarios | {f"contracts/{name}" for name in toolchain.NPM_FILES} <= shipped
    assert not [name for name in shipped if "node_modules" in name or ".cache" in name]
    assert (package / f"crossvault-{__version__}.dist-info" / "entry_points.txt").is_file()


def ours(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*.sol") if ".cache" not in path.parts]


def test_the_package_uses_its_own_contracts_and_the_users_state(package: Path, tmp_path: Path) -> None:
    code = (
        "from crossvault.evm import compiler; from crossvault.setup import toolchain as t; "
        "print(t.clone(), t.contracts_dir(), t.state_dir(), compiler.build_hash(compiler.contract_sources()))"
    )
    env = {**os.environ, "PYTHONPATH": str(package), "CROSSVAULT_HOME": str(tmp_path)}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    from crossvault.evm.compiler import build_hash, contract_sources

    expected = ["None", str(package / "crossvault" / "contracts"), str(tmp_path), build_hash(contract_sources())]
    assert done.stdout.split() == expected
