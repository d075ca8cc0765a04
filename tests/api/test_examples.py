"""The examples of the docs run as they are, and so does the notebook; from an installed wheel, too."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
from contextlib import chdir
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from places import ROOT

EXAMPLES = ROOT / "docs" / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py") if not path.name.startswith("test_"))
NOTEBOOK = "tour.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples outside the clone."""
    return Path(shutil.copytree(EXAMPLES, tmp_path_factory.mktemp("outside") / "examples"))


def executed(folder: Path) -> None:
    """Runs every cell of the notebook. Raises CellExecutionError."""
    import nbformat
    from nbclient import NotebookClient

    read: Any = nbformat.read(folder / NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]  # untyped library
    NotebookClient(read, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    shown = [output for cell in read.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2
    assert "first-liquidation" in str(shown[0]["data"]["text/html"])


def test_the_notebook_has_no_outputs_and_every_example_is_on_the_page() -> None:
    import json

    cells = json.loads((EXAMPLES / NOTEBOOK).read_text(encoding="utf8"))["cells"]
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf8")
    names = [path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")]
    assert [name for name in names if f"(examples/{name})" not in page] == []


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_runs(folder: Path, script: str) -> None:
    with chdir(folder):
        runpy.run_path(script, run_name="__main__")


@pytest.mark.slow
def test_the_notebook_runs(folder: Path) -> None:
    executed(folder)


@pytest.mark.campaign
def test_all_examples_run_from_an_installed_wheel_outside_the_clone(folder: Path, tmp_path: Path) -> None:
    """The wheel is installed into a new environment, which has the libraries of the clone's and not its package."""
    run = partial(subprocess.run, check=True, env={**os.environ, "CROSSVAULT_HOME": str(ROOT / ".toolchain")})
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=ROOT)
    run([sys.executable, "-m", "venv", str(tmp_path / "venv")])
    python, [wheel] = str(tmp_path / "venv" / "bin" / "python"), tmp_path.glob("*.whl")
    run([python, "-m", "pip", "install", "--no-deps", "--no-index", str(wheel)])
    [site] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    code = f"import crossvault; assert crossvault.__file__.startswith({str(site)!r}), crossvault.__file__"
    run([python, "-c", code], cwd=folder)
    for script in SCRIPTS:
        run([python, script], cwd=folder)
    run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:ape_test", "test_my_contracts.py"],
        cwd=folder,
    )
    support = [str(ROOT / "tests" / name) for name in ("support", "api")]
    code = f"import sys; sys.path[:0] = {support!r}; import pathlib, test_examples\n"
    run([python, "-c", f"{code}test_examples.executed(pathlib.Path({str(folder)!r}))"], cwd=folder)
