"""A folder with the walks that campaigns have played and their reach, so that none is played twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from crossvault.differential.ending import BadInput, InputProblem, reason
from crossvault.evm.artifacts import Build
from crossvault.fuzz.reach import ReachCounts
from crossvault.fuzz.task import WalkResult, WalkTask
from crossvault.judge.judge import USUAL, JudgePlan
from crossvault.setup import toolchain

_WALKS = "walks.jsonl"
_COMPARED = (
    "mirror/*.py",
    "differential/model.py",
    "judge/*.py",
    "walks/*.py",
    "fuzz/*.py",
    "scenarios/*.yaml",
)


class BadCorpus(BadInput):
    """A folder that holds no corpus: file, line, and what is wrong."""


class Corpus:
    """Walks by what was compared: contracts, mirror and the search itself; without a folder, of this campaign only."""

    def __init__(self, folder: Path | None, build: Build, judge: JudgePlan = USUAL) -> None:
        """Reads what the folder holds; makes it if there is none. Raises BadCorpus, OSError.

        judge: of the walks; with another one a walk is played again.
        """
        self.folder, self.known_as = folder, stamp(build, judge)
        self.reach, self.walks = ReachCounts(), 0
        self._done: set[WalkTask] = set()
        self._failed: dict[WalkTask, None] = {}
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as wrong:
                raise BadCorpus(f"--corpus: {folder} cannot be made: {wrong.strerror}") from wrong
            self._read(folder / _WALKS)

    def __contains__(self, task: WalkTask) -> bool:
        return task in self._done

    def failed(self) -> list[WalkTask]:
        """Walks that failed with other contracts, or another mirror: the first to be played again."""
        return [task for task in self._failed if task not in self._done]

    def note(self, walked: WalkResult) -> None:
        """Remembers a walk that was played to its end, or to its failure."""
        self._done.add(walked.task)
        if self.folder is None:
            return
        body = {
            "compared": self.known_as, "kind": walked.task.kind, "seed": walked.task.seed,
            "length": walked.task.length, "failure": walked.failure and walked.failure.text,
            "reach": walked.reach.document(),
        }  # fmt: skip
        with (self.folder / _WALKS).open("a", encoding="utf8") as out:
            out.write(json.dumps(body, separators=(",", ":")) + "\n")

    def _read(self, path: Path) -> None:
        for task, compared, failure, reach in _lines(path):
            if failure:
                self._failed[task] = None
            if compared == self.known_as and not failure:  # what failed is tried again: it may have been mended around
                self._done.add(task)
                self.walks += 1
                self.reach.add(reach)


def stamp(build: Build, judge: JudgePlan = USUAL) -> str:
    """A hash over the contracts and everything that they are compared with."""
    found = sha256(f"{build.hash} {judge.how}".encode())
    for rule in judge.own:
        found.update(rule.code.digest().encode())
    for pattern in _COMPARED:
        for path in sorted(toolchain.PACKAGE.glob(pattern)):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _lines(path: Path) -> Iterator[tuple[WalkTask, str, str | None, ReachCounts]]:
    if not path.exists():
        return
    try:
        texts = path.read_text(encoding="utf8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadCorpus(InputProblem(f"cannot be read: {reason(wrong)}", str(path))) from wrong
    for number, text in enumerate(texts, start=1):
        if number == len(texts) and not text.endswith("\n"):
            return  # a campaign ended in the middle of this line
        try:
            body = json.loads(text)
            task = WalkTask(body["kind"], body["seed"], body["length"])
            yield task, body["compared"], body["failure"], ReachCounts.of(body["reach"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
            raise BadCorpus(InputProblem(f"no line of a corpus: {wrong!r}", str(path), number)) from wrong
