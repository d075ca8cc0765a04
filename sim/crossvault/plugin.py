"""A pytest plugin: every `*.scenario.yaml` and `*.repro.yaml` is a test that plays it on both sides.

`--crossvault-contracts DIR` drives the contracts of that directory. Nothing of crossvault is imported before such a
file is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crossvault.differential.story import Story
    from crossvault.lockstep.run import RunResult

_SUFFIXES = (".scenario.yaml", ".repro.yaml")
_OPTION = "--crossvault-contracts"


class StoryFailed(Exception):
    """A story that did not go as it must: its text is shown in place of a traceback."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that names contracts."""
    group = parser.getgroup("crossvault")
    group.addoption(_OPTION, metavar="DIR", help="drive the contracts of this directory in scenarios and repros")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Scenarios and repros are collected, each as one test."""
    return StoryFile.from_parent(parent, path=file_path) if file_path.name.endswith(_SUFFIXES) else None


class StoryFile(pytest.File):
    """A file that holds a story."""

    def collect(self) -> Iterator[StoryItem]:
        """The one test of the file, named as the file is."""
        yield StoryItem.from_parent(self, name=self.path.name.partition(".")[0])


class StoryItem(pytest.Item):
    """A story, played on both sides with every step compared and all invariants."""

    fixturenames = ("_function_isolation",)  # the plugin of ape takes the item for one that it has isolated already

    def runtest(self) -> None:
        """Plays it. Raises StoryFailed, and ScenarioError for a file that is wrong."""
        from crossvault.scenario import load

        story = load(str(self._relative_path()))
        for text in story.warnings:
            self.warn(pytest.PytestWarning(text))
        failure = self._played(story).failure
        if failure is not None:
            raise StoryFailed(str(failure))
        if story.finding:
            self.add_report_section("call", "crossvault", f"now passes: {story.finding}")

    def _played(self, story: Story) -> RunResult:
        from crossvault.differential.model import Model
        from crossvault.evm.chain import Chain
        from crossvault.judge.judge import Judge
        from crossvault.judge.own_invariants import OwnInvariants
        from crossvault.lockstep.run import run

        given = self.config.getoption(_OPTION)
        chain = Chain(story.world, self._folder(given) if given else None)
        try:
            judge = Judge(OwnInvariants(story.invariants), persons=story.persons)
            return run(story, Model(story.world), chain, guard=judge)
        finally:
            chain.close()

    def _folder(self, given: str) -> Path:
        folder = self.config.invocation_params.dir / given
        if not folder.is_dir():
            raise pytest.UsageError(f"{_OPTION}: there is no directory {given}")
        return folder

    def _relative_path(self) -> Path:
        """The file as seen from where pytest was started."""
        here = self.config.invocation_params.dir
        return self.path.relative_to(here) if self.path.is_relative_to(here) else self.path

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Reports the fault of file or contracts without a traceback; a defect of crossvault keeps its own."""
        from crossvault.differential.ending import exit_code

        if isinstance(excinfo.value, StoryFailed) or exit_code(excinfo.value) is not None:
            return f"{self._relative_path()}: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Location of the test, for listings."""
        return self.path, 0, f"story: {self.name}"
