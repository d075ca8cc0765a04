"""The laws of the mirror and the published vectors as units that a process runs one by one: the tests of a clone.

They are collected once, by pytest, in whose session the caller works.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossvault.differential.ending import BadEnvironment
from crossvault.mutation.forks import Send, run_forks
from crossvault.mutation.played_stories import CalledFunctions, Functions
from crossvault.setup import toolchain

if TYPE_CHECKING:
    import pytest

VECTORS = "test_vectors.py"
FOLDERS = ("tests/mirror", "tests/support")

_OPTIONS = ("-q", "-s", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:faulthandler")
_PROFILE = "mutants"


@dataclass
class MirrorLaw:
    """A law or a published case: the functions of the mirror that it calls, whether it holds, and its seconds.

    item: the test of pytest.
    """

    name: str
    item: Any
    functions: Functions = frozenset()
    holds: bool = False
    is_skipped: bool = False
    seconds: float = 0.0

    @property
    def is_vector(self) -> bool:
        """Whether it is a published case."""
        return VECTORS in self.name

    def failure(self) -> str | None:
        """Runs it; returns how it fails, or None."""
        from _pytest.runner import runtestprotocol

        for report in runtestprotocol(self.item, log=False):
            if report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                return f"{self.name}: {crash.message.splitlines()[0] if crash else report.when}"
            self.is_skipped = self.is_skipped or report.skipped
        return None


class LawsNotCollected(BadEnvironment):
    """The tests of the mirror cannot be collected."""


def with_laws(root: Path, jobs: int, work: Callable[[Sequence[MirrorLaw]], None]) -> None:
    """Collects and tries the laws of a clone, and calls a function with them. Raises what it raises."""
    import pytest

    raised: list[BaseException] = []

    class LawSession:
        @pytest.hookimpl(trylast=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            _without_shrinking()

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            try:
                laws = [MirrorLaw(each.nodeid, each) for each in session.items]
                with redirect_stdout(shown[0]), redirect_stderr(shown[1]):
                    _try(laws, root, jobs)
                    work(laws)
            except BaseException as wrong:
                raised.append(wrong)
            return True

    output, shown = io.StringIO(), (sys.stdout, sys.stderr)
    words = [*_OPTIONS, "--rootdir", str(root), "-c", str(root / "pyproject.toml"), str(root / FOLDERS[0])]
    with redirect_stdout(output), redirect_stderr(output):
        code = pytest.main(words, plugins=[LawSession()])
    if raised:
        raise raised[0]
    if code not in (0, 5):
        raise LawsNotCollected(output.getvalue().strip())


def attack_stories() -> Path | None:
    """The folder of stories that attack the vault, where the tests find one; called in a session."""
    folder = Path(importlib.import_module("places").CASES, "attacks")
    return folder if folder.is_dir() else None


def _without_shrinking() -> None:
    """Lets Hypothesis report the first counterexample: a mutant that fails is not explained."""
    from hypothesis import Phase, settings

    settings.register_profile(_PROFILE, settings(), phases=(Phase.explicit, Phase.generate))
    settings.load_profile(_PROFILE)


def _try(laws: Sequence[MirrorLaw], root: Path, jobs: int) -> None:
    """Runs every law on the unchanged mirror, in several processes, and notes what it calls; or recalls that.

    What is stored is valid for one state of the mirror, of the support of the tests, and of the law's own file.
    """
    store = toolchain.state_dir() / "mutants" / f"laws-{_digest(root)}.json"
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        known = json.loads(store.read_text(encoding="utf8"))
    texts = {law.name: _digest_of(law.item.path) for law in laws}
    left = [law for law in laws if known.get(law.name, {}).get("file") != texts[law.name]]
    parts = [left[start::jobs] for start in range(jobs)]
    works = [(str(number), partial(_tried, part)) for number, part in enumerate(parts) if part]
    for result in run_forks(works, jobs):
        known |= {found["name"]: found | {"file": texts[found["name"]]} for found in result.sent}
    for law in laws:
        if found := known.get(law.name):
            law.holds, law.is_skipped, law.seconds = found["holds"], found["is_skipped"], found["seconds"]
            law.functions = frozenset((str(root / file), line) for file, line in found["functions"])
    if left:
        store.parent.mkdir(parents=True, exist_ok=True)
        new = store.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(known), encoding="utf8")
        new.replace(store)


def _tried(part: Sequence[MirrorLaw], send: Send) -> None:
    for law in part:
        started = time.process_time()
        with CalledFunctions() as called:
            wrong = law.failure()
        root = toolchain.PACKAGE.parent.parent
        functions = sorted((Path(file).relative_to(root).as_posix(), line) for file, line in called.functions)
        found = {"name": law.name, "holds": wrong is None, "is_skipped": law.is_skipped, "functions": functions}
        send(found | {"seconds": round(time.process_time() - started, 3)})


def _digest(root: Path) -> str:
    """Identity of the mirror and of the support of its laws."""
    made = blake2b(digest_size=12)
    for folder in ("sim/crossvault/mirror", FOLDERS[1]):
        for path in sorted((root / folder).glob("*.py")):
            made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()


def _digest_of(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=12).hexdigest()
