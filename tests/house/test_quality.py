"""The linter and the type checker report nothing, and what is wrong they report."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import door_snippet
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
def test_mypy_reports_nothing_but_the_misspelt_doors_and_arguments_of_a_snippet(tmp_path: Path) -> None:
    """Right lines pass, and each of the others is an error; one start of the checker reads everything."""
    snippet = tmp_path / "snippet.py"
    snippet.write_text(door_snippet.text(), encoding="utf8")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", *FOLDERS, str(snippet)]
    env = os.environ | {"MYPYPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    errors = [line for line in (done.stdout + done.stderr).splitlines() if ": note: " not in line]
    places = [line.split(":") for line in errors if "snippet.py:" in line]
    assert {int(line[1]): line[-1].rsplit("[", 1)[-1].rstrip("]") for line in places} == door_snippet.errors()
    assert [line for line in errors if "snippet.py:" not in line] == []


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
