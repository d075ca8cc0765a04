"""Verdicts on mutants of the mirror: kinds, counts by judge, and a store, so that an interrupted campaign resumes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.mutation.forks import CRASH, TIMEOUT, ForkResult
from crossvault.mutation.model_mutants import ModelMutant
from crossvault.mutation.pair_judges import CHANGE, CRASHED, JUDGES, REFUSED, RULES
from crossvault.setup import toolchain

EQUAL, ROUNDING, CHANGED, ENDED = "equal", "rounding", "changed", "ended"  # kinds of mutants; and REFUSED
EVERYTHING = "everything"

_FORMAT = 1


class PairVerdict(NamedTuple):
    """The verdict on a mutant.

    kind: `equal` (no outcome of any story differs), `rounding` (it reverses a rounding, or outcomes differ only as
    roundings do), `changed`, `ended` (by its processor time, or by an error of Python's), or `refused` (no mutant).
    change: the first outcome that differs; ended: how; kills: how each judge kills it.
    """

    id: str
    becomes: str
    kind: str
    change: str = ""
    ended: str = ""
    kills: Mapping[str, str] = {}


def pair_verdict(mutant: ModelMutant, result: ForkResult) -> PairVerdict:
    """The verdict by what a fork sent, and how it ended."""
    sent: dict[str, Any] = {}
    for each in result.sent:
        sent |= each  # of two changes the later, which is not small
    ended = f"{CRASH}: {sent[CRASHED]}" if CRASHED in sent else result.ended
    if REFUSED in sent:
        kind = REFUSED
    elif ended:
        kind = ENDED
    elif CHANGE not in sent:
        kind = EQUAL
    else:
        kind = ROUNDING if sent["small"] or mutant.is_rounding else CHANGED
    kills = {judge: str(sent[judge]) for judge in JUDGES if judge in sent}
    return PairVerdict(mutant.mutant.id, mutant.mutant.becomes, kind, sent.get(CHANGE, ""), ended, kills)


def pair_counts(verdicts: Sequence[PairVerdict]) -> dict[str, Any]:
    """Counts of mutants by kind, and kills by judge: of mutants that change an outcome, and of roundings."""
    kinds = Counter(each.kind for each in verdicts)
    ended = Counter(each.ended.partition(":")[0] for each in verdicts if each.kind == ENDED)
    return {
        "tested": len(verdicts),
        **{kind: kinds[kind] for kind in (CHANGED, ROUNDING, EQUAL, REFUSED)},
        TIMEOUT: ended[TIMEOUT],
        CRASH: ended[CRASH],
        "judges": judge_counts([each for each in verdicts if each.kind == CHANGED]),
        "of_roundings": judge_counts([each for each in verdicts if each.kind == ROUNDING]),
    }


def judge_counts(verdicts: Sequence[PairVerdict]) -> dict[str, dict[str, float]]:
    """By judge: kills by it alone, and by it together with those before it; and by everything."""
    found = {}
    for place, judge in enumerate(JUDGES):
        alone = sum(judge in each.kills for each in verdicts)
        joined = sum(any(each.kills.get(name) for name in JUDGES[: place + 1]) for each in verdicts)
        found[judge] = _row(alone, joined, len(verdicts))
    every = sum(bool(each.kills) for each in verdicts)
    return found | {EVERYTHING: _row(every, every, len(verdicts))}


def kills_by_rule(verdicts: Iterable[PairVerdict]) -> dict[str, int]:
    """The number of mutants that each rule kills first, by its number."""
    numbers = (each.kills[RULES].split(": ")[1] for each in verdicts if RULES in each.kills)
    return dict(sorted(Counter(numbers).items(), key=lambda each: (len(each[0]), each[0])))


def _row(alone: int, joined: int, mutants: int) -> dict[str, float]:
    whole = mutants or 1
    scores = {"score_pct": 100 * alone / whole, "joined_pct": 100 * joined / whole}
    return {"mutants": mutants, "alone": alone, "joined": joined, **scores}


class PairStore:
    """Store of verdicts on disk, one line each, appended at once; of one state of package, tests and stories."""

    def __init__(self, files: Iterable[Path]) -> None:
        """files: all that verdicts follow from, beside the package."""
        made = blake2b(f"{_FORMAT}".encode(), digest_size=12)
        package = (path for ending in ("*.py", "*.yaml") for path in toolchain.PACKAGE.rglob(ending))
        for path in sorted({*package, *files}):
            made.update(path.name.encode() + path.read_bytes())
        self.path = toolchain.state_dir() / "mutants" / f"both-{made.hexdigest()}.jsonl"

    def known(self) -> dict[str, PairVerdict]:
        """The verdicts of earlier runs, by identifier."""
        try:
            lines = self.path.read_text(encoding="utf8").splitlines()
        except (OSError, UnicodeDecodeError):
            return {}
        found = {}
        for line in lines:
            try:
                verdict = PairVerdict(**json.loads(line))
            except (ValueError, TypeError, RecursionError):
                continue  # the incomplete last line of an interrupted run
            found[verdict.id] = verdict
        return found

    def keep(self, verdict: PairVerdict) -> None:
        """Appends a verdict."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf8") as out:
            out.write(json.dumps(verdict._asdict()) + "\n")
