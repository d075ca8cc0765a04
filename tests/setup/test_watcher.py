"""No child outlives the process that started it, and no proxy stands between the two."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from crossvault.evm.anvil import Node
from crossvault.rpc.client import RpcClient
from crossvault.setup.environment import direct_to_loopback
from places import ROOT

ENDINGS = [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL]
SLOW_ENDINGS = [pytest.param(each, marks=pytest.mark.slow) for each in ENDINGS[:2]]
OPEN_NODE = """
import pathlib, time
from crossvault.evm.anvil import Node
def test_open():
    node = Node(1_700_000_000)
    pids = " ".join(str(process.pid) for process in node._processes)
    pathlib.Path({pids!r}).write_text(pids + ".")
    time.sleep(60)
"""


def is_running(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


def left_after(number: signal.Signals, command: list[str], pids: Path) -> list[int]:
    """The children, named in a file, that run two seconds after a signal to their parent."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        children = announced(pids)
        assert all(is_running(pid) for pid in children)
        process.send_signal(number)
        process.wait(10)
        deadline = time.monotonic() + 2
        while any(is_running(pid) for pid in children) and time.monotonic() < deadline:
            time.sleep(0.02)
        left = [pid for pid in children if is_running(pid)]
    finally:
        process.kill()
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left


def announced(pids: Path) -> list[int]:
    """The process ids in a file, once it is whole."""
    deadline = time.monotonic() + 30
    while not (pids.is_file() and pids.read_text(encoding="utf8").endswith(".")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return [int(word) for word in pids.read_text(encoding="utf8").rstrip(".").split()]


@pytest.mark.slow
@pytest.mark.parametrize("number", [*SLOW_ENDINGS, signal.SIGKILL])
def test_a_node_ends_with_the_process_that_started_it(number: signal.Signals, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = OPEN_NODE.format(pids=str(pids)) + "test_open()"
    assert left_after(number, [sys.executable, "-c", code], pids) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", ENDINGS)
def test_the_nodes_of_the_tests_end_with_them(number: signal.Signals, tmp_path: Path) -> None:
    pids, module = tmp_path / "pids", tmp_path / "test_node.py"
    module.write_text(OPEN_NODE.format(pids=str(pids)), encoding="utf8")
    words = ["-c", str(ROOT / "pyproject.toml"), str(module), str(ROOT / "tests" / "house" / "test_quality.py")]
    command = [sys.executable, "-m", "crossvault", "test", *words, "-k", "test_open", "-n", "1"]
    assert left_after(number, command, pids) == []


def test_a_node_forks_off_its_twin_whatever_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    node = Node(1_700_000_000)
    try:
        assert RpcClient(node.url, tries=1).rpc("eth_getBalance", "0x" + "11" * 20, "latest") == "0x0"
    finally:
        node.close()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "example.org"}, "example.org,localhost,127.0.0.1,::1"),
        ({"no_proxy": "127.0.0.1, a", "NO_PROXY": "b"}, "127.0.0.1,a,localhost,::1"),
    ],
)
def test_loopback_joins_what_the_user_keeps_from_the_proxy(given: dict[str, str], kept: str) -> None:
    assert direct_to_loopback(given) == {"no_proxy": kept, "NO_PROXY": kept}


def test_no_proxy_at_all_stays_so() -> None:
    assert direct_to_loopback({"no_proxy": "*"}) == {"no_proxy": "*"}
