"""`crossvault campaign`: the checks that are too heavy for every run, as named parts whose results are recorded.

Each part is a process of its own, of pytest or of another command, so that one that ends badly ends alone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from crossvault.commands import campaign_record
from crossvault.commands.exits import UsageError
from crossvault.commands.interrupts import Interrupts
from crossvault.commands.processes import end_descendants
from crossvault.commands.sides import shown
from crossvault.differential.ending import DEFECT, DISAGREED, DONE, FAILED, INTERRUPTED, MISSED, MISSING, USAGE, worst
from crossvault.report.campaign import part_list, results
from crossvault.report.console import show
from crossvault.setup import toolchain
from crossvault.setup.notices import notice
from crossvault.setup.watcher import Watcher

_RECORD = "campaign.jsonl"
_FUZZ_SECS = 600
_GRACE_SECS = 0.5  # less than a command has after a signal
_OUTCOMES = {
    DONE: "ok",
    FAILED: "failed",
    USAGE: "not accepted",
    MISSING: "environment",
    INTERRUPTED: "interrupted",
    DISAGREED: "engines disagree",
    MISSED: "threshold missed",
    DEFECT: "defect of crossvault",
}


class CampaignPart(NamedTuple):
    """One part: arguments of pytest, or else of a command of crossvault with the counts to keep of its document."""

    name: str
    about: str
    tests: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()


_SEARCH = "tests/fuzz/test_mistakes.py"  # alone on the machine: each search has two processes
_DIFFERENTIAL = tuple(f"tests/differential/test_{name}.py" for name in ("numbers", "books", "portfolios", "stored"))
_PRECISION = "tests/mirror/test_precision.py"

PARTS = (
    CampaignPart("laws", "each law of the mirror on 10,000 random examples", ("-m", "not slow", "tests/mirror")),
    CampaignPart(
        "probes", "each function of the contracts on its bounds and 10,000 random inputs, and 50,000 of the formulas",
        (*_DIFFERENTIAL, _PRECISION),
    ),
    CampaignPart(
        "walks", "long random walks on Anvil, every invariant after every step",
        ("-m", "campaign", "tests/differential", "--ignore=tests/differential/test_broken.py"),
    ),
    CampaignPart(
        "audits", "long histories audited, contracts with a changed rounding among them, and the efficiency picture",
        ("-m", "campaign", "tests/audit", "tests/commands"),
    ),
    CampaignPart(
        "platforms", "the Anvil of every platform; image, action and wheel in an empty place (needs a network)",
        ("-m", "campaign", "tests/setup", "tests/api"),
    ),
    CampaignPart(
        "extremes", "500 portfolios solved as by brute force, and extreme values in every shipped file",
        ("-m", "campaign", "tests/portfolio", "tests/scenario"),
    ),
    CampaignPart(
        "mistakes", "a search of a minute finds the mistakes of tests/mistakes.yaml",
        ("-n", "0", "-s", "-m", "campaign", _SEARCH),
    ),
    CampaignPart(
        "plants", "each mistake of tests/plants.yaml, on both sides alike, is red by the rule that owns it",
        ("-n", "0", "-s", "-m", "campaign", "tests/judge"),
    ),
    CampaignPart(
        "checks", "without a check of tests/checks.yaml, the test that it names is red",
        ("-m", "campaign", "tests/house"),
    ),
    CampaignPart(
        "clauses", "conform names the clause of each mistake of tests/conform/clause_mutants.yaml",
        ("-n", "0", "-s", "-m", "campaign", "tests/conform"),
    ),
    CampaignPart(
        "upgrades", "versions of the contracts that change nothing, and versions that do",
        ("-m", "campaign", "tests/upgrade"),
    ),
    CampaignPart(
        "payments", "the payments and gains of long random walks are exact",
        ("-m", "campaign", "tests/history"),
    ),
    CampaignPart(
        "attacks", "the attack search finds open kinds of attack, no mended one, and nothing in 100,000 honest steps",
        ("-n", "0", "-s", "-m", "campaign", "tests/attack"),
    ),
    CampaignPart("gas", "docs/gas.md has the figures of a whole run of bench gas", ("-m", "campaign", "tests/bench")),
    CampaignPart("broken", "every contract of tests/broken.yaml is caught", ("tests/differential/test_broken.py",)),
    CampaignPart(
        "fuzz", "random walks in process from many seeds",
        command=("fuzz", "--seed", "SEED", "--time", "SECSs"), counts=("walks", "steps", "metrics_compared"),
    ),
    CampaignPart(
        "mutation", "a sample of 500 mutants against the recorded stories",
        command=("mutate", "--sample", "500", "--seed", "SEED"), counts=("judged", "killed", "score_pct"),
    ),
    CampaignPart(
        "both", "a sample of 400 mutants of the mirror against rules, stories, vectors and laws",
        command=("mutate", "--both", "--sample", "400", "--seed", "SEED"), counts=("tested", "changed", "equal"),
    ),
)  # fmt: skip


class PartResult(NamedTuple):
    """What one part came to."""

    part: CampaignPart
    exit_code: int
    counts: Mapping[str, float]
    seconds: float
    failed: Sequence[str] = ()  # tests, by file and name


def campaign(arguments: Namespace) -> int:
    """Plays the parts one after another and records each; the exit code is the worst, MISSED where some are left."""
    record = Path(arguments.record) if arguments.record else toolchain.state_dir() / _RECORD
    if arguments.list:
        _list(record, arguments.json)
        return DONE
    parts = chosen(arguments.only)
    before = kept(record, parts) if arguments.resume else []
    parts = [part for part in parts if part.name not in {row["part"] for row in before}]
    secs = arguments.time or float("inf")
    if any(part.tests for part in parts) and toolchain.clone() is None:
        names = ", ".join(part.name for part in parts if part.tests)
        raise toolchain.ToolchainMissing(f"the tests are not in the package: in a clone of the repository run {names}")
    seed = int(time.time()) if arguments.seed is None else arguments.seed
    campaign_record.require_writable(record)
    found: list[PartResult] = []
    try:
        for result in _played(parts, seed, secs):
            found.append(result)
            campaign_record.append(record, _row(result), seed)
    except KeyboardInterrupt:
        if not Interrupts.came:
            raise
    left = [part.name for part in parts[len(found) :]]
    code = overall([row["exit"] for row in before] + [result.exit_code for result in found], left, Interrupts.came)
    rows = [*before, *(_row(result) for result in found)]
    if arguments.json:
        body = {"seed": seed, "record": shown(record), "exit": code, "parts": rows, "not_played": left}
        print(json.dumps(body, indent=2))
    else:
        show(results(rows, left))
        print(f"seed {seed}; record: {shown(record)}")
    return code


def kept(record: Path, parts: Sequence[CampaignPart]) -> list[dict[str, Any]]:
    """The lines of the record of parts that are not played again: all went well on the present version."""
    lines = campaign_record.latest(record)
    return [lines[part.name] for part in parts if part.name in lines and lines[part.name]["exit"] == DONE]


def chosen(names: Sequence[str]) -> list[CampaignPart]:
    """The parts that were named, in the order of the list; all of them if none was. Raises UsageError."""
    known = [part.name for part in PARTS]
    for name in names:
        if name not in known:
            raise UsageError(f"--only: no part {name!r}: expected some of {', '.join(known)}")
    return [part for part in PARTS if not names or part.name in names]


def overall(codes: Sequence[int], left: Sequence[str], is_interrupted: bool) -> int:
    """The exit code of the whole: the worst of the parts. One of which a part is left has not judged what it was to."""
    if is_interrupted:
        return worst((*codes, INTERRUPTED))
    return worst((*codes, MISSED)) if left else worst(codes)


def _list(record: Path, as_json: bool) -> None:
    lines = campaign_record.latest(record)
    rows = [
        {
            "part": part.name,
            "about": part.about,
            "needs_clone": bool(part.tests),
            "outcome": lines[part.name]["outcome"] if part.name in lines else None,
        }
        for part in PARTS
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        show(part_list(rows))


def _played(parts: Sequence[CampaignPart], seed: int, secs: float) -> Iterator[PartResult]:
    """The results of the parts; none begins after the time is over."""
    begun = time.monotonic()
    for part in parts:
        left = secs - (time.monotonic() - begun)
        if left <= 0:
            return
        notice(f"{part.name}: {part.about}")
        yield _tests(part, seed) if part.tests else _command(part, seed, int(min(_FUZZ_SECS, max(1, left))))


def _tests(part: CampaignPart, seed: int) -> PartResult:
    """Runs pytest; what it prints goes to stderr, and what it counted comes from its report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = ["crossvault.commands.pytest_run", "-q", "-n", "auto", "--dist", "loadgroup"]
        words += ["--hypothesis-seed", str(seed), "--junitxml", str(report), *part.tests]
        env = {**os.environ, "CROSSVAULT_PROFILE": "campaign", "CROSSVAULT_SEED": str(seed)}
        begun = time.monotonic()
        with _process(words, env, stdout=2) as process:
            process.wait()
        document = report.read_bytes() if report.is_file() else b""
    counts = counted(document) if document else {}
    code = process.returncode if process.returncode in _OUTCOMES else MISSING
    judged_nothing = code == DONE and not counts.get("passed")
    secs = time.monotonic() - begun
    failed = failed_tests(document) if document else []
    return PartResult(part, MISSED if judged_nothing else code, counts, secs, failed)


def _command(part: CampaignPart, seed: int, secs: int) -> PartResult:
    """Runs another command and keeps the counts of the document that it prints."""
    words = [word.replace("SEED", str(seed)).replace("SECS", str(secs)) for word in part.command]
    begun = time.monotonic()
    with _process(["crossvault", *words, "--json"], dict(os.environ), stdout=subprocess.PIPE) as process:
        text = process.communicate()[0]
    counts = measured(text, part.counts)
    code = process.returncode if process.returncode in _OUTCOMES else MISSING
    judged_nothing = code == DONE and not counts.get(part.counts[0])
    return PartResult(part, MISSED if judged_nothing else code, counts, time.monotonic() - begun)


@contextmanager
def _process(words: Sequence[str], env: Mapping[str, str], stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Python module in a process; it is interrupted when this one is, and may then end in its own way."""
    command = [sys.executable, "-m", *words]
    folder = toolchain.clone()
    watcher = Watcher()
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=stdout, start_new_session=True)
    watcher.watch(process)
    try:
        yield process
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_GRACE_SECS)
        except subprocess.TimeoutExpired:
            end_descendants()  # its own too, which would outlive it
        raise
    finally:
        process.wait()
        watcher.close()


def counted(report: bytes) -> dict[str, float]:
    """The tests of a JUnit report by their end."""
    suites = list(ElementTree.fromstring(report).iter("testsuite"))
    tests, failures, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    return {"passed": tests - failures - errors - skipped, "failed": failures + errors, "skipped": skipped}


def failed_tests(report: bytes) -> list[str]:
    """The tests of a JUnit report that failed or ended in an error, by file and name."""
    cases = ElementTree.fromstring(report).iter("testcase")
    failed = (each for each in cases if each.find("failure") is not None or each.find("error") is not None)
    names = [(each.get("classname", "").replace(".", "/"), each.get("name", "")) for each in failed]
    return [f"{file}.py::{name}" if file else name for file, name in names]


def measured(text: bytes, names: Sequence[str]) -> dict[str, float]:
    """Some numbers of a JSON document; none where it is no document."""
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return {name: document[name] for name in names if name in document}


def _row(result: PartResult) -> dict[str, Any]:
    row = {
        "part": result.part.name,
        "outcome": _OUTCOMES[result.exit_code],
        "exit": result.exit_code,
        "seconds": round(result.seconds, 1),
        "counts": dict(result.counts),
    }
    return row | {"failed": list(result.failed)} if result.failed else row
