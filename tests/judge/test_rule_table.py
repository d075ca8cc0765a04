"""The table of rules and the pages that show it are one, and the specification has the number of each."""

import re

from crossvault.judge.table import RULES
from places import ROOT

PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf8")
SPECIFICATION = (ROOT / "contracts" / "README.md").read_text(encoding="utf8")


def test_the_page_shows_the_table() -> None:
    shown = re.findall(r"^\| (V\d+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert shown == sorted(((each.number, each.sentence, each.cost) for each in RULES), key=_place)


def _place(row: tuple[str, str, str]) -> int:
    return int(row[0][1:])


def test_the_specification_has_every_rule() -> None:
    section = SPECIFICATION.partition("## Invariants")[2].partition("\n## ")[0]
    assert sorted({each.number for each in RULES} - set(re.findall(r"V\d+", section))) == []


def test_every_rule_has_a_sentence_and_a_cost() -> None:
    assert [each.number for each in RULES if not (each.sentence.endswith(".") and each.cost)] == []


def test_the_readme_counts_the_rules() -> None:
    count = len({each.number for each in RULES})
    assert f"[{count} rules](docs/rules.md)" in (ROOT / "README.md").read_text(encoding="utf8")
