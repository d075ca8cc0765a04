"""Records: a chain of hashes, replayed bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.story import Story
from crossvault.evm.chain import Chain
from crossvault.lockstep.record import BadRecord, Record, RecordChecker, RecordWriter, file_name, header, read
from crossvault.lockstep.run import run
from crossvault.scenario import load


@pytest.fixture(scope="module")
def story() -> Story:
    """The first liquidation."""
    return load("first-liquidation")


@pytest.fixture(scope="module")
def path(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The record of a run of the story."""
    file = tmp_path_factory.mktemp("record") / "run.jsonl"
    chain = Chain(story.world)
    try:
        with file.open("w", encoding="utf8") as out:
            result = run(story, Model(story.world), chain, [RecordWriter(out, header(story, chain))])
    finally:
        chain.close()
    assert result.failure is None
    yield file


def changed(path: Path, folder: Path, line: int, old: str, new: str) -> Path:
    """A copy of a record with one line changed."""
    lines = path.read_text().splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    (folder / "changed.jsonl").write_text("\n".join(lines) + "\n")
    return folder / "changed.jsonl"


def replayed(record: Record, until: int | None = None) -> RecordChecker:
    """Replays a record."""
    story, checker = record.story(until), RecordChecker(record)
    chain = Chain(story.world)
    try:
        run(story, Model(story.world), chain, [checker])
    finally:
        chain.close()
    return checker


def test_stories_worlds_and_contracts_that_differ_have_records_of_their_own(story: Story) -> None:
    names = {
        file_name(story, "contracts"),
        file_name(story, "other contracts"),
        file_name(replace(story, hash="of another file"), "contracts"),
        file_name(replace(story, world=replace(story.world, starts_at=1)), "contracts"),
        file_name(replace(story, name=f"{story.name}-{story.seed}"), "contracts"),
    }
    assert len(names) == 4 and all(name.startswith("first-liquidation-0-") for name in names)
    assert file_name(replace(story, seed=7), "contracts").startswith("first-liquidation-7-")


def test_every_line_carries_the_hash_of_itself_after_the_line_before(path: Path) -> None:
    last = ""
    for text in path.read_text().splitlines():
        body = json.loads(text)
        stated = body.pop("hash")
        assert stated == sha256((last + json.dumps(body, separators=(",", ":"))).encode()).hexdigest()
        last = stated


def test_the_header_describes_the_run(story: Story, path: Path) -> None:
    first = json.loads(path.read_text().splitlines()[0])
    assert first["scenario"] == "first-liquidation" and first["seed"] == story.seed
    assert first["scenario_hash"] == story.hash
    assert {"solc", "anvil", "crossvault"} <= set(first["versions"]) and len(first["bytecode"]) == 64


def test_steps_round_trip(story: Story, path: Path) -> None:
    record = read(path)
    model = Model(story.world)
    steps = [step for step, _ in driven(story.steps(model), model.apply)]
    assert list(record.steps) == steps
    assert record.story().world == story.world


def test_a_replay_is_identical_to_the_last_hash(path: Path) -> None:
    record = read(path)
    checker = replayed(record)
    assert checker.first_difference is None
    assert checker.lines == 1 + len(record.steps)
    assert checker.last == json.loads(record.lines[-1])["hash"]
    assert replayed(record, 5).lines == 6


CHANGES = [(1, '"seed":', '"seed" :'), (1, "first", "fuist"), (9, '"n":8', '"n":9')]


@pytest.mark.parametrize(("line", "old", "new"), CHANGES)
def test_a_changed_line_is_reported(path: Path, tmp_path: Path, line: int, old: str, new: str) -> None:
    copy = changed(path, tmp_path, line, old, new)
    if old == '"seed":':  # blanks are no content
        assert read(copy).header == read(path).header
        return
    with pytest.raises(BadRecord, match=rf"changed\.jsonl:{line}: hash"):
        read(copy)


def test_a_missing_line_is_reported(path: Path, tmp_path: Path) -> None:
    lines = path.read_text().splitlines()
    (tmp_path / "short.jsonl").write_text("\n".join(lines[:5] + lines[6:]))
    with pytest.raises(BadRecord, match=r"short\.jsonl:6: hash"):
        read(tmp_path / "short.jsonl")


@pytest.mark.parametrize("text", ["", "hello\n", "[]\n", '{"hash":1}\n', "\0\n"])
def test_an_invalid_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "none.jsonl").write_text(text)
    with pytest.raises(BadRecord, match=r"none\.jsonl"):
        read(tmp_path / "none.jsonl")


def test_a_truncated_record_is_valid(path: Path, tmp_path: Path) -> None:
    (tmp_path / "part.jsonl").write_text("\n".join(path.read_text().splitlines()[:11]) + "\n")
    assert len(read(tmp_path / "part.jsonl").steps) == 10
