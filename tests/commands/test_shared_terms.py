"""One account by `run`, `explain`, `audit` and `margin`: every term of the glossary is one number, to the wei."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from audits import AuditedVault, words
from crossvault.__main__ import main
from crossvault.lockstep import record
from crossvault.mirror.fixed import WAD
from crossvault.report.figures import ratio, usd
from crossvault.report.margin_terms import HEADS, MarginTerms

STORY = """\
name: terms
about: A short against ether that is collateral, in standard mode, and a long in portfolio mode, after a rise.
starts: 2026-03-02T08:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 15 %, start: 98 %, knee: 80 %, fast: 15m, slow: 4h, insolvent: 30m}
  margin rules: crossvault
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 19.5 %, maintenance margin: 13 %,
          portfolio: crossvault}
  collaterals:
    WETH: {decimals: 18, underlying: ETH, haircut initial: 20 %, haircut maintenance: 15 %}
prices: {ETH: {every: 1h, values: ["2,000 USD", "2,250 USD"]}}
actors:
  maker: {kind: maker, deposits: ["90,000 USDC"]}
  alice: {deposits: ["4,900 USDC", 2 WETH], wallet: [100 USDC], positions: {ETH-PERP: -15 ETH}}
  carol: {deposits: ["4,900 USDC"], wallet: [100 USDC]}
steps:
  - {do: set mode, account: carol, mode: portfolio}
  - {do: trade, maker: maker, taker: carol, instrument: ETH-PERP, size: 8 ETH}
  - {at: +1h, do: deposit, account: alice, amount: 100 USDC}
  - {do: deposit, account: carol, amount: 100 USDC}
"""
# the same accounts as portfolios: what the rise of 250 has won or lost is cash in them
PORTFOLIO = """\
name: terms
at: 2026-03-02T09:00:00Z
prices: {ETH: {index: "2,250 USD"}}
"""
ALICE = """\
cash: 1,250 USDC
collateral: {WETH: {amount: 2 WETH, underlying: ETH, haircut initial: 20 %, haircut maintenance: 15 %}}
positions: {ETH-PERP: -15 ETH}
"""
CAROL = """\
cash: 7,000 USDC
positions: {ETH-PERP: 8 ETH}
"""

# on paper, in cents. alice: cash 5,000 - 15 · 250; WETH 4,500, at 80 % and 85 %; 19.5 % and 13 % of 33,750
# carol: cash 5,000 + 8 · 250; 19.5 % of 18,000 and 1.1 %; 67 % of 19.5 % and 0.6 %
PAPER_CENTS = {
    "alice": MarginTerms(5_750_00, 4_850_00, 6_581_25, -1_731_25, 0, 5_075_00, 4_387_50, 687_50, 0),
    "carol": MarginTerms(7_000_00, 7_000_00, 3_708_00, 3_292_00, 3_292_00, 7_000_00, 2_459_70, 4_540_30, 0),
}
CENT = WAD // 100
HEALTH = {"alice": 5_075 * WAD * 100 // 4_387_50, "carol": 7_000 * WAD * 100 // 2_459_70}

Terms = dict[str, int]


class Shown(NamedTuple):
    """The terms of an account by each command that shows them as JSON, and the texts of two."""

    documents: dict[str, Terms]
    gauges: dict[str, float]
    texts: dict[str, str]


def terms(document: Mapping[str, Any]) -> Terms:
    """The shared terms of one JSON object; each of them is in it."""
    return {name: int(document[name]) for name in MarginTerms._fields}


def output(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    """The standard output of a command that succeeds."""
    assert main(list(line)) == 0
    return capsys.readouterr().out


def run_and_explain(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Terms]]:
    """The accounts by name, as `run` ends with them and as `explain` has them after the step of each."""
    kept = path.with_suffix(".jsonl")
    ran = json.loads(output(capsys, "run", str(path), "--json", "--record", str(kept)))
    found = {name: {"run": terms(ran["accounts"][name])} for name in PAPER_CENTS}
    last = len(record.read(kept).steps)
    for step, name in ((last - 1, "alice"), (last, "carol")):
        explained = json.loads(output(capsys, "explain", str(kept), str(step), "--json"))["accounts"][name]
        found[name]["explain"] = terms(explained["metrics"]["after"])
        for level in ("initial", "maintenance"):
            statement = explained["margin"][level]
            parts = {key: int(statement[key]) for key in statement if key.endswith("_wad")}
            assert parts.items() <= found[name]["explain"].items() and len(parts) == 3
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("terms")
    (found / "terms.scenario.yaml").write_text(STORY, encoding="utf8")
    (found / "alice.yaml").write_text(PORTFOLIO + ALICE, encoding="utf8")
    (found / "carol.yaml").write_text(PORTFOLIO + CAROL, encoding="utf8")
    return found


@pytest.fixture
def shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[dict[str, Shown]]:
    """Both accounts by every command."""
    documents = run_and_explain(folder / "terms.scenario.yaml", capsys)
    read = record.read(folder / "terms.scenario.jsonl")
    node = AuditedVault(read.story().world)
    try:
        node.mine(read.steps)
        more = ["--metrics-file", str(folder / "terms.prom")]
        line = words(node.url, node.vault, folder / "terms.checkpoint", *more)
        audited = {each["account"]: each for each in json.loads(output(capsys, *line, "--json"))["accounts"]}
        text = output(capsys, *line)
        addresses = {name: node.names.address(name) for name in PAPER_CENTS}
    finally:
        node.close()
    found = {}
    for name, method in (("alice", "standard"), ("carol", "crossvault")):
        portfolio = [str(folder / f"{name}.yaml"), "--method", method]
        methods = json.loads(output(capsys, "margin", *portfolio, "--json"))["methods"]
        documents[name]["margin"] = terms(next(each for each in methods if each["method"] == method))
        documents[name]["audit"] = terms(audited[f"{addresses[name]}"])
        texts = {"audit": text, "margin": output(capsys, "margin", *portfolio)}
        found[name] = Shown(documents[name], gauges((folder / "terms.prom").read_text(), addresses[name]), texts)
    yield found


def gauges(text: str, account: str) -> dict[str, float]:
    """The metrics of an account, by name."""
    rows = re.findall(r'^crossvault_account_(\w+)\{account="(\w+)"\} (\S+)$', text, re.MULTILINE)
    return {name: float(value) for name, of, value in rows if of == account}


def row(text: str, first: str, start: str) -> dict[str, str]:
    """A row of a table by its heads: of the table whose first head is `first`, the row that starts with `start`."""
    lines = text.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith(f"{first}  "))
    below = next(line for line in lines[head:] if line.startswith(start))
    return dict(zip(re.split(r"\s{2,}", lines[head].strip()), re.split(r"\s{2,}", below.strip()), strict=True))


def wrong(row: Mapping[str, str], expected: Terms) -> Sequence[str]:
    """The heads of a row that show something else than the term they name."""
    named = {HEADS[name]: name for name in HEADS if HEADS[name] in row}
    assert named
    texts = {head: ratio(expected[name]) if head == "health" else usd(expected[name]) for head, name in named.items()}
    return [f"{head}: {row[head]}, not {text}" for head, text in texts.items() if row[head] != text]


@pytest.mark.slow
def test_every_command_shows_one_account_alike(shown: dict[str, Shown]) -> None:
    for name, paper in PAPER_CENTS.items():
        expected = {field: cents * CENT for field, cents in paper._asdict().items()}
        expected["health_wad"] = HEALTH[name]
        assert set(shown[name].documents) == {"run", "explain", "audit", "margin"}
        for command, found in shown[name].documents.items():
            assert found == expected, f"{name} by {command}"
        for field, wad in expected.items():
            assert shown[name].gauges[field.removesuffix("_wad")] == wad / WAD
        method = "standard" if name == "alice" else "crossvault"
        for first in ("initial margin", "maintenance margin"):
            assert not wrong(row(shown[name].texts["margin"], first, method), expected)
        account = next(line for line in shown[name].texts["audit"].splitlines() if usd(expected["equity_wad"]) in line)
        assert not wrong(row(shown[name].texts["audit"], "account", account.split()[0]), expected)
