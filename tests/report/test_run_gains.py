"""Who gained and who lost, as a run shows it: what is shown adds up, and nothing is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

import crossvault as cv
from crossvault.history.gain_flows import SOURCES, GainFlow, PersonGain, RunGains, person
from crossvault.report import run_gains
from crossvault.scenario import load
from gained import gained
from small_scenarios import ACTORS, HEAD, PRICES, scenario_file

WAD = 10**18


def shown(parts: Iterable[RenderableType], width: int) -> list[str]:
    """The lines of some parts of a page, none wider than it."""
    console = Console(width=width, highlight=False)
    with console.capture() as text:
        for part in parts:
            console.print(part)
    lines = [line.rstrip() for line in text.get().splitlines()]
    assert max(map(len, lines), default=0) <= width
    return lines


@pytest.mark.parametrize("width", [80, 40])
def test_the_text_has_every_person_and_flow_uncut(width: int) -> None:
    lines = shown(run_gains.tables(gained(load("first-liquidation")).gains), width)
    for number in ("50,800.00", "-831.25", "1,168.75", "-1,000.00", "18.75", "12.50"):
        assert any(re.search(rf"(?<![\d,.-]){re.escape(number)}(?![\d,.])", line) for line in lines), number


def test_a_single_person_has_no_table(tmp_path: Path) -> None:
    alone = ACTORS.replace("kind: maker", "kind: maker, person: alice")
    ran = cv.run(scenario_file(tmp_path, HEAD + PRICES + alone), chain=False)
    assert "who gained" not in str(ran)
    assert list(ran.to_dict()["gains"]["persons"]) == ["alice"]
    assert "who gained" in str(cv.run("quickstart", chain=False))


def test_the_document_adds_up() -> None:
    found = cv.run("short-strangle-into-crash", chain=False).to_dict()["gains"]
    assert len(found["persons"]) > 2 and {each["source"] for each in found["flows"]} <= set(SOURCES)
    for name, each in found["persons"].items():
        gain = int(each["worth_wad"]) - int(each["paid_in_wad"]) + int(each["taken_out_wad"])
        assert int(each["gain_wad"]) == gain == sum(map(int, each["sources"].values()))
        for source, amount in each["sources"].items():
            paid = {"payee": 0, "payer": 0}
            for flow in found["flows"]:
                for side in paid:
                    if flow["source"] == source and (flow[f"{side}_kind"], flow[side]) == ("person", name):
                        paid[side] += int(flow["amount_wad"])
            assert paid["payee"] - paid["payer"] == int(amount)


def test_many_persons_are_summed_up() -> None:
    """20 persons: each loses so many dollars to the one before it; the 8 of least gain are one row."""
    losses = [3**n * WAD for n in range(20)]
    flows = tuple(
        GainFlow("trades", person(f"p{n + 1}"), person(f"p{n}"), loss) for n, loss in enumerate(losses[:-1])
    )  # fmt: skip
    gains = [(losses[n] if n < 19 else 0) - (losses[n - 1] if n else 0) for n in range(20)]
    found = RunGains(tuple(PersonGain(f"p{n}", 0, 0, gain) for n, gain in enumerate(gains)), flows, 0)
    assert not found.imbalances()
    text = "\n".join(shown(run_gains.tables(found), 80))
    rest = sum(sorted(gains, key=abs)[:8]) // WAD
    assert re.search(rf"^8 more +0\.00 +0\.00 +{rest:,}\.00 +{rest:,}\.00$", text, re.M)
    assert "and 9 more, " in text
