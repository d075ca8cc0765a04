"""A mutation test from end to end: which mutants, how far each gets, and what that says of the net.

What was judged is kept, by contracts, mutant and reel: a test that was cut short goes on where it was, and further
reels are played to the survivors alone.
"""

from __future__ import annotations

import json
import pickle
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.evm.compiler import Build, compile_contracts, contract_sources, syntax_trees
from crossvault.mutation.batches import MutantBuild, MutantCompiler
from crossvault.mutation.mutant_run import KillProof, killed
from crossvault.mutation.mutants import Mutant, mutants
from crossvault.mutation.recordings import Recording
from crossvault.mutation.schemata import TRAP
from crossvault.setup import toolchain

FORMAT = 2
KILLED, SURVIVED, REFUSED = "killed", "survived", "refused"

_ALWAYS = 2  # mutants of each file in a sample
_DECLARATIONS = "Errors.sol"  # ends the name of a file that only declares refusals


class MutantVerdict(NamedTuple):
    """What became of a mutant. kill: of a killed one; reached: whether any step came to the place of a survivor.

    reels: digests of those that were played to a survivor, or of the one that killed.
    """

    id: str
    change: str
    fate: str
    kill: KillProof | None = None
    reached: bool | None = None
    reels: tuple[str, ...] = ()
    seconds: float = 0.0


class MutantTask(NamedTuple):
    """A mutant to be judged, by its number; survived: digests of the reels that it is known to survive."""

    number: int
    mutant: Mutant
    survived: frozenset[str]


class SchemataBroken(Exception):
    """Contracts with all mutants switched off differ from the original (a defect of crossvault)."""


@dataclass
class MutationCampaign:
    """The mutants of one set of contracts, and those of them that are to be judged; recalled: how many were before."""

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
        """Keeps the mutants of some files, and of these a random part, some of every file."""
        kept = [each for each in enumerate(self.all, 1) if not only or each[1].file in only]
        if sample is not None and sample < len(kept):
            kept = _sampled(kept, sample, seed)
        self.chosen = kept

    def verdicts(
        self, reels: Sequence[Recording], jobs: int = 1, folder: Path | None = None
    ) -> Iterator[MutantVerdict]:
        """The fate of every chosen mutant, those known first; folder: where verdicts are kept (default: the state's).

        Raises CompileFailed, WeaveBroken.
        """
        store = _Store(self.build, folder or toolchain.state_dir() / "mutants")
        known = store.known()
        digests = {each.digest for each in reels}
        left = []
        for number, mutant in self.chosen:
            old = known.get((mutant.id, mutant.change))
            if old and _is_final(old, digests):
                self.recalled += 1
                yield old
            else:
                left.append(
                    MutantTask(number, mutant, frozenset(old.reels) if old and old.fate == SURVIVED else frozenset())
                )
        for verdict in self._judged(left, reels, jobs) if left else ():
            store.keep(verdict)
            yield verdict

    def _judged(self, left: Sequence[MutantTask], reels: Sequence[Recording], jobs: int) -> Iterator[MutantVerdict]:
        press = MutantCompiler(self.sources, self.build)
        asked = {each.number: each for each in left}
        parts = press.sorted([(each.number, each.mutant) for each in left])
        yield from (MutantVerdict(each.id, each.change, REFUSED) for _, each in parts.refused)
        done: set[int] = {number for number, _ in parts.refused}
        with _workers(reels, jobs) as judged:
            for batch in press.batches(parts):
                done |= {number for number, _ in batch.mutants}
                yield from judged(batch, [asked[number] for number, _ in batch.mutants])
        late = (each.mutant for number, each in asked.items() if number not in done)
        yield from (MutantVerdict(each.id, each.change, REFUSED) for each in late)


def _is_final(verdict: MutantVerdict, digests: set[str]) -> bool:
    """Whether what was found earlier says all about a mutant that some reels could."""
    if verdict.fate == KILLED:
        return set(verdict.reels) <= digests
    return verdict.fate == REFUSED or digests <= set(verdict.reels)


def mirrored() -> list[str]:
    """The contract files that have a twin in the mirror, and something that can be changed."""
    twins = {path.stem for path in (toolchain.PACKAGE / "mirror").glob("*.py")}
    files = sorted(path.name for path in toolchain.contracts_dir().glob("*.sol"))
    return [name for name in files if not name.endswith(_DECLARATIONS) and name.removesuffix(".sol").lower() in twins]


def _sampled(kept: Sequence[tuple[int, Mutant]], sample: int, seed: int) -> list[tuple[int, Mutant]]:
    """A mutant's rank depends on nothing but its own identifier, so a sample outlives edits elsewhere."""
    ranked = sorted(kept, key=lambda each: blake2b(f"{seed} {each[1].id}".encode(), digest_size=8).digest())
    counts: Counter[str] = Counter()
    first: list[tuple[int, Mutant]] = []
    rest: list[tuple[int, Mutant]] = []
    for each in ranked:
        counts[each[1].file] += 1
        (first if counts[each[1].file] <= _ALWAYS else rest).append(each)
    return sorted((first + rest)[:sample])


class _Store:
    """Verdicts on disk, a line each, written as they come."""

    def __init__(self, build: Build, folder: Path) -> None:
        key = blake2b(f"{FORMAT} {build.hash}".encode(), digest_size=12)
        self.path = folder / f"{key.hexdigest()}.jsonl"

    def known(self) -> dict[tuple[str, str], MutantVerdict]:
        """The verdicts of earlier runs, by identifier and change."""
        try:
            lines = self.path.read_text(encoding="utf8").splitlines()
        except OSError:
            return {}
        found = {}
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # the last line of a run that was cut short
            entry |= {"kill": KillProof(*entry["kill"]) if entry["kill"] else None, "reels": tuple(entry["reels"])}
            verdict = MutantVerdict(**entry)
            found[verdict.id, verdict.change] = verdict
        return found

    def keep(self, verdict: MutantVerdict) -> None:
        """Writes a verdict down."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf8") as out:
            out.write(json.dumps(verdict._asdict()) + "\n")


class MutantJudge:
    """Plays reels to mutants, first those that killed most mutants of the same file."""

    def __init__(self, reels: Sequence[Recording]) -> None:
        self.reels = reels
        self._kills: dict[str, Counter[str]] = {}

    def verdict(self, build: Build, switch: int, asked: MutantTask) -> MutantVerdict:
        """The fate of a mutant of a build; switch 0: it is the build. Raises MachineFailed."""
        started, mutant = time.perf_counter(), asked.mutant
        kills = self._kills.setdefault(mutant.file, Counter())
        for reel in sorted(self.reels, key=lambda each: -kills[each.name]):
            if reel.digest not in asked.survived and (found := killed(build, switch, reel)):
                kills[reel.name] += 1
                took = time.perf_counter() - started
                return MutantVerdict(mutant.id, mutant.change, KILLED, found, None, (reel.digest,), took)
        reached = any(killed(build, TRAP + switch, reel) for reel in self.reels) if switch else None
        played = tuple(sorted(asked.survived | {each.digest for each in self.reels}))
        took = time.perf_counter() - started
        return MutantVerdict(mutant.id, mutant.change, SURVIVED, None, reached, played, took)

    def require_same(self, build: Build) -> None:
        """Raises WeaveBroken where the mutants of a build cannot be switched off."""
        for reel in self.reels:
            if found := killed(build, 0, reel):
                raise SchemataBroken(f"with every mutant off: {found.reel} step {found.step}: {found.how}")


Judged = Callable[[MutantBuild, Sequence[MutantTask]], Iterator[MutantVerdict]]


@contextmanager
def _workers(reels: Sequence[Recording], jobs: int) -> Iterator[Judged]:
    """What judges the mutants of a batch, in this process or in some others."""
    if jobs == 1:
        judge = MutantJudge(reels)

        def here(batch: MutantBuild, asked: Sequence[MutantTask]) -> Iterator[MutantVerdict]:
            if batch.woven:
                judge.require_same(batch.build)
            for each in asked:
                yield judge.verdict(batch.build, each.number if batch.woven else 0, each)

        yield here
        return
    from multiprocessing import get_context

    with tempfile.TemporaryDirectory() as folder, get_context().Pool(jobs, _begin, [reels]) as pool:

        def there(batch: MutantBuild, asked: Sequence[MutantTask]) -> Iterator[MutantVerdict]:
            path = Path(folder) / f"{asked[0].number}.pickle"
            path.write_bytes(pickle.dumps(batch.build))
            tasks: list[Any] = [(path, each.number if batch.woven else 0, each) for each in asked]
            found = pool.imap_unordered(_judge, [(path, 0, None), *tasks] if batch.woven else tasks)
            yield from (each for each in found if each)

        yield there


_HERE: dict[str, Any] = {}  # of a worker: its judge, and the build that it read last


def _begin(reels: Sequence[Recording]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _HERE["judge"] = MutantJudge(reels)


def _judge(task: tuple[Path, int, MutantTask | None]) -> MutantVerdict | None:
    path, switch, asked = task
    if _HERE.get("path") != path:
        _HERE.update(path=path, build=pickle.loads(path.read_bytes()))
    judge: MutantJudge = _HERE["judge"]
    if asked is None:
        judge.require_same(_HERE["build"])
        return None
    return judge.verdict(_HERE["build"], switch, asked)


def tally(verdicts: Sequence[MutantVerdict], reasons: Mapping[str, str]) -> dict[str, Any]:
    """The score and what it is made of: killed over all that compiled and were not judged equivalent."""
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
        "score_pct": 100.0 * fates[KILLED] / counted if counted else 100.0,
    }
