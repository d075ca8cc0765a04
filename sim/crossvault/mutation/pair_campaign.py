"""Campaign of mutants of the mirror: selects them, and has each judged in a fork of a warm process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path

from crossvault.mutation.code_swap import mirror_functions
from crossvault.mutation.forks import run_forks
from crossvault.mutation.law_session import FOLDERS, MirrorLaw, attack_stories, with_laws
from crossvault.mutation.model_mutants import ModelMutant, mirror_files, model_mutants
from crossvault.mutation.pair_judges import PairJudges
from crossvault.mutation.pair_stories import pair_stories
from crossvault.mutation.pair_verdicts import PairStore, PairVerdict, pair_verdict
from crossvault.mutation.verdicts import sampled
from crossvault.setup import toolchain

Take = Callable[[PairVerdict], None]


@dataclass
class PairCampaign:
    """Mutants of some files of the mirror, or of all of them, and the chosen ones.

    notes: what is not played, and why. recalled: number of stored verdicts.
    """

    files: Sequence[str] = ()
    all: list[ModelMutant] = field(default_factory=list)
    chosen: list[ModelMutant] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recalled: int = 0

    def __post_init__(self) -> None:
        self.all = model_mutants(self.files or mirror_files())
        self.chosen = list(self.all)

    def choose(self, sample: int | None, seed: int) -> None:
        """Chooses a random sample that contains some of every file; without a number all."""
        self.chosen = list(self.all)
        if sample is not None and sample < len(self.all):
            by_id = {each.mutant.id: each for each in self.all}
            numbered = list(enumerate((each.mutant for each in self.all), 1))
            self.chosen = [by_id[mutant.id] for _, mutant in sampled(numbered, sample, seed)]

    def judge(self, jobs: int, take: Take) -> None:
        """Judges the chosen mutants, and hands over each verdict as it comes, stored ones first."""
        root = toolchain.clone()
        if root is None:
            self.notes.append("laws and published vectors are in the tests of a clone: not played")
            return self._judge([], [], jobs, take)

        def work(laws: Sequence[MirrorLaw]) -> None:
            self.notes += _missing(laws)
            attacks = attack_stories()
            tests = [path for folder in FOLDERS for path in (root / folder).glob("*.py")]
            stories = list(attacks.glob("*.scenario.yaml")) if attacks else []
            self._judge(laws, [*tests, *stories], jobs, take)

        with_laws(root, jobs, work)

    def _judge(self, laws: Sequence[MirrorLaw], files: Sequence[Path], jobs: int, take: Take) -> None:
        store = PairStore(files)
        known, left = store.known(), list[ModelMutant]()
        for each in self.chosen:
            old = known.get(each.mutant.id)
            if old and old.becomes == each.mutant.becomes:
                self.recalled += 1
                take(old)
            else:
                left.append(each)
        if left:
            stories = pair_stories([path for path in files if path.suffix == ".yaml"])
            self.notes += [
                f"{story.name}: without any change, so that it proves nothing: {wrong}"
                for story in stories for wrong in (*story.broken.values(), *filter(None, [story.failed]))
            ]  # fmt: skip
            judges = PairJudges(stories, laws, mirror_functions())
            by_id = {each.mutant.id: each for each in sorted(left, key=_rank)}
            for result in run_forks(((name, partial(judges.judge, each)) for name, each in by_id.items()), jobs):
                verdict = pair_verdict(by_id[result.name], result)
                store.keep(verdict)
                take(verdict)


def _rank(mutant: ModelMutant) -> bytes:
    """The place of a mutant in the order of judging: at random, so that the scores of a part are those of the whole."""
    return blake2b(mutant.mutant.id.encode(), digest_size=8).digest()


def _missing(laws: Sequence[MirrorLaw]) -> Iterator[str]:
    """What of laws and vectors is not played."""
    if not any(law.is_vector and not law.is_skipped for law in laws):
        yield "published vectors: none are here; CROSSVAULT_VECTORS names their folder"
    yield from (f"{law.name} fails without any change, and is not played" for law in laws if not law.holds)
