"""The glossary defines each term once, and every shown name of the margin of an account is in it."""

import re
from collections import Counter

from crossvault.mirror.valuation import Metrics
from crossvault.report.audit_gauges import Gauges
from crossvault.report.margin_terms import HEADS, MarginTerms
from places import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf8")


def camel(name: str) -> str:
    """A name as the contracts write it."""
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def names() -> dict[str, list[str]]:
    """The names that are shown, by kind, as the glossary writes them."""
    gauges = [each.name for each in Gauges().registry.collect()]
    terms = [each.removesuffix("_wad") for each in MarginTerms._fields]
    others = [each for each in gauges if each.removeprefix("crossvault_account_") not in terms]
    return {
        "JSON key": [f"`{each}`" for each in MarginTerms._fields],
        "head": [f"| {each} |" for each in HEADS.values()],
        "contract field": [camel(each) for each in Metrics._fields],
        "metric": [f"`{each}`" for each in others],
    }


def cited(text: str) -> list[tuple[str, list[str]]]:
    """The items of contracts that are cited, `File.item.field`: file, and the names that it must have."""
    found = (each.split(".") for each in re.findall(r"`([A-Z][A-Za-z]+(?:\.[A-Za-z]+)+)", text))
    return [("Valuation", each) if each[0] == "Metrics" else (each[0], each[1:]) for each in found]


def missing(text: str) -> list[str]:
    """The cited names that their contract does not have."""
    sources = {path.stem: path.read_text(encoding="utf8") for path in (ROOT / "contracts").glob("*.sol")}
    return [
        f"{file}: {name}"
        for file, names in cited(text)
        for name in names
        if not re.search(rf"\b{name}\b", sources.get(file, ""))
    ]


def defined(text: str) -> Counter[str]:
    """The number of definitions of each term: first cells of the table, and bold words."""
    rows = re.findall(r"^\| ([^|`]+?) \| (?!Unit|-)", text, re.MULTILINE)
    return Counter(each.lower() for each in (*rows, *re.findall(r"\*\*(.+?)\*\*", text)))


def test_every_shown_name_is_in_the_glossary() -> None:
    assert [f"{kind} {each}" for kind, listed in names().items() for each in listed if each not in GLOSSARY] == []


def test_every_term_is_defined_once() -> None:
    found = defined(GLOSSARY)
    assert {"equity", "health", "free collateral", "funding rate", "risk offset"} <= set(found)
    assert [term for term, count in found.items() if count > 1] == []
    assert defined("| equity | quote |\n- **Equity**: again") == {"equity": 2}  # and it can fail


def test_every_cited_item_is_in_its_contract() -> None:
    assert len(cited(GLOSSARY)) > 40
    assert missing(GLOSSARY) == []
    assert missing("`Margin.equity`, `Margin.wealth`") == ["Margin: wealth"]  # and it can fail
