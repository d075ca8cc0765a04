"""`crossvault init`: what it writes passes, as its CI file runs it; what exists is not touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cli import start
from crossvault.commands.init import FILES
from crossvault.deployment import params
from crossvault.portfolio import portfolio_file
from crossvault.scenario import load
from places import ROOT


def test_it_writes_files_that_can_be_read(tmp_path: Path) -> None:
    done = start("init", str(tmp_path / "new" / "er"))
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "new" / "er"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == set(FILES)
    assert load(str(folder / "story.scenario.yaml")).name == "story"
    assert portfolio_file.load(str(folder / "book.portfolio.yaml")).name == "book"
    assert params.load(folder / "deploy.params.yaml").params.name == "vault"
    for name in FILES:
        assert (folder / name).read_text(encoding="utf8").lstrip().startswith(("#", '"""')), name
        assert name in done.stdout


def test_it_writes_nothing_where_a_file_exists(tmp_path: Path) -> None:
    (tmp_path / "test_files.py").write_text("mine")
    done = start("init", folder=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "DIR: . has test_files.py already: nothing was written" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["test_files.py"]
    assert (tmp_path / "test_files.py").read_text() == "mine"
    on_file = start("init", "test_files.py", folder=tmp_path)
    assert on_file.returncode == 2 and "test_files.py is a file" in on_file.stderr


@pytest.mark.slow
def test_the_steps_of_its_ci_file_pass(tmp_path: Path) -> None:
    assert start("init", folder=tmp_path).returncode == 0
    workflow = yaml.safe_load((tmp_path / ".github" / "workflows" / "crossvault.yml").read_text(encoding="utf8"))
    lines = [step["run"] for step in workflow["jobs"]["stories"]["steps"] if "run" in step]
    assert [line.split()[0] for line in lines] == ["python", "crossvault", "crossvault", "crossvault", "python"]
    assert "pip install" in lines[0]  # what it installs is here: the tests need no network
    path = os.pathsep.join([str(ROOT), str(Path(sys.executable).parent), os.environ["PATH"]])
    env, outputs = {**os.environ, "PATH": path}, []
    for line in lines[1:]:
        done = subprocess.run(
            line,
            shell=True,
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        outputs.append(done.stdout)
    assert "1 of 1 stories agree" in outputs[1] and "3 passed" in outputs[3]
