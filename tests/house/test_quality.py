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
