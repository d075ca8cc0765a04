"""Notices: what is printed while a command works, on a terminal and elsewhere, and by -q and -v."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import start
from crossvault.evm import artifacts, compiler
from crossvault.setup import install, notices
from crossvault.setup.notices import Verbosity

WORK = """
import time
from crossvault.setup.notices import Verbosity, choose, timed
choose(Verbosity[{verbosity!r}])
with timed("compiling 3 files", "compiled 3 files"):
    time.sleep(0.3)
print("result")
"""


@pytest.fixture(autouse=True)
def normal() -> Iterator[None]:
    """Every test begins and ends with the usual verbosity."""
    yield
    notices.choose(Verbosity.NORMAL)


def on_terminal(program: str) -> tuple[str, str]:
    """The output of a program, and what it prints on a terminal that is its stderr."""
    ours, theirs = pty.openpty()
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=theirs, text=True, check=True)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65_536):
            shown += part
    except OSError:  # the end of a terminal that no process has open
        pass
    os.close(ours)
    return done.stdout, shown.decode()


def test_a_terminal_shows_what_is_done_while_it_is_done_and_what_it_took() -> None:
    out, shown = on_terminal(WORK.format(verbosity="NORMAL"))
    assert out == "result\n"
    assert "compiling 3 files" in shown and "\x1b[" in shown
    assert re.search(r"crossvault: compiled 3 files in 0\.[3-9] s\r?\n", shown)


def test_a_quiet_command_leaves_the_terminal_alone() -> None:
    assert on_terminal(WORK.format(verbosity="QUIET")) == ("result\n", "")


def test_elsewhere_it_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with notices.timed("compiling", "compiled"):
        pass
    assert capsys.readouterr() == ("", "crossvault: compiled in 0.0 s\n")


def test_what_fails_has_not_been_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="odd"), notices.timed("compiling", "compiled"):
        raise ValueError("odd")
    assert capsys.readouterr().err == ""


def test_a_compilation_is_announced_with_its_time_and_a_stored_one_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(artifacts, "cache_path", lambda name: tmp_path / f"{name}.json")
    units = {"Empty.sol": "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.20;\ncontract Empty {}\n"}
    compiler.compile_units(units)
    assert re.fullmatch(r"crossvault: compiled 1 Solidity file in \d+\.\d s\n", capsys.readouterr().err)
    compiler.compile_units(units)
    assert capsys.readouterr().err == ""


def test_what_another_process_does_is_waited_for_with_its_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(artifacts, "cache_path", lambda name: tmp_path / name)
    monkeypatch.setattr(install, "state_dir", lambda: tmp_path)
    line = re.compile(r"crossvault: another process (compiled|installed) [a-z ]+ in \d+\.\d s\n")
    for name, taken in (("build", artifacts.exclusive("build")), ("setup", install._locked("setup"))):
        held = (tmp_path / f"{name}.lock").open("w")
        fcntl.flock(held, fcntl.LOCK_EX)
        threading.Timer(0.25, held.close).start()
        with taken:
            assert held.closed
        assert line.fullmatch(capsys.readouterr().err)


@pytest.mark.slow
def test_every_command_takes_q_and_v_before_and_after_its_name() -> None:
    plain = start("scenarios", "--json")
    for words in (["-q", "scenarios"], ["scenarios", "-q"], ["scenarios", "--quiet"], ["-v", "scenarios"]):
        assert start(*words, "--json").stdout == plain.stdout, words
    assert plain.stderr == "" and start("scenarios", "-q", "--json").stderr == ""
    assert start("scenarios", "-v", "--json").stderr.startswith("crossvault ")
    assert start("scenarios", "-q", "-v").returncode == 2


def test_every_command_declares_them() -> None:
    listed = start("no-such-command").stderr.partition("expected one of ")[2].strip()
    commands = [name for name in listed.split(", ") if name != "test"]  # pytest's arguments are its own
    assert len(commands) > 15
    for name in commands:
        assert {"--quiet", "--verbose"} <= set(re.findall(r"--\w+", start(name, "--help").stdout)), name


def test_the_doctor_prints_json() -> None:
    done = start("doctor", "--json")
    found = json.loads(done.stdout)
    assert found["ok"] == (done.returncode == 0)
    assert {"python", "solc", "anvil"} <= {each["what"] for each in found["findings"]}
    assert all(("mend" in each) == (not each["ok"]) for each in found["findings"])
