"""The linter and the type checker report nothing."""

import subprocess
import sys

import pytest

from places import ROOT

FOLDERS = [name for name in ("sim", "scripts", "tests") if (ROOT / name).is_dir()]


def complaints(*command: str) -> str:
    """The output of a tool of the venv; empty if it succeeds."""
    words = [sys.executable, "-m", *command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_reports_nothing() -> None:
    assert complaints("ruff", "check", "--output-format", "concise", ".", "crossvault") == ""


@pytest.mark.slow
def test_mypy_reports_nothing() -> None:
    assert complaints("mypy", *FOLDERS) == ""


def test_the_check_of_every_change_runs_the_test_command_of_the_readme_and_the_smoke_run() -> None:
    run, smoke = ((ROOT / ".ci" / name).read_text(encoding="utf8") for name in ("run", "smoke"))
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    assert "    $ ./crossvault test\n" in readme
    assert [line for line in run.splitlines() if line.startswith(("./", "exec"))] == [
        "./crossvault test",
        "exec bash .ci/smoke",
    ]
    for version in ("3.11", "3.12", "3.13", "3.14"):
        assert version in smoke
    for command in ("setup", "doctor", "run quickstart", "fuzz --steps"):
        assert f'"$python" ./crossvault {command}' in smoke
    for name in ("run", "smoke"):
        assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / name)], check=False).returncode == 0
