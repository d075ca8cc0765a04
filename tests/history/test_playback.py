"""The rows of a record: what was recorded, and the metrics of the contracts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from crossvault.differential import doors
from crossvault.differential.step import account_id
from crossvault.differential.story import Story
from crossvault.evm.chain import Chain
from crossvault.evm.inprocess import InProcessChain
from crossvault.history.event_names import EVENT_FIELDS
from crossvault.history.playback import OtherOutcome, Playback, rows
from crossvault.history.recorded_difference import first_difference
from crossvault.history.table_schema import BY_NAME, SCHEMA_VERSION, TABLES, suffix
from crossvault.lockstep.record import BadRecord, RecordStream, read
from crossvault.mirror.account import STANDARD
from crossvault.mirror.margin import UNBOUNDED
from crossvault.scenario import load
from recorded import recorded

Tables = dict[str, list[dict[str, Any]]]
STORY = "first-liquidation"


@pytest.fixture(scope="module")
def story() -> Story:
    return load(STORY)


@pytest.fixture(scope="module")
def path(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of the story."""
    return recorded(story, tmp_path_factory.mktemp("history") / "run.jsonl")


def tables(path: Path) -> Tables:
    """The rows of a record by table, values by stem."""
    found: Tables = defaultdict(list)
    for name, row in rows(path):
        stems = [column.stem for column in BY_NAME[name].columns]
        found[name].append(dict(zip(stems, row, strict=True)))
    return found


def test_the_steps_and_events_are_those_of_the_record(path: Path) -> None:
    found, bodies = tables(path), [json.loads(line) for line in path.read_text().splitlines()[1:-1]]
    assert len(found["steps"]) == len(bodies)
    for row, body in zip(found["steps"], bodies, strict=True):
        assert (row["step"], row["at"], row["sender"], row["door"]) == tuple(
            body[k] for k in ("n", "at", "sender", "action")
        )
        assert json.loads(row["arguments"]) == body["args"]
        refused = body["model"]["refusal"]
        assert row["accepted"] == (refused is None)
        assert refused == (None if row["accepted"] else {row["refusal"]: json.loads(row["refusal_arguments"])})
        names = [event["event"] for event in found["events"] if event["step"] == row["step"]]
        assert names == [name for name, _ in body["model"]["events"]] and row["events"] == len(names)


def test_every_row_fits_its_columns(path: Path) -> None:
    kinds = {"integer": int, "wad": int, "ray": int, "text": str, "bool": bool, "time": int}
    for name, row in rows(path):
        for column, value in zip(BY_NAME[name].columns, row, strict=True):
            assert (value is None and column.is_empty) or type(value) is kinds[column.kind], (name, column.stem, value)


@pytest.mark.parametrize("side", [InProcessChain, pytest.param(Chain, marks=pytest.mark.slow)])
def test_the_rows_of_accounts_are_the_metrics_of_the_contracts(side: type[Chain | InProcessChain], path: Path) -> None:
    record, found = read(path), tables(path)
    chain, compared = side(record.story().world), 0
    try:
        for number, step in enumerate(record.steps, start=1):
            chain.play([step])
            for row in [each for each in found["accounts"] if each["step"] == number]:
                account = next(each for each in known(record.steps[:number]) if str(each) == row["account"])
                [metrics] = chain.metrics([account], step.at)
                assert row["equity"] == metrics.equity_wad
                assert row["initial_margin_balance"] == metrics.initial_equity_wad
                assert row["initial_requirement"] == metrics.initial_requirement_wad
                assert row["maintenance_margin_balance"] == metrics.maintenance_equity_wad
                assert row["maintenance_requirement"] == metrics.maintenance_requirement_wad
                assert row["free_collateral"] == metrics.free_collateral_wad
                for stem, value in (("health", metrics.health_wad), ("leverage", metrics.leverage_wad)):
                    assert row[stem] == (None if value == UNBOUNDED else value)
                compared += 1
    finally:
        chain.close()
    assert compared == len(found["accounts"]) >= 10


def known(steps: Any) -> list[Any]:
    """The accounts that steps name."""
    return [account for step in steps for account in step.accounts()]


@pytest.mark.parametrize("name", [STORY, "portfolio-mode", "short-strangle-into-crash"])
def test_the_terms_of_margins_sum_to_the_margins_of_accounts(name: str, tmp_path: Path) -> None:
    found = tables(recorded(load(name), tmp_path / "run.jsonl"))
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in found["margins"]:
        if row["in_force"]:
            sums[row["step"], row["account"], row["level"], row["part"]] += row["value"]
    for row in found["accounts"]:
        for level in ("initial", "maintenance"):
            for part, stem in (("balance", "margin_balance"), ("requirement", "requirement")):
                assert sums[row["step"], row["account"], level, part] == row[f"{level}_{stem}"]


@pytest.mark.slow
def test_margins_by_standard_are_those_of_the_contracts_after_a_change_of_mode(tmp_path: Path) -> None:
    """An account in portfolio mode whose owner changes to standard in the same second, on the contracts."""
    path = recorded(load("portfolio-mode"), tmp_path / "run.jsonl")
    record, sums = read(path), defaultdict[tuple[Any, ...], int](int)
    for row in tables(path)["margins"]:
        sums[row["step"], row["account"], row["method"], row["in_force"], row["level"], row["part"]] += row["value"]
    others = sorted(key[:2] for key in sums if key[2:] == ("standard", False, "initial", "requirement"))
    chain, number, account = InProcessChain(record.story().world), others[-1][0], account_id(others[-1][1])
    try:
        chain.play(record.steps[:number])
        at = record.steps[number - 1].at
        [outcome] = chain.play([doors.set_mode(at, account.owner, account=account, mode=STANDARD)])
        assert outcome.refusal is None
        [found] = chain.metrics([account], at)
    finally:
        chain.close()
    mine = {key[4:]: value for key, value in sums.items() if key[:4] == (number, str(account), "standard", False)}
    assert mine["initial", "balance"] == found.initial_equity_wad
    assert mine["initial", "requirement"] == found.initial_requirement_wad
    assert mine["maintenance", "balance"] == found.maintenance_equity_wad
    assert mine["maintenance", "requirement"] == found.maintenance_requirement_wad


def test_a_position_alone_needs_what_it_needs_on_paper(path: Path) -> None:
    """40 ETH at 180, bought at 200: 10 % and 5 % of 7,200; the loss of 800 is in the equity."""
    found = [row for row in tables(path)["margins"] if (row["account"], row["method"]) == ("alice", "isolated")]
    first = next(row["step"] for row in tables(path)["prices"] if row["price"] == 180 * 10**18)
    terms = {(row["level"], row["term"]): row["value"] // 10**18 for row in found if row["step"] == first}
    assert terms == {
        ("initial", "equity"): 200, ("initial", "position"): 720,
        ("maintenance", "equity"): 200, ("maintenance", "position"): 360,
    }  # fmt: skip


def test_a_price_has_a_row_for_each_account_that_depends_on_it(path: Path) -> None:
    found = tables(path)
    price = next(row for row in found["prices"] if row["price"] == 180 * 10**18)
    reasons = {row["account"]: row["because"] for row in found["accounts"] if row["step"] == price["step"]}
    assert reasons == {"maker": "price", "alice": "price"}


def test_the_names_of_event_values_are_those_of_the_contracts(story: Story) -> None:
    chain = InProcessChain(story.world)
    try:
        fields = {name: names for name, names in chain.event_fields().items() if not name.startswith("EIP")}
    finally:
        chain.close()
    assert dict(EVENT_FIELDS) == fields


def test_names_of_columns_carry_units_and_are_unique() -> None:
    assert SCHEMA_VERSION == 1
    for table in TABLES:
        names = table.names("USDC")
        assert len(set(names)) == len(names)
        for column, name in zip(table.columns, names, strict=True):
            assert name.endswith("_usdc") == (column.unit == "quote")
            assert name.endswith("_utc") == (column.kind == "time")
    assert [suffix(token) for token in ("USDC", "USDC.e", "…")] == ["usdc", "usdc_e", "quote"]


def test_a_record_of_another_model_is_refused(path: Path, tmp_path: Path) -> None:
    """A record whose chain of hashes holds, of a step with another outcome."""
    changed, last = tmp_path / "changed.jsonl", ""
    with changed.open("w") as out:
        for text in path.read_text().splitlines():
            body = json.loads(text.replace('"insurance_wad":"1000000000000000000000"', '"insurance_wad":"1"'))
            body.pop("hash")
            last = sha256((last + json.dumps(body, separators=(",", ":"))).encode()).hexdigest()
            out.write(json.dumps({**body, "hash": last}, separators=(",", ":")) + "\n")
    with pytest.raises(
        OtherOutcome,
        match=r"changed\.jsonl:\d+: step \d+: .*insurance_wad.*: recorded 1; the model of this version gives 1000",
    ):
        list(rows(changed))


def test_a_stream_is_read_with_the_checks_of_a_whole_record(path: Path, tmp_path: Path) -> None:
    whole, stream = read(path), RecordStream(path)
    assert tuple(line.step for line in stream.lines()) == whole.steps
    assert (stream.end, stream.steps, stream.cut) == (whole.end, len(whole.steps), None)
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(path.read_text().splitlines(keepends=True)[:9]) + '{"n":9,"at"')
    assert len({row[0] for name, row in rows(cut) if name == "steps"}) == 8
    playback = Playback(cut)
    assert list(playback.rows()) and playback.stream.cut == read(cut).cut is not None
    lines = path.read_text().splitlines(keepends=True)
    cut.write_text("".join([*lines[:5], *lines[6:]]))
    with pytest.raises(BadRecord, match=r"cut\.jsonl:6: hash"):
        list(rows(cut))


def test_the_first_difference_is_a_field_though_the_chain_has_structs_without_names() -> None:
    deal = {"taken_wad": "238805092170733763", "cost_wad": "1924110861921579075595", "ended": True}
    state = {"globals": {"paused": False}, "accounts": [{"account": "kai", "image": {"principal": "5", "entries": []}}]}
    model = {"refusal": None, "events": [["Bid", ["lin", "kai", "lin", "1", "2", deal, "a", "b"]]], "state": state}
    chain = json.loads(json.dumps(model))
    chain["events"][0][1][5] = ["238805092170733763", "1924110861921579075594", True]
    found = first_difference({"chain": chain, "model": model})
    assert found == ("Bid.deal.cost_wad", "1924110861921579075594", "1924110861921579075595")
    chain = {**json.loads(json.dumps(model)), "state": {**state, "accounts": [{"account": "kai", "image": ["6", []]}]}}
    assert first_difference({"chain": chain, "model": model}) == ("kai.image.principal", "6", "5")
    chain = {"refusal": {"NotOwner": {"sender": "lin"}}, "events": [], "state": state}
    found = first_difference({"chain": chain, "model": model})
    assert found == ("refusal", '{"NotOwner":{"sender":"lin"}}', "nothing")
    assert first_difference({"chain": "same", "model": model}) is None
