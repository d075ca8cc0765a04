"""Mutation campaign: selects mutants, judges them, and computes the score.

Verdicts are stored by contracts, mutant and recording: an interrupted campaign resumes, and new recordings are played
to the survivors alone.
"""

from __future__ import annotations

import json
import multiprocessing
import pickle
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts, contract_sources, syntax_trees
from crossvault.mutation.batches import MutantBuild, MutantCompiler
from crossvault.mutation.mutant_run import KillProof, kill_by
from crossvault.mutation.mutants import Mutant, mutants
from crossvault.mutation.recordings import Recording
from crossvault.mutation.schemata import TRAP
from crossvault.setup import toolchain
from crossvault.setup.worker import begin_worker

FORMAT = 2
KILLED, SURVIVED, REFUSED = "killed", "survived", "refused"

_KEYS = {"recordings": "reels"}  # on disk
_ALWAYS = 2  # mutants of each file in a sample
_DECLARATIONS = "Errors.sol"  # ends the name of a file that only declares refusals


class MutantVerdict(NamedTuple):
    """Fate of a mutant. kill: proof of a killed one; reached: whether any step reaches the place of a survivor.

    recordings: digests of those that a survivor was played, or of the one that kills.
    """

    id: str
    change: str
    fate: str
    kill: KillProof | None = None
    reached: bool | None = None
    recordings: tuple[str, ...] = ()
    seconds: float = 0.0


class MutantTask(NamedTuple):
    """A numbered mutant to judge; survived: digests of the recordings that it is known to survive."""

    number: int
    mutant: Mutant
    survived: frozenset[str]


class SchemataBroken(Exception):
    """Contracts with all mutants switched off differ from the original (a defect of crossvault)."""


@dataclass
class MutationCampaign:
    """The mutants of one set of contracts, and the chosen ones; recalled: number of stored verdicts."""

    directory: Path | None = None
    all: list[Mutant] = field(default_factory=list)
    chosen: list[tuple[int, Mutant]] = field(default_factory=list)
    recalled: int = 0

    def __post_init__(self) -> None:
        """Raises CompileFailed, ToolchainMissing."""
        self.sources = contract_sources(self.directory)
        self.build = compile_contracts(self.directory)
        self.all = mutants(syntax_trees(self.directory), self.sources, mirrored())
        self.chosen = list(enumerate(self.all, 1))

    def choose(self, only: Sequence[str], sample: int | None, seed: int) -> None:
        """Chooses the mutants of some files, or a random sample that contains some of every file."""
        kept = [each for each in enumerate(self.all, 1) if not only or each[1].file in only]
        if sample is not None and sample < len(kept):
            kept = sampled(kept, sample, seed)
        self.chosen = kept

    def verdicts(
        self, recordings: Sequence[Recording], jobs: int = 1, folder: Path | None = None
    ) -> Iterator[MutantVerdict]:
        """Yields the verdict of every chosen mutant, stored ones first. folder: of the store.

        Raises CompileFailed, SchemataBroken.
        """
        store = _VerdictStore(self.build, folder or toolchain.state_dir() / "mutants")
        known = store.known()
        digests = {each.digest for each in recordings}
        left = []
        for number, mutant in self.chosen:
            old = known.get((mutant.id, mutant.change))
            if old and _is_final(old, digests):
                self.recalled += 1
                yield old
            else:
                left.append(
                    MutantTask(
                        number, mutant, frozenset(old.recordings) if old and old.fate == SURVIVED else frozenset()
                    )
                )
        for verdict in self._judged(left, recordings, jobs) if left else ():
            store.keep(verdict)
            yield verdict

    def _judged(
        self, left: Sequence[MutantTask], recordings: Sequence[Recording], jobs: int
    ) -> Iterator[MutantVerdict]:
        compiler = MutantCompiler(self.sources, self.build)
        tasks = {each.number: each for each in left}
        parts = compiler.sorted_by_build([(each.number, each.mutant) for each in left])
        yield from (MutantVerdict(each.id, each.change, REFUSED) for _, each in parts.refused)
        done: set[int] = {number for number, _ in parts.refused}
        with _workers(recordings, jobs) as judged:
            for batch in compiler.batches(parts):
                done |= {number for number, _ in batch.mutants}
                yield from judged(batch, [tasks[number] for number, _ in batch.mutants])
        late = (each.mutant for number, each in tasks.items() if number not in done)
        yield from (MutantVerdict(each.id, each.change, REFUSED) for each in late)


def _is_final(verdict: MutantVerdict, digests: set[str]) -> bool:
    """Whether a stored verdict makes a run of the recordings redundant."""
    if verdict.fate == KILLED:
        return set(verdict.recordings) <= digests
    return verdict.fate == REFUSED or digests <= set(verdict.recordings)


def mirrored() -> list[str]:
    """The contract files that have a mirror and can be mutated."""
    twins = {path.stem for path in (toolchain.PACKAGE / "mirror").glob("*.py")}
    files = sorted(path.name for path in toolchain.contracts_dir().glob("*.sol"))
    return [name for name in files if not name.endswith(_DECLARATIONS) and name.removesuffix(".sol").lower() in twins]


def sampled(kept: Sequence[tuple[int, Mutant]], sample: int, seed: int) -> list[tuple[int, Mutant]]:
    """Samples by a rank that depends only on each mutant's identifier, so that edits elsewhere keep the sample."""
    ranked = sorted(kept, key=lambda each: blake2b(f"{seed} {each[1].id}".encode(), digest_size=8).digest())
    counts: Counter[str] = Counter()
    first: list[tuple[int, Mutant]] = []
    rest: list[tuple[int, Mutant]] = []
    for each in ranked:
        counts[each[1].file] += 1
        (first if counts[each[1].file] <= _ALWAYS else rest).append(each)
    return sorted((first + rest)[:sample])


class _VerdictStore:
    """Verdict store on disk, one line per verdict, appended immediately."""

    def __init__(self, build: Build, folder: Path) -> None:
        key = blake2b(f"{FORMAT} {build.hash}".encode(), digest_size=12)
        self.path = folder / f"{key.hexdigest()}.jsonl"

    def known(self) -> dict[tuple[str, str], MutantVerdict]:
        """The verdicts of earlier runs, by identifier and change."""
        try:
            lines = self.path.read_text(encoding="utf8").splitlines()
        except (OSError, UnicodeDecodeError):
            return {}
        found = {}
        for line in lines:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue  # the incomplete last line of an interrupted run
            entry["kill"] = KillProof(*entry["kill"]) if entry["kill"] else None
            entry["recordings"] = tuple(entry.pop("reels"))
            verdict = MutantVerdict(**entry)
            found[verdict.id, verdict.change] = verdict
        return found

    def keep(self, verdict: MutantVerdict) -> None:
        """Appends a verdict."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf8") as out:
            out.write(json.dumps({_KEYS.get(name, name): each for name, each in verdict._asdict().items()}) + "\n")


class MutantJudge:
    """Plays recordings to mutants, first those with most kills in the same file."""

    def __init__(self, recordings: Sequence[Recording]) -> None:
        self.recordings = recordings
        self._kills: dict[str, Counter[str]] = {}

    def verdict(self, build: Build, switch: int, task: MutantTask) -> MutantVerdict:
        """Judges a mutant of a build; switch 0: the build is the mutant. Raises EvmFailed."""
        started, mutant = time.perf_counter(), task.mutant
        kills = self._kills.setdefault(mutant.file, Counter())
        for recording in sorted(self.recordings, key=lambda each: -kills[each.name]):
            if recording.digest not in task.survived and (found := kill_by(build, switch, recording)):
                kills[recording.name] += 1
                took = time.perf_counter() - started
                return MutantVerdict(mutant.id, mutant.change, KILLED, found, None, (recording.digest,), took)
        reached = any(kill_by(build, TRAP + switch, recording) for recording in self.recordings) if switch else None
        played = tuple(sorted(task.survived | {each.digest for each in self.recordings}))
        took = time.perf_counter() - started
        return MutantVerdict(mutant.id, mutant.change, SURVIVED, None, reached, played, took)

    def require_same(self, build: Build) -> None:
        """Requires a build with all mutants off to equal the original. Raises SchemataBroken."""
        for recording in self.recordings:
            if found := kill_by(build, 0, recording):
                raise SchemataBroken(f"with every mutant off: {found.recording} step {found.step}: {found.how}")


Judged = Callable[[MutantBuild, Sequence[MutantTask]], Iterator[MutantVerdict]]


@contextmanager
def _workers(recordings: Sequence[Recording], jobs: int) -> Iterator[Judged]:
    """Provides the judge of a batch, in this process or in a pool."""
    if jobs == 1:
        judge = MutantJudge(recordings)

        def in_process(batch: MutantBuild, tasks: Sequence[MutantTask]) -> Iterator[MutantVerdict]:
            if batch.combined:
                judge.require_same(batch.build)
            for each in tasks:
                yield judge.verdict(batch.build, each.number if batch.combined else 0, each)

        yield in_process
        return
    with tempfile.TemporaryDirectory() as folder, _pool(recordings, jobs) as pool:

        def in_pool(batch: MutantBuild, tasks: Sequence[MutantTask]) -> Iterator[MutantVerdict]:
            path = Path(folder) / f"{tasks[0].number}.pickle"
            path.write_bytes(pickle.dumps(batch.build))
            jobs: list[Any] = [(path, each.number if batch.combined else 0, each) for each in tasks]
            judged = [pool.submit(_judge, job) for job in ([(path, 0, None), *jobs] if batch.combined else jobs)]
            yield from (verdict for each in as_completed(judged) if (verdict := each.result()))

        yield in_pool


@contextmanager
def _pool(recordings: Sequence[Recording], jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that judge; they end at once when the campaign is cut short."""
    pool = ProcessPoolExecutor(jobs, initializer=_begin, initargs=(recordings,))
    try:
        yield pool
        pool.shutdown()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()


_HERE: dict[str, Any] = {}  # state of a worker process: its judge, and the last build that it read


def _begin(recordings: Sequence[Recording]) -> None:
    begin_worker()
    _HERE["judge"] = MutantJudge(recordings)


def _judge(job: tuple[Path, int, MutantTask | None]) -> MutantVerdict | None:
    path, switch, task = job
    if _HERE.get("path") != path:
        _HERE.update(path=path, build=pickle.loads(path.read_bytes()))
    judge: MutantJudge = _HERE["judge"]
    if task is None:
        judge.require_same(_HERE["build"])
        return None
    return judge.verdict(_HERE["build"], switch, task)


def verdict_counts(verdicts: Sequence[MutantVerdict], reasons: Mapping[str, str]) -> dict[str, Any]:
    """The score and its counts: killed mutants over all that compile and are not equivalent."""
    fates = Counter(each.fate for each in verdicts)
    equal = [each for each in verdicts if each.fate == SURVIVED and each.id in reasons]
    misjudged = [each for each in verdicts if each.fate == KILLED and each.id in reasons]
    counted = fates[KILLED] + fates[SURVIVED] - len(equal)
    return {
        "tested": len(verdicts),
        "refused": fates[REFUSED],
        "killed": fates[KILLED],
        "survived": fates[SURVIVED],
        "equivalent": len(equal),
        "misjudged": [each.id for each in misjudged],
        "score_pct": 100.0 * fates[KILLED] / counted if counted else 0.0,
    }
