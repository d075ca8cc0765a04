"""`--watch`: which changes count, what a half-saved file does, and the exit code after Ctrl-C."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import pytest

from crossvault.commands.exits import UsageError
from crossvault.commands.parser import parse
from crossvault.commands.watch import ChangeHandler, Changes, is_source, watched
from crossvault.setup import toolchain

EVENTS: Any = import_module("watchdog.events")
STORY = (toolchain.PACKAGE / "scenarios" / "quickstart.scenario.yaml").read_text(encoding="utf8")


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("Vault.sol", True), ("deep/er/x.scenario.yaml", True), ("margin.py", True), ("bars.csv", True),
        (".cache/Vault.sol", False), ("__pycache__/margin.py", False), ("node_modules/a/B.sol", False),
        (".Vault.sol.swp", False), ("Vault.sol~", False), ("4913", False), ("run.jsonl", False),
    ],
)  # fmt: skip
def test_sources_count_and_what_editors_and_caches_write_does_not(path: str, counts: bool) -> None:
    folder = Path("/a/.hidden/contracts")  # what is above the folder does not matter
    assert is_source(folder / path, folder) is counts


def test_a_file_that_is_only_read_has_not_changed() -> None:
    changes: Changes = queue.SimpleQueue()
    handler = ChangeHandler(Path("/c"), changes)
    for event in (
        EVENTS.FileOpenedEvent("/c/A.sol"),
        EVENTS.DirModifiedEvent("/c/d.sol"),
        EVENTS.FileModifiedEvent("/c/a.txt"),
    ):
        handler.on_any_event(event)
    assert changes.empty()
    handler.on_any_event(EVENTS.FileMovedEvent("/c/.A.sol.new", "/c/A.sol"))  # as editors save
    assert changes.get_nowait() == "/c/A.sol" and changes.empty()


def test_the_files_of_a_command_line_are_watched_and_those_that_ship(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    arguments = parse(["run", str(tmp_path), "quickstart", "--against", str(tmp_path / "new"), "--watch"])
    assert set(watched(arguments)) == {toolchain.contracts_dir(), toolchain.PACKAGE, tmp_path, tmp_path / "new"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run quickstart --watch --json", "--json: has no effect with --watch"),
        ("fuzz --watch --json", "--json: has no effect with --watch"),
        ("run quickstart --network a:b:c --watch", "--watch: has no effect with --network"),
    ],
)
def test_what_has_no_effect_is_refused(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(line.split())


class Watching:
    """A command that watches, with the lines of its standard error so far."""

    def __init__(self, folder: Path, *words: str) -> None:
        command = [sys.executable, "-P", "-m", "crossvault", *words, "--watch"]
        self._err = folder / "err.txt"
        self._out: IO[str] = self._err.open("w", encoding="utf8")
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=self._out, text=True)

    def text(self) -> str:
        return self._err.read_text(encoding="utf8")

    def until(self, is_there: Callable[[str], bool]) -> None:
        """Waits until something was printed."""
        deadline = time.monotonic() + 60
        while not is_there(self.text()):
            assert self.process.poll() is None and time.monotonic() < deadline, self.text()
            time.sleep(0.05)

    def interrupted(self) -> int:
        """The exit code after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(4)
        finally:
            self.process.kill()
            self._out.close()


@pytest.mark.slow
def test_a_half_saved_file_is_an_error_of_one_run_and_ctrl_c_keeps_the_last_verdict(tmp_path: Path) -> None:
    story = tmp_path / "s.scenario.yaml"
    story.write_text(STORY[: STORY.index("world:") + 4], encoding="utf8")
    watching = Watching(tmp_path, "run", story.name, "--no-record")
    try:
        watching.until(lambda text: "ended with exit code 2; waiting for a change" in text)
        assert "s.scenario.yaml:" in watching.text()
        story.write_text(STORY, encoding="utf8")
        watching.until(lambda text: "ended with exit code 0; waiting for a change" in text)
        assert "changed: s.scenario.yaml" in watching.text()
    finally:
        code = watching.interrupted()
    assert code == 0


@pytest.mark.slow
def test_ctrl_c_during_a_run_is_an_interruption_and_ends_it(tmp_path: Path) -> None:
    watching = Watching(tmp_path, "fuzz", "--time", "60s", "-j", "1", "--corpus", "corpus")
    try:
        watching.until(lambda text: "from seed 1" in text)
    finally:
        code = watching.interrupted()
    assert code == 4
