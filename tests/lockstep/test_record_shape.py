"""A record whose hashes are right and whose lines have another form is bad input: file, line and field are named."""

import json
from collections.abc import Callable
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.lockstep.record import FINISHED, BadRecord, RecordWriter, read, world_text
from crossvault.scenario import load

Body = dict[str, Any]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of the first three steps of a story, of the model alone."""
    story, file = load("first-liquidation"), tmp_path_factory.mktemp("shape") / "run.jsonl"
    named = {"underlyings": list(story.underlyings), "collaterals": [], "scenario": story.name, "about": story.about}
    rest = {"scenario_hash": story.hash, "seed": story.seed, "versions": {}, "contracts": ""}
    model = Model(story.world)
    with file.open("w", encoding="utf8") as out:
        writer = RecordWriter(out, {"crossvault": 2, **named, **rest, "world": world_text(story.world)})
        for number, (step, outcome) in enumerate(islice(driven(story.steps(model), model.apply), 3), start=1):
            writer.compared(number, step, outcome, outcome)
        writer.finish(FINISHED)
    return file


def forged(path: Path, out: Path, line: int, change: Callable[[Body], None]) -> Path:
    """A record with one line changed and all hashes made anew."""
    last, lines = "", []
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        body = json.loads(text)
        del body["hash"]
        if number == line:
            change(body)
        last = sha256((last + json.dumps(body, separators=(",", ":"))).encode()).hexdigest()
        lines.append(json.dumps({**body, "hash": last}))
    out.write_text("\n".join(lines) + "\n")
    return out


HEADERS: list[tuple[str, object, str]] = [
    ("scenario", None, "scenario: expected text"),
    ("seed", "x", "seed: expected a whole number"),
    ("collaterals", None, "collaterals: expected a list"),
    ("underlyings", "ETH", "underlyings: expected a list"),
    ("underlyings", [1], "underlyings: expected a list of names"),
    ("versions", [], "versions: expected an object"),
    ("world", [], "world: expected an object"),
    ("world", {}, "world: is no world: "),
]
OUTCOMES: list[tuple[str, object, str]] = [
    ("model", None, "model: expected an object: refusal, events and state"),
    ("model", {}, "model.refusal: expected null"),
    ("model", {"refusal": None}, "model.events: expected a list"),
    ("model", {"refusal": None, "events": [[1]], "state": None}, "model.events: expected a list of events"),
    ("model", {"refusal": None, "events": [], "state": {"globals": {}}}, "model.state: expected null"),
    ("chain", None, "chain: expected an object"),
]
LINES = ["[1, 2]", "null", "5", '{"a": 1}', '{"hash": 1}']


def test_the_forgery_itself_is_read(path: Path, tmp_path: Path) -> None:
    assert len(read(forged(path, tmp_path / "run.jsonl", 1, lambda body: None)).steps) == 3


@pytest.mark.parametrize(("name", "value", "message"), HEADERS)
def test_a_header_of_another_form_is_refused(
    name: str, value: object, message: str, path: Path, tmp_path: Path
) -> None:
    changed = forged(path, tmp_path / "run.jsonl", 1, lambda body: body.update({name: value}))
    with pytest.raises(BadRecord) as found:
        read(changed)
    assert f"run.jsonl:1: {message}" in str(found.value)


@pytest.mark.parametrize(("name", "value", "message"), OUTCOMES)
def test_an_outcome_of_another_form_is_refused(
    name: str, value: object, message: str, path: Path, tmp_path: Path
) -> None:
    changed = forged(path, tmp_path / "run.jsonl", 3, lambda body: body.update({name: value}))
    with pytest.raises(BadRecord) as found:
        read(changed)
    assert f"run.jsonl:3: {message}" in str(found.value)


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_other_json_is_refused_in_words(line: str, tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text(f"{line}\n")
    with pytest.raises(BadRecord, match="no line of a record: expected a JSON object with a hash"):
        read(tmp_path / "run.jsonl")
