"""Tools are installed once, found afterwards, and reported with a remedy if missing."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossvault.commands import doctor
from crossvault.setup import install, toolchain
from crossvault.setup.toolchain import ToolchainMissing
from places import ROOT

HOST = re.compile(r"\w://|\b[\w-]+\.(com|org|io|net|dev|sh|cloud|internal|local)\b(?!/)", re.IGNORECASE)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty state folder, with no tool on PATH."""
    state = tmp_path / "state"
    monkeypatch.setattr(toolchain, "state_dir", lambda: state)
    monkeypatch.setattr(install, "state_dir", lambda: state)
    monkeypatch.setenv("PATH", str(tmp_path))
    yield state


def test_a_state_folder_that_cannot_be_written_is_refused_with_what_to_do(empty: Path) -> None:
    empty.touch()  # a file: it refuses root too
    with pytest.raises(
        ToolchainMissing, match=r"state: .*: the tools cannot be kept there; set the clone up as the user"
    ):
        install.ensure()


class FakeInstallation:
    """Counts installations instead of running them; the first may be interrupted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, interrupt_first: bool = False) -> None:
        self.npm = 0
        self.interrupt_first = interrupt_first
        monkeypatch.setattr(install, "_npm_ci", self.npm_ci)
        monkeypatch.setattr(install, "write_wasm_solc", lambda target: target.write_text("solc"))
        monkeypatch.setattr(install, "native_solc", lambda: None)

    def npm_ci(self, folder: Path) -> None:
        self.npm += 1
        (folder / "node_modules").mkdir()
        if self.interrupt_first and self.npm == 1:
            raise KeyboardInterrupt


def test_two_set_ups_at_once_install_once(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeInstallation(monkeypatch)
    threads = [threading.Thread(target=install.ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fake.npm == 1
    assert toolchain.is_set_up()


def test_an_interrupted_set_up_is_completed_by_the_next(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeInstallation(monkeypatch, interrupt_first=True)
    with pytest.raises(KeyboardInterrupt):
        install.ensure()
    assert not toolchain.is_set_up()
    install.ensure()
    assert toolchain.is_set_up()
    install.ensure()
    assert fake.npm == 2


def test_another_lock_makes_the_set_up_stale(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeInstallation(monkeypatch)
    install.ensure()
    monkeypatch.setattr(toolchain, "npm_digest", lambda: "another")
    assert not toolchain.is_set_up()


def test_a_platform_without_an_npm_anvil_has_a_remedy(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolchainMissing, match="crossvault setup"):
        toolchain.anvil()
    monkeypatch.setattr(toolchain, "is_set_up", lambda: True)
    with pytest.raises(ToolchainMissing, match=r"put `anvil` of Foundry .* on PATH"):
        toolchain.anvil()


def test_an_anvil_on_path_is_used_where_npm_has_none(empty: Path, tmp_path: Path) -> None:
    mine = tmp_path / "anvil"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    assert toolchain.anvil() == mine


def test_the_doctor_finds_everything_after_the_set_up() -> None:
    install.ensure()
    findings = doctor.doctor()
    assert [finding.what for finding in findings if not finding.ok] == []
    assert {"python", "node", "npm packages", "solc", "compilation", "anvil", "contracts", "ape"} <= {
        f.what for f in findings
    }


def test_the_doctor_names_a_remedy_for_all_that_is_missing(empty: Path) -> None:
    bad = {finding.what: finding.mend for finding in doctor.doctor() if not finding.ok}
    assert set(bad) == {"npm packages", "solc", "compilation", "anvil"}
    assert set(bad.values()) == {"./crossvault setup"}
    assert not empty.exists(), "the doctor changes nothing"


def test_free_ports_are_below_those_of_outgoing_connections() -> None:
    assert all(20000 <= toolchain.free_port() < 32000 for _ in range(20))


def test_every_version_that_can_change_a_result_is_known() -> None:
    install.ensure()
    versions = toolchain.versions()
    assert list(versions) == ["crossvault", "python", "solc", "anvil", "openzeppelin", "solady"]
    assert "missing" not in versions.values()
    assert versions["solc"].startswith(f"{toolchain.SOLC}+commit.")


def test_ape_has_the_versions_of_the_lock() -> None:
    config = (ROOT / "ape-config.yaml").read_text(encoding="utf8")
    for package in ("@openzeppelin/contracts", "solady"):
        version = toolchain.package_version(package)
        assert re.search(rf"node_modules/{re.escape(package)}\n    version: {version}\n", config)
    assert f"version: {toolchain.SOLC}\n" in config


def test_no_lock_names_a_host() -> None:
    locks = [*(ROOT / ".locks").iterdir(), *(ROOT / "contracts" / name for name in toolchain.NPM_FILES)]
    assert len(locks) >= 5
    for lock in locks:
        found = [line for line in lock.read_text(encoding="utf8").splitlines() if HOST.search(line)]
        assert found == [], f"{lock.name} names a host"


@pytest.mark.parametrize(
    ("reported", "is_native"),
    [
        (f"{toolchain.SOLC}+commit.f401782d.Linux.g++", True),
        (f"{toolchain.SOLC}+commit.f401782d.Emscripten.clang", False),
        ("0.8.30+commit.73712a01.Linux.g++", False),
    ],
)
def test_only_a_native_solc_of_the_pinned_version_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reported: str, is_native: bool
) -> None:
    mine = tmp_path / "solc"
    mine.write_text(f"#!/bin/sh\necho 'Version: {reported}'\n")
    mine.chmod(0o755)
    monkeypatch.setenv("SOLC", str(mine))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert toolchain.native_solc() == (mine if is_native else None)
    monkeypatch.setenv("SOLC", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.native_solc() == (mine if is_native else None)


def test_a_script_named_solc_in_the_environment_itself_is_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, called = tmp_path / "bin" / "solc", tmp_path / "called"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\n: > {called}\necho 'Version: {toolchain.SOLC}+commit.f401782d.Linux.g++'\n")
    script.chmod(0o755)
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.setenv("SOLC", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(script.parent))
    assert toolchain.native_solc() is None
    assert not called.exists()
