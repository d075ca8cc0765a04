"""Persons of a story go with it: into its record, its explanation and its smallest story."""

from pathlib import Path

import pytest

from cli import start

STORY = """
name: sybil
about: A failing account closes to its own twin below the mark, and is left in debt.
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
prices:
  ETH: {at: {+0h: "2,000 USD", +1h: "1,840 USD"}}
actors:
  lender: {kind: maker, deposits: ["100,000 USDC"]}
  long: {person: mallory, deposits: ["20,000 USDC"], positions: {ETH-PERP: 100 ETH}, against: short}
  short: {person: mallory, deposits: ["20,000 USDC"]}
steps:
  # -8 %: long has 20,000 - 16,000 = 4,000; closing 100 at 1,748 instead of 1,840 costs it 9,200, which short gains
  - {at: +1h, do: trade, maker: long, taker: short, instrument: ETH-PERP, size: 100 ETH, price: "1,748 USD"}
"""


@pytest.mark.slow
def test_a_broken_rule_is_recorded_explained_and_shrunk(tmp_path: Path) -> None:
    (tmp_path / "sybil.scenario.yaml").write_text(STORY)
    ran = start("run", "sybil.scenario.yaml", "--judge", "strict", "--record", "r.jsonl", folder=tmp_path)
    assert ran.returncode == 1 and "RULE V15 BROKEN" in ran.stdout and "5,200.00 USDC" in ran.stdout
    written = (tmp_path / "r.jsonl").read_text()
    assert '"persons":{"long":"mallory","short":"mallory"}' in written.replace(" ", "")
    number = len(written.splitlines()) - 2  # less the header and the end
    explained = start("explain", "r.jsonl", str(number), folder=tmp_path)
    assert explained.returncode == 1 and "RULE V15 BROKEN" in explained.stdout
    words = ("r.jsonl", "--judge", "strict", "--time", "20s", "--out", "s.repro.yaml")
    shrunk = start("shrink", *words, folder=tmp_path)
    assert shrunk.returncode == 1 and "V15" in shrunk.stdout
    assert "mallory" in (tmp_path / "s.repro.yaml").read_text()
