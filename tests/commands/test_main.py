"""The command line as users meet it: exit codes and messages."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli import spawned, start
from crossvault.__main__ import processors
from crossvault.lockstep.record import read
from places import ROOT

LONG = """\
name: long
about: One account is paid and paid again.
starts: 2024-01-01T00:00:00Z
ends: "+40 days"
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 10 %, start: 100 %, knee: 80 %, fast: 10m, slow: 1h, insolvent: 10m}
  underlyings:
    ETH:
      {heartbeat: 1h, mark band: 5 %, trade band: 10 %, initial margin: 10 %, maintenance margin: 5 %}
prices:
  ETH: {every: 1m, values: [PRICES]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("main")


@pytest.fixture(scope="module")
def record(folder: Path) -> Path:
    """The record of a good run."""
    path = folder / "good.jsonl"
    done = start("run", "quickstart", "--record", str(path))
    assert done.returncode == 0, done.stderr
    assert "no difference" in done.stdout and "record:" in done.stdout
    return path


@pytest.fixture(scope="module")
def long_story(folder: Path) -> Path:
    """A story that takes longer than a test waits."""
    path = folder / "long.yaml"
    path.write_text(LONG.replace("PRICES", ", ".join(f'"{200 + n % 7} USD"' for n in range(5_000))))
    return path


def contracts(folder: Path, file: str, *changes: tuple[str, str]) -> Path:
    """A directory with one changed contract, on which few or no others depend: they would be compiled, too."""
    folder.mkdir()
    text = (ROOT / "contracts" / file).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / file).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "did you mean 'run'?"),
        (["run", "quikstart"], "did you mean 'quickstart'?"),
        (["run", "quickstart", "--set", "seed"], "expected PATH=VALUE"),
        (["run", "quickstart", "--set", "wrold.delay=1h"], "unknown name 'wrold'"),
        (["run", "quickstart", "--seed", "-1"], "--seed"),
        (["run", "quickstart", "--contracts", "no/such/place"], "there is no directory no/such/place"),
        (["run", "quickstart", "bad-debt", "--record", "x"], "takes one scenario"),
        (["replay", "no-such-record"], "no-such-record"),
        ([], "COMMAND"),
    ],
)
def test_bad_words_are_exit_code_2(words: list[str], message: str) -> None:
    done = start(*words)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr and done.stdout == ""


@pytest.mark.slow
def test_a_process_ends_with_the_exit_code_and_prints_to_both_streams() -> None:
    bad = spawned("rnu")
    assert (bad.returncode, bad.stdout) == (2, "") and "did you mean 'run'?" in bad.stderr
    good = spawned("scenarios", "--json")
    assert (good.returncode, good.stderr) == (0, "") and json.loads(good.stdout)
    assert start("scenarios", "--json").stdout == good.stdout and start("rnu").stderr == bad.stderr


@pytest.mark.parametrize("words", [[], ["-m", "not slow"], ["-q", "-m", "slow"]])
def test_the_whole_suite_and_its_parts_take_all_processors(words: list[str]) -> None:
    assert processors(words)[:4] == ["-n", "auto", "--dist", "loadgroup"]


@pytest.mark.parametrize("words", [["tests/test_main.py"], ["-k", "main"], ["-m", "not slow", "-n", "0"], ["--pdb"]])
def test_who_chooses_tests_or_a_way_to_run_them_has_one_process(words: list[str]) -> None:
    assert processors(words) == []


@pytest.mark.slow
def test_scenarios_schema_version_and_help() -> None:
    assert {each["name"] for each in json.loads(start("scenarios", "--json").stdout)} >= {"quickstart"}
    assert json.loads(start("schema").stdout)["$schema"].startswith("https://json-schema.org/")
    assert start("--version").stdout.startswith("crossvault ")
    for command in ("run", "replay", "explain"):
        assert f"usage: crossvault {command}" in start(command, "--help").stdout


@pytest.mark.slow
def test_run_prints_one_document(folder: Path) -> None:
    done = spawned("run", "first-liquidation", "--json", "--record", "out/run.jsonl", folder=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["compared"] == found["steps"] > 0 and found["record"] == "out/run.jsonl"
    assert [each["account"] for each in found["liquidations"]] == ["alice"]
    assert str(folder) not in done.stdout and "\x1b" not in done.stdout


@pytest.mark.slow
def test_several_runs_are_one_document_and_no_record_is_written() -> None:
    found = json.loads(start("run", "quickstart", "bad-debt", "--no-record", "--json").stdout)
    assert [each["scenario"] for each in found["runs"]] == ["quickstart", "bad-debt"]
    assert [each["record"] for each in found["runs"]] == [None, None]


@pytest.mark.slow
def test_replay_states_identical_and_explain_explains(record: Path) -> None:
    done = start("replay", str(record))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"identical, {1 + len(read(record).steps)} lines, last hash")
    refused = next(n for n, text in enumerate(read(record).lines, start=1) if '"InsufficientMargin"' in text)
    explained = start("explain", str(record), str(refused))
    assert explained.returncode == 0
    for part in ("refused: InsufficientMargin(", "health", "margin where it was refused", "Vault."):
        assert part in explained.stdout
    found = json.loads(start("explain", str(record), str(refused), "--json").stdout)
    assert found["differences"] == [] and found["calls"]["contract"] == "Vault"


def test_explain_out_of_range_names_the_range(record: Path) -> None:
    last = len(read(record).steps)
    for step in ("0", str(last + 1)):
        done = start("explain", str(record), step)
        assert done.returncode == 2 and f"the steps 1 to {last}, got {step}" in done.stderr


def test_a_record_that_was_changed_is_exit_code_2(record: Path, tmp_path: Path) -> None:
    lines = record.read_text().splitlines()
    lines[6] = lines[6].replace('"at":', '"at":1', 1)
    (tmp_path / "changed.jsonl").write_text("\n".join(lines))
    done = start("replay", "changed.jsonl", folder=tmp_path)
    assert done.returncode == 2 and "changed.jsonl:7: hash" in done.stderr


@pytest.mark.slow
def test_contracts_that_do_not_compile_are_exit_code_2_with_the_message_of_the_compiler(tmp_path: Path) -> None:
    folder = contracts(tmp_path / "broken", "Margin.sol", ("uint256", "uint257"))
    done = start("run", "quickstart", "--contracts", str(folder))
    assert done.returncode == 2
    assert "Margin.sol" in done.stderr and "uint257" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_contracts_without_a_door_are_exit_code_2(tmp_path: Path) -> None:
    folder = contracts(tmp_path / "other", "Governance.sol", ("function setGuardian(", "function nameGuardian("))
    done = start("run", "quickstart", "--contracts", str(folder))
    assert done.returncode == 2 and "Vault: setGuardian(address)" in done.stderr


@pytest.fixture(scope="module")
def wrong(folder: Path) -> Path:
    """Contracts that round the price of a part of an account down instead of up."""
    old = "deal.costWad = int256(Fixed.mulDivUp(priceWad, deal.takenWad, Fixed.WAD) + "
    return contracts(folder / "wrong", "Auction.sol", (old, old.replace("Up", "Down")))


@pytest.mark.slow
def test_broken_contracts_are_caught_and_the_difference_can_be_replayed(wrong: Path, tmp_path: Path) -> None:
    words = ("run", "black-thursday", "--contracts", str(wrong), "--record", "run.jsonl")
    done = spawned(*words, folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "DIFFERENCE at step" in done.stdout and "bid by" in done.stdout
    assert "largest difference: " in done.stdout and " USDC less on the chain (-" in done.stdout
    hint = next(line for line in done.stdout.splitlines() if line.startswith("to replay it:"))
    again = start(*hint.split()[4:], folder=tmp_path)
    assert again.returncode == 1 and "the sides differ: step" in again.stdout
    number = hint.split()[hint.split().index("--until") + 1]
    explained = start("explain", "run.jsonl", number, "--contracts", str(wrong), folder=tmp_path)
    assert explained.returncode == 1 and "THE SIDES DIFFER" in explained.stdout
    ours = start("replay", "run.jsonl", folder=tmp_path)
    assert ours.returncode == 1
    assert "not as recorded: contracts" in ours.stderr
    assert f"run.jsonl:{int(number) + 1}: the first line" in ours.stdout


@pytest.mark.slow
def test_a_view_that_reverts_is_caught(tmp_path: Path) -> None:
    old = "return Valuation.metrics(ledger, Valuation.image(ledger, account));"
    new = old.replace("return", "found =") + " Fixed.mulDivUp(1, 1, found.maintenanceRequirementWad);"
    named = ("returns (Valuation.Metrics memory)", "returns (Valuation.Metrics memory found)")
    imported = ("import {Valuation}", 'import {Fixed} from "./Fixed.sol";\nimport {Valuation}')
    folder = contracts(tmp_path / "blind", "Teller.sol", (old, new), named, imported)
    done = start("run", "quickstart", "--contracts", str(folder), "--no-record")
    assert done.returncode == 1 and "FullMulDivFailed()" in done.stdout and "Traceback" not in done.stderr


def begun(story: Path, record: Path) -> subprocess.Popen[str]:
    """A long run of which some steps are recorded."""
    command = [sys.executable, "-m", "crossvault", "run", str(story), "--record", str(record)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (record.exists() and record.stat().st_size > 10_000):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    return process


def children(process: subprocess.Popen[str]) -> list[int]:
    """The processes that a process has started."""
    command = ["ps", "-o", "pid=", "--ppid", str(process.pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_an_interrupted_run_keeps_its_record_and_stops_its_node(
    long_story: Path, tmp_path: Path, number: signal.Signals
) -> None:
    record = tmp_path / "part.jsonl"
    process = begun(long_story, record)
    nodes = children(process)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 4, err
    assert "interrupted" in out and "part.jsonl" in out and "Traceback" not in err
    steps = len(read(record).steps)
    assert steps >= 10 and f"{steps} steps were compared until then" in " ".join(out.split())
    assert nodes and not any(os.path.exists(f"/proc/{pid}") for pid in nodes)


@pytest.mark.skipif(shutil.which("ps") is None, reason="finds the node with ps")
@pytest.mark.slow
def test_a_node_that_dies_is_exit_code_3_and_keeps_the_record(long_story: Path, tmp_path: Path) -> None:
    record = tmp_path / "lost.jsonl"
    process = begun(long_story, record)
    for pid in children(process):
        os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert "was lost" in out and "lost.jsonl" in out and "Traceback" not in err
    assert len(read(record).steps) >= 10
