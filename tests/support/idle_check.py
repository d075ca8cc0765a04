"""A plugin of pytest: plays tests with one check of tests/checks.yaml that does nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import yaml

from code_planting import planted_code
from places import TESTS

CHECK = "CROSSVAULT_IDLE_CHECK"


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Iterator[None]:
    """Plays the tests while the check that the environment names does nothing."""
    checks = yaml.safe_load((TESTS / "checks.yaml").read_text(encoding="utf8"))
    [idle] = [each for each in checks if each["check"] == os.environ[CHECK]]
    with planted_code(idle["module"], idle["was"], idle["becomes"]):
        return (yield)
