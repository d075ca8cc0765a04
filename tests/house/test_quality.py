"""The linter and the type checker have nothing to say."""

import subprocess
import sys

import pytest

from places import ROOT

FOLDERS = [name for name in ("sim", "scripts", "tests") if (ROOT / name).is_dir()]


def complaints(*command: str) -> str:
    """What a tool of the venv prints when it fails; nothing if it is content."""
    words = [sys.executable, "-m", *command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_is_content() -> None:
    assert complaints("ruff", "check", "--output-format", "concise", ".", "crossvault") == ""


@pytest.mark.slow
def test_mypy_is_content() -> None:
    assert complaints("mypy", *FOLDERS) == ""
