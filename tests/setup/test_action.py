"""The GitHub action: its shell steps, run as a runner runs them."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from places import ROOT

ACTION = ROOT / ".github/actions/crossvault"
STORY = ROOT / "sim/crossvault/scenarios/quickstart.scenario.yaml"


def steps() -> list[dict[str, Any]]:
    """The shell steps of the action."""
    read = yaml.safe_load((ACTION / "action.yml").read_text())
    return [step for step in read["runs"]["steps"] if "run" in step]


def run(step: dict[str, Any], workspace: Path, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a step in the workspace, with the inputs given or else their defaults."""
    inputs = yaml.safe_load((ACTION / "action.yml").read_text())["inputs"]
    values = {name: given.get(name, each["default"]) for name, each in inputs.items()}
    environment = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) }}", lambda found: values[found[1]], text)
        for name, text in step.get("env", {}).items()
    }
    places = {"GITHUB_ACTION_PATH": str(ACTION), "GITHUB_WORKSPACE": str(workspace)}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=workspace, env={**os.environ, **places, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def results(report: Path) -> tuple[int, int]:
    """Tests and failures of a JUnit report."""
    [suite] = ElementTree.parse(report).getroot().iter("testsuite")
    return int(suite.attrib["tests"]), int(suite.attrib["failures"])


@pytest.mark.slow
def test_the_steps_play_the_stories_of_a_workspace(tmp_path: Path) -> None:
    tools, stories = steps()
    assert run(tools, tmp_path, {}).returncode == 0
    (tmp_path / "my stories").mkdir()
    shutil.copy(STORY, tmp_path / "my stories/mine.scenario.yaml")
    done = run(stories, tmp_path, {"report": "result.xml"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert results(tmp_path / "result.xml") == (1, 0)


@pytest.mark.campaign
def test_a_story_that_goes_otherwise_fails_the_step(tmp_path: Path) -> None:
    text = STORY.read_text()
    assert "expect:" in text
    broken = re.sub(r"(equity of \w+: )\S+", r"\g<1>1", text, count=1)
    (tmp_path / "mine.scenario.yaml").write_text(broken)
    done = run(steps()[1], tmp_path, {"stories": "mine.scenario.yaml"})
    assert broken != text and done.returncode == 1, done.stdout + done.stderr
    assert results(tmp_path / "crossvault-junit.xml") == (1, 1)
