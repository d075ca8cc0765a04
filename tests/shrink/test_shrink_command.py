"""`crossvault shrink` and the pytest plugin, as users meet them: from a run that fails to a repro that passes again."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from cli import start
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.evm.compiler import compile_contracts, contract_sources, standard_input, standard_json
from crossvault.report import shrink_foundry
from crossvault.scenario import load
from crossvault.scenario.repro import Repro
from crossvault.setup import toolchain
from crossvault.shrink.saved import repro
from crossvault.shrink.shrinker import shrink
from crossvault.walks.order_moves import OrderWalk
from places import ROOT, TESTS
from shrinking import broken, found

STORY = """\
name: bad
about: Two traders trade round sizes, and once one whose quote is no whole number.
starts: 2024-01-01T00:00:00Z
ends: "+1 day"
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 15 %, start: 98 %, knee: 80 %, fast: 15m, slow: 4h, insolvent: 30m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
prices:
  ETH: {every: 1h, values: [200.3 USD]}
actors:
  alice: {deposits: ["1,000 USDC"]}
  bob: {deposits: ["1,000 USDC"]}
  carol: {deposits: ["1,000 USDC"]}
steps:
  - {do: trade, maker: bob, taker: alice, instrument: ETH-PERP, size: 10 ETH}
  - {do: trade, maker: carol, taker: alice, instrument: ETH-PERP, size: -5 ETH}
  - {at: +10m, do: withdraw, account: alice, amount: 100 USDC}
  - {do: trade, maker: bob, taker: alice, instrument: ETH-PERP, size: 1.000000000000000001 ETH}
"""


def spawned(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The result of a Python in a process of its own."""
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with contracts that round a quote in favour of the account."""
    made = tmp_path_factory.mktemp("command")
    broken(made / "contracts")
    return made


def test_an_interruption_writes_the_best_until_then_and_the_difference_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupting(out: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("crossvault.commands.shrink.bar", lambda *words: nullcontext(interrupting))
    out = folder / "cut.repro.yaml"
    words = ["shrink", str(TESTS / "repros" / "quote-rounds-down.repro.yaml"), "--contracts", str(folder / "contracts")]
    found = start(*words, "--out", str(out), "--json")
    assert found.returncode == 1, found.stderr
    document = json.loads(found.stdout)
    assert document["interrupted"] and document["differences"] and document["repro"].endswith("cut.repro.yaml")
    assert "not confirmed on Anvil" in found.stderr
    assert len(load(str(out)).finding) > 0 and load(str(out)).expected_steps == len(document["steps"])


@pytest.fixture(scope="module")
def record(folder: Path) -> Path:
    (folder / "bad.yaml").write_text(STORY)
    words = ("run", "bad.yaml", "--contracts", "contracts", "--record", "bad.jsonl")
    done = start(*words, folder=folder)
    assert done.returncode == 1, done.stderr
    assert "DIFFERENCE" in done.stdout
    return folder / "bad.jsonl"


@pytest.fixture(scope="module")
def kept(folder: Path, record: Path) -> Path:
    """The repro that is made of the record."""
    words = ("shrink", record.name, "--contracts", "contracts", "--emit", "foundry", "--json")
    done = start(*words, folder=folder)
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert document["finished"] and document["steps_played"] > 0
    assert document["repro"] == "bad.repro.yaml" and document["foundry"] == "bad.t.sol"
    assert 3 < len(document["steps"]) < 20 and document["steps"][-1]["action"] == document["action"]
    assert document["to_play_it"].endswith("run bad.repro.yaml --contracts contracts")
    return folder / "bad.repro.yaml"


@pytest.mark.slow
def test_a_repro_fails_on_what_it_was_found_in_and_passes_where_that_is_mended(folder: Path, kept: Path) -> None:
    bad = start("run", kept.name, "--contracts", "contracts", "--no-record", folder=folder)
    assert bad.returncode == 1 and "DIFFERENCE" in bad.stdout and "now passes" not in bad.stdout
    good = start("run", kept.name, "--no-record", folder=folder)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "now passes: step " in good.stdout and "in the model" in good.stdout
    document = json.loads(start("run", kept.name, "--no-record", "--json", folder=folder).stdout)
    assert document["now_passes"] is True and document["finding"]


@pytest.mark.slow
def test_a_repro_is_shrunk_again_and_nothing_to_shrink_is_reported(folder: Path, kept: Path) -> None:
    text = kept.read_text()
    shrink = ("shrink", kept.name, "--contracts", "contracts", "--out", "again.repro.yaml")
    again = start(*shrink, folder=folder)
    assert again.returncode == 1, again.stderr
    assert "chain less model" in again.stdout and "repro: again.repro.yaml" in again.stdout
    assert (folder / "again.repro.yaml").read_text().count("do:") <= text.count("do:")
    good = start("shrink", kept.name, folder=folder)
    assert good.returncode == 0 and "nothing to shrink" in good.stdout and "now passes:" in good.stdout
    assert kept.read_text() == text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing.jsonl"], "nothing.jsonl: cannot be read"),
        (["nothing.repro.yaml"], "nothing.repro.yaml: there is no such file"),
        (["bad.jsonl", "--time", "long"], "--time: 'long' is not a duration"),
        (["bad.jsonl", "--out", "some.yaml", "--contracts", "contracts"], "expected a name that ends in .repro.yaml"),
        (["bad.jsonl", "--contracts", "nowhere"], "--contracts: there is no directory nowhere"),
    ],
)
def test_wrong_arguments_are_refused(words: list[str], message: str, folder: Path, record: Path) -> None:
    done = start("shrink", *words, folder=folder)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_plugin_collects_stories_names_them_and_reports_what_is_wrong(folder: Path, kept: Path) -> None:
    stories = folder / "stories"
    stories.mkdir()
    (stories / "bad.repro.yaml").write_text(kept.read_text())
    (stories / "wrong.repro.yaml").write_text(kept.read_text().replace("\nsteps:", "\nstpes:"))
    quick = (ROOT / "sim" / "crossvault" / "scenarios" / "quickstart.scenario.yaml").read_text()
    (stories / "quick.scenario.yaml").write_text(quick)
    quiet = ("-p", "no:cacheprovider", "stories")
    pytest_ = ("-m", "pytest", "-p", "crossvault.plugin", "-p", "no:ape_test", *quiet)  # it imports all of ape
    listed = spawned(folder, "-m", "pytest", "-p", "crossvault.plugin", *quiet, "--collect-only", "-q").stdout
    assert all(f"stories/{name}::" in listed for name in ("bad.repro.yaml", "wrong.repro.yaml", "quick.scenario.yaml"))
    good = spawned(folder, *pytest_, "-k", "bad or quick", "-rA", "--junit-xml", "junit.xml")
    assert good.returncode == 0, good.stdout
    assert "2 passed, 1 deselected" in good.stdout and "now passes: step" in good.stdout
    assert 'name="quick"' in (folder / "junit.xml").read_text()
    bad = spawned(folder, *pytest_, "--crossvault-contracts", "contracts", "-n", "1")
    assert (bad.returncode == 1 and "3 failed" in bad.stdout) or "2 failed, 1 passed" in bad.stdout
    assert "stories/bad.repro.yaml: step" in bad.stdout and "chain less model: " in bad.stdout
    assert "stories/wrong.repro.yaml" in bad.stdout and "stpes: unknown field: did you mean 'steps'?" in bad.stdout
    assert "Traceback" not in bad.stdout


@pytest.fixture(scope="module")
def small(folder: Path) -> Repro:
    contracts = broken(folder / "rounding")
    world, steps, failure = found(contracts)
    return repro(shrink(world, steps, contracts, seconds=60, failure=failure), "rounds-down", "ab", {})


@pytest.mark.slow
def test_a_foundry_test_compiles_and_expects_the_outcomes_of_the_model(small: Repro) -> None:
    text = shrink_foundry.test(small, compile_contracts())
    assert "contract RoundsDownTest" in text and "VM.prank(" in text and "vault.trade(" in text
    units = {f"contracts/{name}": source for name, source in contract_sources().items()}
    request = standard_input(units | {"test/rounds.t.sol": text}, {})
    request["settings"]["outputSelection"] = {"test/rounds.t.sol": {"*": ["abi"]}}
    answer = standard_json(toolchain.solc(), request)
    assert [each["formattedMessage"] for each in answer.get("errors", []) if each["severity"] == "error"] == []
    abi = answer["contracts"]["test/rounds.t.sol"]["RoundsDownTest"]["abi"]
    assert {"setUp", "test_bothSidesAgree"} <= {item["name"] for item in abi if "name" in item}


def test_a_foundry_test_signs_an_order_in_the_form_that_was_signed() -> None:
    """The last step of a walk of orders has a signature of version 1."""
    walk = OrderWalk(1, 0).story()
    model = Model(walk.world)
    played = list(driven(walk.steps(model), model.apply))
    refusals = tuple(outcome.refusal.name if outcome.refusal else "" for _, outcome in played)
    found = {"step": len(played), "field": "globals.x", "chain": "1", "model": "2", "contracts": "ab", "seed": 1}
    steps = tuple(step for step, _ in played)
    text = shrink_foundry.test(
        Repro("walk", "About.", found, walk.world, walk.underlyings, (), steps, refusals), compile_contracts()
    )
    assert refusals[-1] == "OrderOfOtherVersion"
    assert text.count("exchange.formerDigest(Exchange.Order(") == 1 < text.count("exchange.digest(Exchange.Order(")
