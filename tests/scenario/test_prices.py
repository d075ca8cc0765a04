"""Prices from files: exact, in order, published when known; an error names its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossvault.differential.story import Story
from crossvault.lockstep.run import RunResult
from crossvault.report.console import RunPage
from crossvault.report.run import RunSummary
from crossvault.report.run_json import document
from crossvault.report.run_watch import RunWatch
from crossvault.scenario import ScenarioError, load
from small_scenarios import ACTORS, HEAD, LINE, START, play, problems, scenario_file
from widths import drawn

CSV = """\
timestamp,venue,market,symbol,interval_s,open,high,low,close,volume
1704067200,here,spot,ETHUSD,3600,200,205,190,201,1
1704070800,here,spot,ETHUSD,3600,201,207,195,196,1
"""


def test_a_column_is_published_when_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(CSV, encoding="utf8")
    expected = {
        "column: open": [(START, 200), (START + 3600, 201)],
        "column: close": [(START + 3600, 201), (START + 7200, 196)],
        "path: ohlc, until: +1h": [
            (START, 200), (START + 900, 190), (START + 1800, 205), (START + 2700, 201), (START + 3600, 201),
        ],
    }  # fmt: skip
    for how, prints in expected.items():
        head = HEAD.replace("T00:00:00Z", "T01:00:00Z") if "close" in how else HEAD
        story = load(scenario_file(tmp_path, head + f"prices: {{ETH: {{file: bars.csv, {how}, lag: 1m}}}}\n"))
        steps = [step for step, _ in play(story)[1] if step.action == "publish_price"]
        assert [(step.at, step.args["index_wad"]) for step in steps] == [(at, usd * 10**18) for at, usd in prints]
        assert all(step.args["published_at"] == step.at - 60 for step in steps)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (",205,", ",abc,", "bars.csv:2: high: 'abc' is not a decimal number"),
        (",205,", ",0,", "bars.csv:2: high: '0' is not a price"),
        (",205,", ",,", "bars.csv:2: high: '' is not a decimal number"),
        (",205,", ",205.0000000000000000001,", "bars.csv:2: high: 205.0000000000000000001 has 19 decimals"),
        (",205,", ",199,", "bars.csv:2: open and close are not between low and high"),
        ("1704070800", "1704067200", "bars.csv:3: timestamp 1704067200 does not come after 1704067200"),
        ("1704070800", "17040708.5", "bars.csv:3: timestamp: '17040708.5' is not a whole number of seconds"),
        ("1704067200", "1704067200000", "bars.csv:2: timestamp: '1704067200000' is in milliseconds: expected unix sec"),
        ("1704067200", "1704067200000000", "bars.csv:2: timestamp: '1704067200000000' is in microseconds: expected un"),
        ("1704067200", "2024-01-01 00:00", "bars.csv:2: timestamp: '2024-01-01 00:00' is not a whole number of second"),
        ("1704067200", "999999999999", "bars.csv:2: timestamp: '999999999999' is in milliseconds"),
        ("1704070800", "1704070000", "bars.csv:3: timestamp 1704070000 is inside the bar before it: 1704067200 with"),
        (",3600,", ",0,", "bars.csv:2: interval_s: '0': expected more than 0 seconds and at most 10 years"),
        (",3600,", ",3600000000,", "bars.csv:2: interval_s: '3600000000': expected more than 0 seconds and at most"),
        (",205,", ",205,5,", "bars.csv:2: column 11: '1' is beyond the 10 columns of the header; a number with a deci"),
        (",201,1", ",201,1,more", "bars.csv:2: column 11: 'more' is beyond the 10 columns of the header"),
        (",201,1\n", ",201\n", "bars.csv:2: column 10: 'volume' is missing: 9 cells for 10 columns"),
        (
            ",205,",
            ',"205,5",',
            "bars.csv:2: high: '205,5' is not a decimal number: it has a decimal comma: expected 205.5",
        ),
        (
            ",205,",
            ',"1.205,5",',
            "bars.csv:2: high: '1.205,5' is not a decimal number: it has a decimal comma: expected 1205",
        ),
        (
            ",205,",
            ',"1,205.5",',
            "bars.csv:2: high: '1,205.5' is not a decimal number: it has separators of thousands: exp",
        ),
        (
            ",205,",
            ',"1,205",',
            "bars.csv:2: high: '1,205' is not a decimal number: its comma is a decimal one or separates",
        ),
        (",205,", ',"205"5,', "bars.csv:2: cannot be read: ',' expected after '\"'"),
        (",high,", ",open,", "bars.csv:1: column 'high' is missing"),
        (",volume", ",high", "bars.csv:1: column 10: 'high' appears twice"),
        ("timestamp,venue,market,", "timestamp;venue;market;", "bars.csv:1: column 'timestamp' is missing"),
        (",close,", ",last,", "bars.csv:1: column 'close' is missing"),
        ("1704070800,here", "1704070800,there", "bars.csv:3: two series match"),
        ("ETHUSD", "BTCUSD", "no row of bars.csv has symbol=ETHUSD; symbol: did you mean 'BTCUSD'?"),
    ],
)
def test_wrong_bars(tmp_path: Path, old: str, new: str, problem: str) -> None:
    (tmp_path / "bars.csv").write_text(CSV.replace(old, new), encoding="utf8")
    path = scenario_file(tmp_path, HEAD + "prices:\n  ETH: {file: bars.csv, column: open, where: {symbol: ETHUSD}}\n")
    with pytest.raises(ScenarioError) as wrong:
        load(path)
    assert str(wrong.value).startswith(f"{path}:{LINE + 1}: prices.ETH.file: {problem}")


def test_other_delimiters_and_encodings_are_named(tmp_path: Path) -> None:
    path = scenario_file(tmp_path, HEAD + "prices: {ETH: {file: bars.csv, column: open}}\n")
    for data, problem in (
        (CSV.replace(",", ";").encode(), "bars.csv:1: the columns are separated by ';': expected ','"),
        (CSV.replace(",", "\t").encode(), "bars.csv:1: the columns are separated by a tab: expected ','"),
        (CSV.encode("utf-16"), "bars.csv: is not text in UTF-8"),
    ):
        (tmp_path / "bars.csv").write_bytes(data)
        assert problems(path) == [f":{LINE}: prices.ETH.file: {problem}"]


def prices_of(story: Story) -> list[int]:
    """The indices that a story publishes [wad]."""
    return [step.args["index_wad"] for step, _ in play(story)[1] if step.action == "publish_price"]


def test_a_byte_order_mark_is_taken(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(CSV, encoding="utf-8-sig")
    story = load(scenario_file(tmp_path, HEAD + "prices: {ETH: {file: bars.csv, column: open}}\n"))
    assert prices_of(story) == [200 * 10**18, 201 * 10**18]


ROW = "{at},here,spot,ETHUSD,3600,200,205,190,201,1\n"


@pytest.mark.parametrize(
    ("hours", "span", "expected"),
    [
        ((0, 1, 2, 3), "", []),
        ((0, 1, 9), "", ["no bars from 2024-01-01T02:00:00Z to 2024-01-01T09:00:00Z (7 missing)"]),
        ((0, 1, 9), ", until: +2h", []),
        ((0, 1), ", until: +5h", ["no bars from 2024-01-01T02:00:00Z to 2024-01-01T05:00:00Z (3 missing)"]),
        (range(0, 12, 2), "", [f"no bars from 2024-01-01T0{hour}" for hour in (1, 3, 5)] + ["and 2 more gaps"]),
    ],
)
def test_a_gap_is_named_and_plays(tmp_path: Path, hours: Sequence[int], span: str, expected: list[str]) -> None:
    rows = "".join(ROW.format(at=START + 3600 * hour) for hour in hours)
    (tmp_path / "bars.csv").write_text(CSV.splitlines(keepends=True)[0] + rows, encoding="utf8")
    path = scenario_file(tmp_path, HEAD + f"prices: {{ETH: {{file: bars.csv, column: open{span}}}}}\n")
    warnings = load(path).warnings
    assert len(warnings) == len(expected)
    for warning, start in zip(warnings, expected, strict=True):
        assert warning.startswith(f"{path}:{LINE}: prices.ETH.file: bars.csv: {start}")
    assert prices_of(load(path))


def test_a_run_shows_the_warning() -> None:
    story = load("quickstart")
    ran = RunPage(replace(story, warnings=("a.yaml:1: prices.ETH.file: no bars",)), RunWatch(), RunResult())
    assert "warning: a.yaml:1: prices.ETH.file: no bars" in drawn(RunSummary(ran), 100)
    assert document(ran)["warnings"] == ["a.yaml:1: prices.ETH.file: no bars"]


@pytest.mark.parametrize(("unit", "zone"), [("s", None), ("ms", "UTC"), ("us", "Europe/Zurich"), ("ns", None)])
def test_timestamps_of_parquet_are_seconds(tmp_path: Path, unit: str, zone: str | None) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    write_parquet(tmp_path, timestamp=pyarrow.timestamp(unit, zone), interval_s=pyarrow.duration(unit))
    story = load(scenario_file(tmp_path, HEAD + "prices: {ETH: {file: bars.parquet, column: open}}\n"))
    assert prices_of(story) == [200 * 10**18, 201 * 10**18]


def test_parquet_names_the_row(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    path = scenario_file(tmp_path, HEAD + "prices: {ETH: {file: bars.parquet, column: open}}\n")
    write_parquet(tmp_path, pyarrow.timestamp("ms"), ticks=1704067200500)
    assert problems(path) == [
        f":{LINE}: prices.ETH.file: bars.parquet: row 1: timestamp: '1704067200.500' is not a whole number of seconds"
    ]
    write_parquet(tmp_path, pyarrow.int64(), ticks=1704067200500)
    assert "row 1: timestamp: '1704067200500' is in milliseconds: expected unix seconds, here 17" in problems(path)[0]
    write_parquet(tmp_path, pyarrow.int64(), ticks=None)
    assert "row 1: timestamp: '' is not a whole number of seconds" in problems(path)[0]


def write_parquet(folder: Path, timestamp: Any, interval_s: Any = None, ticks: int | None = START) -> None:
    """Writes the rows of CSV with these types; `ticks` is the first timestamp where it is not that of the rows."""
    import pyarrow
    from pyarrow import parquet

    names, *rows = [line.split(",") for line in CSV.splitlines()]
    texts = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
    columns = {name: pyarrow.array(values) for name, values in texts.items()}
    for name, kind in (("timestamp", timestamp), ("interval_s", interval_s or pyarrow.int64())):
        values: list[int | None] = [int(text) * scale[getattr(kind, "unit", "s")] for text in texts[name]]
        if name == "timestamp" and ticks != START:
            values[0] = ticks
        columns[name] = pyarrow.array(values, kind)
    parquet.write_table(pyarrow.table(columns), folder / "bars.parquet")


def test_parquet_is_read_as_its_shortest_text(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    names, *rows = [line.split(",") for line in CSV.splitlines()]
    kinds: dict[str, type] = dict.fromkeys(names, float) | dict.fromkeys(("venue", "market", "symbol"), str)
    kinds |= {"timestamp": int, "interval_s": int}
    columns = {name: [kinds[name](row[i]) for row in rows] for i, name in enumerate(names)}
    columns["open"] = [190.1, 201.3]
    columns["low"] = [190.1, 195.0]
    parquet.write_table(pyarrow.table(columns), tmp_path / "bars.parquet")
    story = load(scenario_file(tmp_path, HEAD + "prices: {ETH: {file: bars.parquet, column: open}}\n"))
    prints = [step.args["index_wad"] for step, _ in play(story)[1] if step.action == "publish_price"]
    assert prints == [1901 * 10**17, 2013 * 10**17]


def test_a_price_that_lags_is_stale(tmp_path: Path) -> None:
    late = "prices: {ETH: {every: 1h, values: [200 USD, 220 USD], lag: 3h}}\n"
    trade = "do: trade, maker: maker, taker: alice, instrument: ETH-PERP, size: 1 ETH"
    refused = "{StalePrice: {underlying: ETH, published at: '2023-12-31T21:00:00Z', heartbeat secs: 2h}}"
    play(
        load(
            scenario_file(tmp_path, HEAD + late + ACTORS + f"steps:\n  - {{{trade}, expect: {{refused: {refused}}}}}\n")
        )
    )
