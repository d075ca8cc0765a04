"""The table of hard ends: a command line in a situation, its exit code, and what it prints."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import situations as at
from cli import start
from situations import Situation, ended

PASSES = """\
name: passes
about: Nothing happens to the one account.
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 10 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  underlyings:
    ABC: {heartbeat: 9h, mark band: 5 %, trade band: 5 %, initial margin: 5 %, maintenance margin: 3 %}
prices: {ABC: {at: {+0h: 1 USD}}}
actors:
  a: {wallet: [100 USDC]}
steps:
  - {do: look, expect: {insurance: 0 USDC}}
"""
FAILS = PASSES.replace("insurance: 0 USDC", "insurance: 7 USDC")
LATE = PASSES.replace("2024-01-01T00:00:00Z", "9999-12-31T23:59:59Z\nends: +4h")
DEEP = "[" * 100_000 + "\n"
HUGE = PASSES.replace("100 USDC", f"1{'0' * 60} USDC")
FILES = {
    "passes.yaml": PASSES, "fails.yaml": FAILS, "late.yaml": LATE, "huge.yaml": HUGE, "deep.yaml": DEEP[:700],
    "deep.jsonl": DEEP, "deep.json": DEEP, "empty.jsonl": "", "binary.jsonl": "\0\n", "empty.yaml": "",
    "corpus/walks.jsonl": DEEP, "found.json": '{"conform": 9}', "equal.yaml": "[1]\n",
}  # fmt: skip
MANY = 40 * "9"


class HardEnd(NamedTuple):
    """A row: the words of a command, its exit code, what standard error and output hold, and the situation."""

    words: str
    code: int
    err: str = ""
    out: str = ""
    situation: Situation = at.plain


NO_NODE = (  # what ends before a node is started
    HardEnd("run late.yaml", 2, "late.yaml:4: ends: comes 14,400 s after the year 9999: a story must end by then"),
    HardEnd("run deep.yaml", 2, "deep.yaml:1"),
    HardEnd("run empty.yaml", 2, "empty.yaml:1: the file is empty"),
    HardEnd("margin deep.yaml", 2, "deep.yaml:1"),
    *(
        HardEnd(words.format(file), 2, f"{file}{problem}")
        for file, problem in (
            ("deep.jsonl", ":1: no line of a record: brackets are nested too deeply"),
            ("header.jsonl", ":1: a record of no steps"),
            ("empty.jsonl", ": is empty"),
            ("binary.jsonl", ":1: no line of a record"),
            ("changed.jsonl", ":3: hash: the line, or one before it, was changed"),
            ("future.jsonl", ":1: no header of a record: expected crossvault = 2 or 1"),
            ("miscounted.jsonl", ":7: steps: expected 5, got 4"),
            ("extended.jsonl", ":7: n: expected 6, got None"),
            ("none.jsonl", ": cannot be read: No such file or directory"),
        )
        for words in ("replay {}", "shrink {}", "explain {} 1", "export {} -o out")
    ),
    HardEnd("replay .", 2, "binary.jsonl:1: no line of a record"),  # the records of a folder, one after another
    HardEnd("shrink .", 2, ".: cannot be read: Is a directory"),
    HardEnd("explain . 1", 2, ".: cannot be read: Is a directory"),
    HardEnd("audit --rpc http://127.0.0.1:9 --deployment deep.json", 2, "deep.json is no manifest of a deployment"),
    HardEnd("scenarios", 3, "standard output cannot be written: No space left on device", "", at.full_output),
    HardEnd("--help", 3, "standard output cannot be written: No space left on device", "", at.full_output),
    HardEnd("scenarios --json", 0, "", "", at.reader_gone),
    HardEnd("scenarios", 0, "", "", at.readers_gone),
    HardEnd("scenarios", 0, "", "", at.closed_output),
    HardEnd("scenarios --json", 0, "", "quickstart", at.full_errors),
    HardEnd("replay none.jsonl", 2, "", "", at.full_errors),
    HardEnd("replay none.jsonl", 2, "", "", at.readers_gone),
    HardEnd("run passes.yaml --contracts binary", 2, "binary/Vault.sol: cannot be read: 'utf-8' codec can't decode"),
    HardEnd("run passes.yaml --contracts folder", 2, "folder/Vault.sol: cannot be read: Is a directory"),
    HardEnd("fuzz --coverage passes.yaml/x", 2, "--coverage: passes.yaml/x cannot be written: Not a directory"),
    HardEnd("run huge.yaml", 2, "huge.yaml:11: actors.a.wallet[0]: a number of 61 digits"),
    HardEnd("run passes.yaml --seed " + MANY, 2, "--seed: expected a whole number from 0 to 18446744073709551615"),
    HardEnd("fuzz -j 1000000", 2, "-j/--jobs: expected a whole number from 1 to"),
    HardEnd("fuzz --steps " + MANY, 2, "--steps: expected a whole number from 1 to 1000000000 (more take weeks)"),
    HardEnd("fuzz --time 0s", 2, "--time: expected 1s to 366d, got '0s'"),
    HardEnd("mutate -j 1000000", 2, "-j/--jobs: expected a whole number from 1 to"),
    HardEnd("mutate --sample 0", 2, "--sample: expected a whole number from 1 to"),
    HardEnd("mutate --threshold 200", 2, "--threshold: expected a number of percent from 0 to 100, got '200'"),
    HardEnd("conform example --steps " + MANY, 2, "--steps: expected a whole number from 0 to"),
    HardEnd("campaign --time 0s", 2, "--time: expected 1s to 366d"),
    HardEnd("shrink cut.jsonl --time 600w", 2, "--time: '600w' is too long: expected at most 10 years"),
    HardEnd("bench catalogue --seeds " + MANY, 2, "--seeds: expected a whole number from 1 to 1000 (each is a search"),
    HardEnd("efficiency --accounts " + MANY, 2, "--accounts: expected a whole number from 1 to 1000000 (each takes"),
    HardEnd("audit --rpc http://localhost --follow --metrics 70000", 2, "--metrics: expected a whole number from 0"),
    HardEnd("explain cut.jsonl " + MANY, 2, "STEP: expected a whole number from 0 to 1000000000 (no record is longer)"),
    HardEnd("explain cut.jsonl 9", 2, "the record has the steps 1 to 3, got 9"),
    HardEnd("replay cut.jsonl --until 9", 2, "--until: expected a step from 1 to 3, got 9"),
    HardEnd("run passes.yaml --fee-limit 3", 2, "--fee-limit: has an effect only with --network"),
    HardEnd("margin --trade x", 2, "--trade: has an effect only with PORTFOLIO"),
    HardEnd("margin strangle", 0, "", "", at.reader_gone),
    HardEnd("margin strangle --json", 3, "standard output cannot be written", "", at.full_output),
    HardEnd("campaign --only laws --record no/c", 2, "--record: no/c cannot be written", "", at.without_rights),
    HardEnd("efficiency --accounts 1 --page no/x.html", 2, "--page: no/x.html cannot be written: no is not a folder"),
    HardEnd("export cut.jsonl -o passes.yaml/x", 2, "-o: passes.yaml/x cannot be written: Not a directory"),
    HardEnd("export cut.jsonl -o .", 2, "-o: . exists already; --force replaces it"),
    HardEnd(
        "export cut.jsonl -o run --only step", 2, "--only: 'step': did you mean 'steps'? expected one of: steps, events"
    ),
    HardEnd("export cut.jsonl -o run.duckdb", 3, "cannot be written: ", "", at.small_files),
    HardEnd(
        "export other.jsonl -o run --only steps",
        1,
        'other.jsonl:4: step 3: refusal: recorded {"NotOwner":{}}; the model',
    ),
    HardEnd("query cut.jsonl selec", 2, "SQL: Parser Error: syntax error at or near"),
    HardEnd("rnu", 2, "did you mean 'run'?"),
    HardEnd("run", 2, "the following arguments are required: SCENARIO usage: crossvault run"),
)

WITH_NODE = (  # what plays a story or a record
    HardEnd("run fails.yaml", 1, "", "fails.yaml:13: steps[0].expect: insurance: expected 7 USDC, got 0 USDC"),
    HardEnd("run fails.yaml", 1, "", "", at.reader_gone),
    HardEnd("run fails.yaml --json", 1, "", "", at.reader_gone),
    HardEnd("run fails.yaml", 1, "standard output cannot be written", "", at.full_output),
    HardEnd("run fails.yaml passes.yaml", 1, "", "expected 7 USDC"),
    HardEnd("run fails.yaml --record /dev/full", 3, "", "dev/full cannot be written: No space left on device"),
    HardEnd("run passes.yaml --record r.jsonl", 3, "", "the record r.jsonl cannot be written: File", at.small_files),
    HardEnd("run passes.yaml --no-record", 0, "", "no difference", at.dead_proxy),
    HardEnd("run passes.yaml", 3, "", "jsonl cannot be written: Permission denied", at.without_rights),
    HardEnd("run fails.yaml --picture no/x.svg", 1, "--picture: no/x.svg cannot be written", "expected 7 USDC"),
    HardEnd("run passes.yaml --record /dev/null", 0, "", "no difference"),
    HardEnd("run passes.yaml --record no/r.jsonl", 2, "--record: no/r.jsonl cannot be written", "", at.without_rights),
    HardEnd("replay cut.jsonl", 2, "", "as far as it goes: cut.jsonl:4: cut after step 3: the record has no end line"),
    HardEnd("replay torn.jsonl", 2, "", "torn.jsonl:4: cut after step 3: the record has no end line"),
    HardEnd("replay old.jsonl", 2, "", "old.jsonl:4: cut after step 3, unless its run ended there: records of format"),
    HardEnd("replay cut.jsonl --until 2", 0, "", "identical, 3 lines"),
    HardEnd("replay interrupted.jsonl", 0, "", "the recorded run was interrupted after the last of them"),
    HardEnd("replay other.jsonl", 1, "", "other.jsonl:4: the first line that differs (step 3)"),
    HardEnd("replay other.jsonl", 1, "", "", at.reader_gone),
    HardEnd("replay other.jsonl --json", 1, "", "", at.reader_gone),
    HardEnd("replay other.jsonl", 1, "standard output cannot be written", "", at.full_output),
    HardEnd("shrink cut.jsonl", 2, "", "there is nothing to shrink as far as it goes: cut.jsonl:4: cut after step 3"),
    HardEnd("explain cut.jsonl 2", 2, "cut.jsonl:4: cut after step 3", "step 2 of passes"),
    HardEnd("export cut.jsonl -o cut --only steps", 2, "cut.jsonl:4: cut after step 3", "steps 3 a step"),
)

SLOW = (
    HardEnd("fuzz --corpus corpus --steps 1", 2, "corpus/walks.jsonl:1: no line of a corpus"),  # compiles
    HardEnd("fuzz --corpus passes.yaml/x --steps 1", 2, "--corpus: passes.yaml/x cannot be made: Not a directory"),
    HardEnd("efficiency --accounts 1000000", 3, "there is not enough memory", "", at.little_memory),
    HardEnd("conform example --replay found.json", 2, "found.json: format 9, expected 1"),
    HardEnd("mutate --equivalents equal.yaml", 2, "equal.yaml:1: entry 1: expected"),
    HardEnd("fuzz -j 1 --steps 1", 0, "", "", at.reader_gone),
    HardEnd("doctor", 3, "standard output cannot be written", "", at.full_output),
    HardEnd("conform example --replay deep.json", 2, "deep.json: no finding of `conform`"),  # compiles the example
    HardEnd("audit --rpc http://127.0.0.1:9 --vault 0x" + 40 * "1", 3, "127.0.0.1:9"),  # tries for half a minute
)


def lines_of(bodies: list[dict[str, Any]]) -> str:
    """A record of these lines, each with the hash that it has in its place."""
    last, texts = "", []
    for body in bodies:
        last = sha256((last + json.dumps(body, separators=(",", ":"))).encode()).hexdigest()
        texts.append(json.dumps({**body, "hash": last}, separators=(",", ":")))
    return "".join(f"{text}\n" for text in texts)


def bodies_of(path: Path) -> list[dict[str, Any]]:
    """The lines of a record without their hashes."""
    bodies = [json.loads(text) for text in path.read_text().splitlines()]
    for body in bodies:
        del body["hash"]
    return bodies


def write_records(folder: Path) -> None:
    """Writes records with faults, made from that of a good run."""
    path = folder / "good.jsonl"
    assert start("run", "passes.yaml", "--record", str(path), folder=folder).returncode == 0
    good = bodies_of(path)
    assert good[-1] == {"end": "finished", "steps": len(good) - 2}
    header, *steps = good[:-1]
    body = steps[2] | {"model": steps[2]["model"] | {"refusal": {"NotOwner": {}}}}
    ended_early = {"end": "interrupted", "steps": 3}
    made = {
        "header": [header],
        "future": [header | {"crossvault": 3}, *steps],
        "miscounted": [header, *steps[:5], {"end": "finished", "steps": 4}],
        "extended": [header, *steps[:5], {"end": "finished", "steps": 5}, *steps[5:]],
        "cut": [header, *steps[:3]],
        "old": [header | {"crossvault": 1}, *steps[:3]],
        "interrupted": [header, *steps[:3], ended_early],
        "other": [header, *steps[:2], body, *steps[3:], good[-1]],
    }
    for name, lines in made.items():
        (folder / f"{name}.jsonl").write_text(lines_of(lines))
    (folder / "torn.jsonl").write_text(lines_of([header, *steps[:4]])[:-40])
    changed = path.read_text().splitlines()
    changed[2] = changed[2].replace('"at":1', '"at":2', 1)
    (folder / "changed.jsonl").write_text("\n".join(changed) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which every row runs, read-only for others."""
    at.import_package()
    made = tmp_path_factory.mktemp("hard-ends")
    for name, text in FILES.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(text)
    (made / "binary").mkdir()
    (made / "binary" / "Vault.sol").write_bytes(b"\xff")
    (made / "folder" / "Vault.sol").mkdir(parents=True)
    write_records(made)
    for each in (made, *made.parents[:2]):
        each.chmod(0o755)
    return made


def require_end(row: HardEnd, folder: Path) -> None:
    """Requires the code and the words of a row, and no traceback."""
    found = ended(*row.words.split(), folder=folder, situation=row.situation)
    assert found.code == row.code, found
    assert row.err in " ".join(found.err.split()) and row.out in " ".join(found.out.split()), found
    assert "Traceback" not in found.err + found.out


@pytest.mark.parametrize("row", NO_NODE, ids=lambda row: f"{row.words} {row.situation.__name__}")
def test_a_command_that_cannot_begin_ends_as_the_table_states(row: HardEnd, folder: Path) -> None:
    require_end(row, folder)


@pytest.mark.parametrize("row", WITH_NODE, ids=lambda row: f"{row.words} {row.situation.__name__}")
def test_a_command_that_plays_ends_as_the_table_states(row: HardEnd, folder: Path) -> None:
    require_end(row, folder)


@pytest.mark.slow
@pytest.mark.parametrize("row", SLOW, ids=lambda row: f"{row.words} {row.situation.__name__}")
def test_a_command_that_takes_long_ends_as_the_table_states(row: HardEnd, folder: Path) -> None:
    require_end(row, folder)


@pytest.mark.parametrize("row", [row for row in NO_NODE if row.code == 2 and row.situation is at.plain][::3])
def test_an_error_is_one_document_under_json(row: HardEnd, folder: Path) -> None:
    found = start(*row.words.split(), "--json", folder=folder)
    error = json.loads(found.stdout)["error"]
    assert found.returncode == error["code"] == 2 and error["message"] in found.stderr
    place = row.err.split(":")
    if len(place) > 1 and "." in place[0]:
        assert error["file"] == place[0]
        assert error["line"] == (int(place[1]) if place[1].isdecimal() else None)


class SignalledEnd(NamedTuple):
    """A row: a command that runs for seconds, the file that shows that it has begun, and the signal that ends it.

    after: seconds until its workers are at work, where the file does not show that.
    """

    words: str
    shows: str
    number: int = signal.SIGTERM
    after: float = 2


SIGNALLED = (
    SignalledEnd("fuzz --time 60s -j 6", ".err"),
    SignalledEnd("fuzz --time 60s -j 6", ".err", signal.SIGINT),
    SignalledEnd("run black-thursday --record long.jsonl", "long.jsonl", after=0),
    SignalledEnd("campaign --only fuzz --record c.jsonl", ".err"),
    SignalledEnd("bench chain", ".out.begun"),
    SignalledEnd("efficiency --accounts 1000000", ".out.begun"),
)


def alive(parent: int) -> list[int]:
    """The processes of a session that still run; what waits to be reaped does not."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,sess=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(process) for process, session, state in rows if int(session) == parent and "Z" not in state]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ps") is None, reason="finds processes with ps")
@pytest.mark.parametrize("row", SIGNALLED, ids=lambda row: f"{row.words} {row.number}")
def test_a_signal_ends_everything_within_two_seconds(row: SignalledEnd, folder: Path) -> None:
    shows, began = folder / row.shows, time.time()
    shows.unlink(missing_ok=True)

    def is_under_way() -> bool:
        written = shows.exists() and shows.stat().st_size > 0
        return (written and time.time() - began > row.after) or time.time() - began > 6

    found = at.signalled(*row.words.split(), folder=folder, until=is_under_way, number=row.number)
    assert found.code == 4 and found.secs < 2.5, found  # half a second for a machine with other work
    assert alive(found.process) == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ps") is None, reason="finds processes with ps")
def test_the_workers_of_a_search_end_when_it_is_killed(folder: Path) -> None:
    def has_workers() -> bool:
        return (folder / ".err").exists() and "at a time" in (folder / ".err").read_text()

    (folder / ".err").unlink(missing_ok=True)
    found = at.signalled("fuzz", "--time", "60s", "-j", "3", folder=folder, until=has_workers, number=signal.SIGKILL)
    assert found.code == -signal.SIGKILL
    until = time.monotonic() + 5
    while left := alive(found.process):
        assert time.monotonic() < until, left
        time.sleep(0.1)
