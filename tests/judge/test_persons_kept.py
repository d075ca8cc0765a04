"""Persons of a story go with it: into its record, its explanation and its smallest story."""

from pathlib import Path

import pytest

from cli import start

STORY = """
name: sybil
about: Of two accounts of one person the winner leaves before the deficit of the loser is noted.
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
prices:
  ETH: {at: {+0h: "2,000 USD", +1h: "1,500 USD"}}
actors:
  lender: {kind: maker, deposits: ["100,000 USDC"]}
  long: {person: mallory, deposits: ["20,000 USDC"], positions: {ETH-PERP: 100 ETH}, against: short}
  short: {person: mallory, deposits: ["20,000 USDC"]}
steps:
  # long has 20,000 - 50,000 = -30,000; short has 70,000, of which 55,000 are free at 10 % of 150,000
  - {at: +1h, do: withdraw, account: short, amount: "55,000 USDC"}
"""


@pytest.mark.slow
def test_a_broken_rule_is_recorded_explained_and_shrunk(tmp_path: Path) -> None:
    (tmp_path / "sybil.scenario.yaml").write_text(STORY)
    ran = start("run", "sybil.scenario.yaml", "--judge", "strict", "--record", "r.jsonl", folder=tmp_path)
    assert ran.returncode == 1 and "RULE V17 BROKEN" in ran.stdout
    assert "11,785.71 USDC" in ran.stdout  # of the deficit the part of 55,000 in the 140,000 that there are
    written = (tmp_path / "r.jsonl").read_text()
    assert '"persons":{"long":"mallory","short":"mallory"}' in written.replace(" ", "")
    number = len(written.splitlines()) - 2  # less the header and the end
    explained = start("explain", "r.jsonl", str(number), folder=tmp_path)
    assert explained.returncode == 1 and "RULE V17 BROKEN" in explained.stdout
    words = ("r.jsonl", "--judge", "strict", "--time", "20s", "--out", "s.repro.yaml")
    shrunk = start("shrink", *words, folder=tmp_path)
    assert shrunk.returncode == 1 and "V17" in shrunk.stdout
    assert "mallory" in (tmp_path / "s.repro.yaml").read_text()
