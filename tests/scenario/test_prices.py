"""Prices from files: exact, in order, published when known; an error names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossvault.scenario import ScenarioError, load
from small_scenarios import ACTORS, HEAD, LINE, START, play, scenario_file

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
