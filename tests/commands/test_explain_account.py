"""`crossvault explain RECORD ACCOUNT`: the answer in words, the same figures as JSON, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import start
from crossvault.commands.explain_account import within
from crossvault.lockstep.record import _line
from crossvault.scenario import load
from recorded import differing, recorded


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(load("first-liquidation"), tmp_path_factory.mktemp("records") / "first.jsonl")


def explained(record: Path, *words: str) -> dict[str, Any]:
    """The document of an account."""
    done = start("explain", record.name, *words, "--json", folder=record.parent)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_answer_is_in_the_first_paragraphs(record: Path) -> None:
    done = start("explain", record.name, "alice", folder=record.parent)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for part in (
        "alice in first-liquidation, just before step 25: 2024-01-01 01:00:00 UTC",
        "lin started the liquidation of alice at 2024-01-01 01:00:00 UTC, step 25 of the record",
        "margin balance of 200.00 was 160.00 below its maintenance requirement of 360.00",
        "160.00 USDC more cash at that moment would have met maintenance then; one unit less would not",
        "selling 17.777778 of its 40.0 ETH-PERP for that moment and to the end",
        "it was cross-margined already, by standard margin",
        "Isolated margin would have been the same: it has one position",
    ):
        assert part in text


def test_the_document_has_the_same_figures(record: Path) -> None:
    found = explained(record, "alice")
    assert found["steps_before"] == 24 and found["method"] == "standard"
    assert found["cash"]["token"] == "USDC" and found["cash"]["at_once"]["amount_raw"] == "160000000"
    assert found["cash"]["at_once"]["one_unit_less"]["alive"] is False and found["cash"]["to_the_end"]["path"]["alive"]
    assert found["reductions"][0]["at_once_wad"] == "17777777777777777778"
    assert found["state"]["maintenance_buffer_wad"] == str(-160 * 10**18)
    assert found["answer"][0] in " ".join(start("explain", str(record), "alice").stdout.split())


def test_the_moment_is_a_step_or_a_time(record: Path) -> None:
    begun = explained(record, "alice", "--at", "24")
    assert begun["steps_before"] == 23 and begun["cash"]["at_once"]["amount_raw"] == "0"
    assert begun["cash"]["to_the_end"]["amount_raw"] == "160000000"  # the price falls at step 24
    timed = explained(record, "alice", "--at", "2024-01-01 00:30")
    assert (timed["steps_before"], timed["at"]) == (23, 1704067200 + 1800)


@pytest.mark.parametrize("text", ["2024-01-01T00:30:00Z", "2024-01-01T00:30:00", "2024-01-01 00:30", "01-01 00:30"])
def test_a_time_is_read_as_files_and_reports_write_it(text: str) -> None:
    start_at = 1704067200
    assert within(text, start_at, start_at + 3600) == start_at + 1800


def test_an_account_that_was_never_liquidated_needs_nothing(record: Path) -> None:
    found = explained(record, "maker")
    assert found["cash"]["to_the_end"]["amount_raw"] == "0" and found["reductions"] == []
    assert "maker is not liquidated in the rest of the record." in found["answer"][0]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["alcie"], "ACCOUNT: 'alcie': no account of this record: did you mean 'alice'?"),
        (["feeder"], "ACCOUNT: 'feeder': sends steps of this record, and has no account"),
        (["alice", "--at", "99"], "--at: the record has the steps 1 to 32, got 99"),
        (["alice", "--at", "1"], "is the first of alice: expected a later one"),
        (["alice", "--at", "2030-01-01T00:00:00Z"], "--at: the record is from 2024-01-01 00:00:00 to 2024-01-01"),
        (["alice", "--at", "noon"], "--at: expected the number of a step, or a time in UTC such as 2020-03-12T07"),
        (["alice", "--contracts", "x"], "--contracts: has an effect only with a STEP"),
        (["25", "--at", "3"], "--at: has an effect only with an ACCOUNT"),
    ],
)
def test_bad_input_is_exit_code_2_with_the_reason(record: Path, words: list[str], problem: str) -> None:
    done = start("explain", record.name, *words, folder=record.parent)
    assert done.returncode == 2 and problem in done.stderr and done.stdout == ""


def test_a_record_that_was_cut_is_explained_as_far_as_it_goes(record: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.jsonl").write_text("\n".join(record.read_text().splitlines()[:28]) + "\n")
    done = start("explain", "cut.jsonl", "alice", folder=tmp_path)
    assert done.returncode == 2 and "cut.jsonl:28: cut after step 27" in done.stderr
    assert "160.00 USDC more cash" in " ".join(done.stdout.split())


def test_a_recorded_difference_is_shown_and_is_exit_code_1(record: Path, tmp_path: Path) -> None:
    lines, last = [], ""
    for number, line in enumerate(record.read_text().splitlines()):
        body = json.loads(line)
        body.pop("hash")
        if number == 25:
            body["chain"] = {**body["model"], "refusal": {"NotLiquidatable": {"account": "alice", "marginWad": "1"}}}
        text, last = _line(body, last)
        lines.append(text)
    (tmp_path / "differs.jsonl").write_text("\n".join(lines) + "\n")
    done = start("explain", "differs.jsonl", "alice", folder=tmp_path)
    assert done.returncode == 1 and "THE SIDES DIFFER at step 25: refusal" in done.stdout


@pytest.mark.slow
def test_a_step_recorded_with_a_difference_does_not_end_with_0_where_it_is_not_seen(
    record: Path, tmp_path: Path
) -> None:
    number = differing(record, tmp_path / "differs.jsonl")
    done = start("explain", "differs.jsonl", str(number), folder=tmp_path)
    assert done.returncode == 1 and f"differs.jsonl:{number + 1}: recorded with a difference" in done.stderr
    assert "globals.insurance_wad" in done.stderr
    assert start("explain", "differs.jsonl", "alice", folder=tmp_path).returncode == 1
    shrunk = start("shrink", "differs.jsonl", folder=tmp_path)
    assert shrunk.returncode == 1 and "recorded with a difference" in shrunk.stderr and "agree" in shrunk.stdout
