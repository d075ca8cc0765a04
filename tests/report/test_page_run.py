"""The page of a run: its numbers are those of the record, and a difference is shown with both sides."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossvault.history.playback import Playback
from crossvault.history.table_schema import ACCOUNTS, GAINS, PERSONS
from crossvault.lockstep.record import RecordStream, read
from crossvault.report.page import page_text
from crossvault.report.page_data import unpacked
from crossvault.report.page_history import RunHistory
from crossvault.report.page_pair import pair_page, parting
from crossvault.report.page_run import run_page
from crossvault.scenario import load
from recorded import differing, recorded

STORY = "short-strangle-into-crash"  # options, an auction, insurance: something for every part


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(load(STORY), tmp_path_factory.mktemp("page") / "run.jsonl")


@pytest.fixture(scope="module")
def text(path: Path) -> str:
    return page_of(path)


def page_of(path: Path) -> str:
    return "".join(page_text(run_page(RunHistory(path, lambda steps: None), f"crossvault report {path}")))


def parts(text: str) -> list[dict[str, Any]]:
    """What the script draws, in the order of the page."""
    blocks = dict(re.findall(r'<script type="text/plain" id="(d\d+)">(.*?)<', text))
    return [unpacked(blocks[name]) for name in re.findall(r'data-block="(d\d+)"', text)]


def part(text: str, title: str) -> dict[str, Any]:
    return next(each for each in parts(text) if str(each.get("title")).startswith(title))


def wads(text: str | None) -> int | None:
    """The integer of exact decimal text, by moving the point 18 places."""
    if text is None:
        return None
    whole, _, rest = text.partition(".")
    return int(whole + rest.ljust(18, "0"))


def test_a_hundred_numbers_of_the_page_are_those_of_the_record(path: Path, text: str) -> None:
    stems = ("equity", "maintenance_requirement", "initial_requirement", "maintenance_margin_balance")
    expected: dict[tuple[str, str, int], set[int]] = {}
    for row in (row for table, row in Playback(path).rows() if table == ACCOUNTS.name):
        for stem in stems:
            expected.setdefault((row[2], stem.replace("_", " "), row[1]), set()).add(row[ACCOUNTS.place(stem)])
    panels = re.findall(r'data-name="(\w+)".*?data-block="(d\d+)"', text, re.S)
    blocks = dict(re.findall(r'<script type="text/plain" id="(d\d+)">(.*?)<', text))
    shown = [
        (name, line["name"], at, wads(value))
        for name, block in panels
        for line in unpacked(blocks[block])["lines"]
        for at, value in zip(line["across"], line["up"], strict=True)
    ]
    chosen = random.Random(1).sample(shown, 100)
    assert [each for each in chosen if each[3] not in expected[each[:3]]] == []


def test_the_gains_of_the_page_are_those_of_the_tables(path: Path, text: str) -> None:
    rows = list(Playback(path, {PERSONS.name, GAINS.name}).rows())
    table = part(text, "Persons, and what is no person")
    heads, columns = [each["name"] for each in table["columns"]], table["data"]
    shown = {row[0]: [wads(each) for each in row[1:]] for row in zip(*columns, strict=True)}
    for row in (row for name, row in rows if name == PERSONS.name):
        name, paid_in, taken_out, worth, gain = row[2:]
        assert shown[name][:4] == [gain, paid_in, taken_out, worth]
        assert sum(each or 0 for each in shown[name][4:]) == gain
    assert sum(row[0] for row in shown.values() if row[0]) == 0
    flows = [tuple(row[3:]) for name, row in rows if name == GAINS.name and row[2] != "rounding"]
    drawn = part(text, "Losses left, gains right")
    assert drawn["by_purpose"] and {each[3] for each in drawn["payments"]} <= set(heads)
    assert [(each[0], each[1], wads(each[2])) for each in drawn["payments"]] == [
        (payer, payee, amount) for _, payer, _, payee, amount in flows
    ]


def test_prices_of_the_page_are_those_that_were_published(path: Path, text: str) -> None:
    bodies = [json.loads(line) for line in path.read_text().splitlines()[1:-1]]
    published = [(body["at"], body["args"]["index_wad"]) for body in bodies if body["action"] == "publish_price"]
    [line] = [each for each in part(text, "Prices of ETH")["lines"] if each["name"] == "index"]
    shown = [(at, str(wads(value))) for at, value in zip(line["across"], line["up"], strict=True)]
    assert len(shown) > 3 and set(shown) <= set(published)


def test_the_steps_are_those_of_the_record_with_every_digit(path: Path, text: str) -> None:
    steps = next(each for each in parts(text) if each.get("title") == "Every step")
    blocks = dict(re.findall(r'<script type="text/plain" id="(d\d+)">(.*?)<', text))
    details = [detail for name in steps["chunks"] for detail in unpacked(blocks[name])]
    lists, columns = steps["lists"], steps["columns"]
    lines = list(RecordStream(path).lines())
    assert len(lines) == len(details) == len(columns["at"])
    for line, detail, at, door in zip(lines, details, columns["at"], columns["door"], strict=True):
        assert (line.step.at, line.step.action) == (at, lists["door"][door])
        assert [name for name, _ in detail["events"]] == [name for name, _ in line.body["model"]["events"]]
    bid = next(number for number, line in enumerate(lines) if line.step.action == "bid")
    deal = next(values[5] for name, values in lines[bid].body["model"]["events"] if name == "Bid")
    fields = dict(details[bid]["events"])["Bid"]
    assert str(wads(fields["deal.cost"])) == deal["cost_wad"] and str(wads(fields["deal.taken"])) == deal["taken_wad"]
    account = lines[bid].body["model"]["state"]["accounts"][0]
    after = {row[0]: row[-1] for row in details[bid]["state"]}
    assert str(wads(after[f"{account['account']}: cash principal"])) == account["image"]["principal"]


def test_the_state_before_a_step_is_the_state_after_the_last_that_changed_it(text: str) -> None:
    steps = next(each for each in parts(text) if each.get("title") == "Every step")
    blocks = dict(re.findall(r'<script type="text/plain" id="(d\d+)">(.*?)<', text))
    last: dict[str, str] = {}
    for detail in (each for name in steps["chunks"] for each in unpacked(blocks[name])):
        for field, before, *after in detail["state"]:
            assert last.get(field, "none") == before
            last[field] = after[0] if after else before


def test_the_page_names_scenario_versions_hashes_and_how_to_run_it_again(path: Path, text: str) -> None:
    record = read(path)
    for value in (
        STORY,
        record.header["contracts"],
        record.header["versions"]["solc"],
        json.loads(record.lines[-1])["hash"],
    ):
        assert value in text or json.loads(path.read_text().splitlines()[-1])["hash"] in text
    assert f"crossvault replay {path}" in text and "steps compared, no difference" in text


def test_the_first_difference_is_shown_with_both_sides(path: Path, tmp_path: Path) -> None:
    number = differing(path, out := tmp_path / "differs.jsonl")
    text = page_of(out)
    assert f"chain and model differ at step {number}" in text and f"First difference: step {number}" in text
    sides = part(text, "Both sides")["data"]
    assert sides[0] == ["insurance"]
    chain, model = (wads(column[0]) for column in sides[1:])
    assert chain is not None and model is not None and chain - model == 1
    steps = next(each for each in parts(text) if each.get("title") == "Every step")
    assert any(each.startswith("differs") for each in steps["lists"]["result"])


def test_two_runs_show_where_they_part(path: Path, tmp_path: Path) -> None:
    story = load(STORY)
    other = recorded(replace(story, name="cut short"), tmp_path / "other.jsonl", most=len(read(path).steps) - 2)
    found = parting(path, other)
    assert found is not None and found.step == len(read(path).steps) - 1 and found.steps[1] == "no further step"
    assert parting(path, path) is None
    histories = [RunHistory(each, lambda steps: None, key) for each, key in ((path, "step"), (other, "step-b"))]
    text = "".join(page_text(pair_page(histories, "crossvault report A B")))
    assert f"they part at step {found.step}" in text and text.count('class="part steps"') == 2
    assert 'data-key="step-b"' in text


def test_a_name_of_a_story_cannot_break_the_page(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    story = replace(load("quickstart"), name=evil, about=f"{evil} & co")
    text = page_of(recorded(story, tmp_path / "evil.jsonl"))
    assert evil not in text and text.count("<script>") == 1 and "&lt;script&gt;alert(1)" in text
