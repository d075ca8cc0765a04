"""Pages of commands: every number of the document is on the page, and the page loads nothing."""

import json
from pathlib import Path

import pytest

from crossvault.__main__ import main
from crossvault.differential.ending import DONE, USAGE
from crossvault.report.page_data import exact
from pages import shown


@pytest.mark.parametrize("trade", [[], ["--trade", "ETH-PERP +5"]])
def test_the_page_of_a_portfolio(trade: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "margin.html"
    words = ["margin", "strangle", "--method", "standard", "--method", "crossvault", *trade]
    assert main([*words, "--page", str(out), "--json"]) == DONE
    document = json.loads(capsys.readouterr().out)
    found = document["after"] if trade else document
    page = shown(out.read_text(encoding="utf8"))
    for level in ("initial", "maintenance"):
        required = [exact(int(each[f"{level}_requirement_wad"])) for each in found["methods"]]
        assert page.bars[f"{level} requirement [USDC]"] == required
    scenarios = [row for each in found["methods"] for row in each.get("scenarios", ())]
    assert sorted(page.bars["profit in every scenario [USDC]"]) == sorted(
        exact(int(row["profit_wad"])) for row in scenarios
    )
    assert [row[0] for row in page.tables["positions"]] == [each["instrument"] for each in found["positions"]]
    assert page.loaded == [] and list(tmp_path.iterdir()) == [out]


def test_a_page_that_cannot_be_written_is_refused_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, complaint in (
        ("page.svg", "--page: expected a name that ends in .html, found 'page.svg'; a picture is drawn by --picture"),
        (str(tmp_path / "no" / "page.html"), "no is not a folder"),
    ):
        assert main(["margin", "strangle", "--page", name]) == USAGE
        printed = capsys.readouterr()
        assert complaint in printed.err and not printed.out
