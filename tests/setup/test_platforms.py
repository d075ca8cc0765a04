"""Every platform has its Anvil in the lock, and the package of that name holds a program for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crossvault.setup import toolchain
from places import ROOT

# what `npm` calls the platform, what Python calls it, and how a program for it begins
PLATFORMS = {
    "anvil-linux-amd64": (("linux", "x64"), ("linux", "x86_64"), "bin/anvil", b"\x7fELF", (18, b"\x3e\x00")),
    "anvil-linux-arm64": (("linux", "arm64"), ("linux", "aarch64"), "bin/anvil", b"\x7fELF", (18, b"\xb7\x00")),
    "anvil-darwin-amd64": (
        ("darwin", "x64"), ("darwin", "x86_64"), "bin/anvil", b"\xcf\xfa\xed\xfe", (4, b"\x07\0\0\x01"),
    ),
    "anvil-darwin-arm64": (
        ("darwin", "arm64"), ("darwin", "arm64"), "bin/anvil", b"\xcf\xfa\xed\xfe", (4, b"\x0c\0\0\x01"),
    ),
    "anvil-win32-amd64": (("win32", "x64"), ("win32", "AMD64"), "bin/anvil.exe", b"MZ", (0, b"MZ")),
}  # fmt: skip
LOCK = json.loads((ROOT / "contracts" / "package-lock.json").read_text(encoding="utf8"))["packages"]


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_lock_has_an_anvil_for_every_platform(name: str) -> None:
    (system, processor), python, program, _, _ = PLATFORMS[name]
    locked = LOCK[f"node_modules/@foundry-rs/{name}"]
    assert locked["os"] == [system] and locked["cpu"] == [processor] and locked["optional"]
    assert locked["version"] == "1.7.1" and locked["bin"] == {"anvil": program}
    assert locked["integrity"].startswith("sha512-")
    expected = None if system == "win32" else f"@foundry-rs/{name}"  # on Windows it runs inside WSL
    assert toolchain.anvil_package(*python) == expected


def test_no_other_anvil_is_locked_and_only_one_is_installed() -> None:
    locked = {name.rpartition("/")[2] for name in LOCK if "@foundry-rs/" in name}
    assert locked == set(PLATFORMS)
    installed = [path.name for path in (toolchain.node_modules() / "@foundry-rs").iterdir()]
    assert [f"@foundry-rs/{name}" for name in installed] == [toolchain.anvil_package(sys.platform, os.uname().machine)]


def test_an_unknown_platform_has_none() -> None:
    assert toolchain.anvil_package("linux", "riscv64") is None and toolchain.anvil_package("freebsd14", "amd64") is None


@pytest.mark.campaign
@pytest.mark.parametrize("name", PLATFORMS)
def test_a_package_holds_a_program_for_its_platform(name: str, tmp_path: Path) -> None:
    """npm compares what it fetches with the hash in the lock; needs a network."""
    (system, processor), _, program, magic, (place, machine) = PLATFORMS[name]
    npm = toolchain.node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for each in toolchain.NPM_FILES:
        (tmp_path / each).write_bytes((ROOT / "contracts" / each).read_bytes())
    roots = "/etc/ssl/certs/ca-certificates.crt"
    env = {**os.environ, **({"NODE_EXTRA_CA_CERTS": roots} if os.path.exists(roots) else {})}
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", f"--os={system}", f"--cpu={processor}"]
    done = subprocess.run([toolchain.node(), npm, *words], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    content = (tmp_path / "node_modules" / "@foundry-rs" / name / program).read_bytes()
    assert content.startswith(magic) and content[place : place + len(machine)] == machine
