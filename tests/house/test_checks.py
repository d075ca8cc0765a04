"""Every check of the project can fail a test: without it, the test that tests/checks.yaml names is red."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import yaml

import housemap
import houserules
import profiles
from code_planting import planted_code
from idle_check import CHECK
from places import ROOT, TESTS

CHECKS: list[dict[str, str]] = yaml.safe_load((TESTS / "checks.yaml").read_text(encoding="utf8"))
_RED, _GREEN = 1, 0


def rules_of(module: Any) -> set[str]:
    """The functions of a module that list offenders, as checks are called."""
    listing = [
        name
        for name, each in vars(module).items()
        if callable(each) and getattr(each, "__annotations__", {}).get("return") == "list[str]"
    ]
    return {name.replace("_", " ") for name in listing if not name.startswith("_")}


def test_every_rule_of_the_house_is_among_the_checks() -> None:
    listed = {each["check"] for each in CHECKS}
    assert len(listed) == len(CHECKS)
    assert (rules_of(houserules) | rules_of(housemap)) - {"imports"} <= listed


def test_every_check_can_be_made_idle_and_its_test_exists() -> None:
    for each in CHECKS:
        with planted_code(each["module"], each["was"], each["becomes"]):
            pass
        assert (ROOT / each["test"].partition("::")[0]).is_file(), each["test"]


@pytest.mark.campaign
@pytest.mark.parametrize("name", [each["check"] for each in CHECKS])
def test_without_a_check_its_test_is_red(name: str) -> None:
    [check] = [each for each in CHECKS if each["check"] == name]
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-m",
        "not campaign",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        "-p",
        "idle_check",
    ]
    env = {**os.environ, CHECK: name, "PYTHONPATH": str(TESTS / "support"), profiles.PROFILE: "fast"}
    done = subprocess.run([*words, check["test"]], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == _RED, f"{name}: exit code {done.returncode} without it\n{done.stdout[-2000:]}"
