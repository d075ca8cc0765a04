"""`crossvault fuzz` as a command and its parts: findings, their confirmation, corpus, reach and report."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crossvault.__main__ import main
from crossvault.differential.drive import driven
from crossvault.differential.ending import DISAGREED, DONE, FAILED, INTERRUPTED, MISSED, USAGE
from crossvault.differential.model import Model
from crossvault.evm import pyrevm
from crossvault.evm.compiler import compile_contracts
from crossvault.fuzz.campaign import CampaignPlan, CampaignResult, FuzzCampaign
from crossvault.fuzz.corpus import BadCorpus, Corpus
from crossvault.fuzz.reach import ReachCounts, refusals
from crossvault.fuzz.task import WalkResult, WalkTask, tasks
from crossvault.lockstep import record
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.scenario import load
from crossvault.setup.toolchain import contracts_dir
from crossvault.walks import terms
from crossvault.walks.random_walk import Walk
from crossvault.walks.variety import WalkParameters, at_an_end, drawn
from pages import shown
from places import ROOT
from shrinking import ROUNDS, broken


@pytest.fixture(scope="module")
def generous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Contracts that round a quote in favour of the account."""
    return broken(tmp_path_factory.mktemp("generous") / "contracts")


def campaign(plan: CampaignPlan, folder: Path | None = None) -> CampaignResult:
    """The result of a campaign over the shipped contracts."""
    build = compile_contracts()
    return FuzzCampaign(plan, build, Corpus(folder, build)).run()


@pytest.mark.slow
def test_contracts_that_ship_agree_and_a_seed_fixes_the_walks() -> None:
    first, second = (campaign(CampaignPlan(1, jobs, steps=120)) for jobs in (1, 2))
    assert first.failures == [] and not first.interrupted
    assert first.reach.steps >= 120 and first.metrics > 20
    assert first.reach.document() == second.reach.document()
    assert campaign(CampaignPlan(3, 1, steps=120)).reach.document() != first.reach.document()


@pytest.mark.slow
def test_a_difference_is_found_confirmed_and_recorded(
    generous: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "corpus"
    words = ["fuzz", "--steps", "2000", "-j", "1", "--contracts", str(generous), "--corpus", str(corpus)]
    assert main([*words, "--json"]) == FAILED
    document = json.loads(capsys.readouterr().out)
    finding = document["finding"]
    assert finding["differences"] and finding["differences"][0]["wei"] in ("1", "-1")
    kept = record.read(Path(finding["record"]))
    assert len(kept.steps) >= finding["step"] > 0
    assert main(["replay", finding["record"], "--contracts", str(generous)]) == FAILED
    least = finding["smallest"]
    assert 0 < len(least["steps"]) <= finding["step"] and least["differences"]
    assert main(["run", least["repro"]]) == DONE
    assert main(["run", least["repro"], "--contracts", str(generous)]) == FAILED
    assert "identical" in capsys.readouterr().out
    assert main([*words]) == FAILED  # what failed is tried again, first
    assert finding["walk"] in capsys.readouterr().out


@pytest.mark.slow
def test_a_finding_stays_whatever_the_shrinker_does(
    generous: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyrevm, "_MAX_MARKS", 1)  # the shrinker needs more
    words = ["fuzz", "--steps", "2000", "-j", "1", "--contracts", str(generous), "--corpus", str(tmp_path)]
    assert main(words) == FAILED
    out = capsys.readouterr().out
    first, last = out.index("in process: step"), out.index("! not shrunk: EvmFailed: there is room for 1 marks")
    assert first < out.index("record: ") < out.index("repro, not shrunk yet: ") < last
    [kept], [whole] = (list((tmp_path / "found").glob(f"*{suffix}")) for suffix in (".jsonl", ".repro.yaml"))
    assert len(record.read(kept).steps) == load(str(whole)).expected_steps
    assert main(["replay", str(kept), "--contracts", str(generous)]) == FAILED
    assert main(["run", str(whole), "--contracts", str(generous)]) == FAILED


def test_walks_that_failed_come_first_once_the_contracts_are_mended(generous: Path, tmp_path: Path) -> None:
    build = compile_contracts(generous)
    failed = FuzzCampaign(CampaignPlan(4, 1, steps=2_000), build, Corpus(tmp_path, build)).run().failures[0].task
    mended = compile_contracts()
    assert Corpus(tmp_path, mended).failed() == [failed]
    findings = FuzzCampaign(CampaignPlan(99, 1, steps=100), mended, Corpus(tmp_path, mended)).run()
    assert findings.failures == [] and findings.walks == 1
    [line] = [json.loads(text) for text in (tmp_path / "walks.jsonl").read_text().splitlines()][1:]
    assert line["seed"] == failed.seed and line["failure"] is None


@pytest.mark.slow
def test_engines_that_disagree_are_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, was, _ = ROUNDS
    odd = was.replace("=", "= (block.prevrandao == 0 ? int256(1) : int256(0)) +")  # pyrevm: zero, Anvil: drawn
    contracts = broken(tmp_path / "contracts", (name, was, odd))
    words = ["fuzz", "--steps", "300", "-j", "1", "--contracts", str(contracts), "--corpus", str(tmp_path / "corpus")]
    assert main(words) == DISAGREED
    assert "pyrevm" in capsys.readouterr().err


def test_a_corpus_remembers_what_was_played(tmp_path: Path) -> None:
    first = campaign(CampaignPlan(1, 1, steps=100), tmp_path)
    assert first.walks == 1
    corpus = Corpus(tmp_path, compile_contracts())
    assert corpus.walks == 1 and corpus.reach.document() == first.reach.document()
    [text] = (tmp_path / "walks.jsonl").read_text(encoding="utf8").splitlines()
    assert WalkTask("steps", 1, 100) in corpus and json.loads(text)["seed"] == 1
    with (tmp_path / "walks.jsonl").open("a") as out:
        out.write(text[:20])  # a campaign that was killed while it wrote
    assert Corpus(tmp_path, compile_contracts()).walks == 1


def test_a_corpus_that_is_none_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "walks.jsonl").write_text("{}\nnothing\n")
    with pytest.raises(BadCorpus, match=r"walks\.jsonl:1: no line of a corpus"):
        Corpus(tmp_path, compile_contracts())
    assert main(["fuzz", "--steps", "10", "--corpus", str(tmp_path)]) == USAGE


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--time", "soon"], "--time: 'soon' is not a duration"),
        (["--corpus", str(Path(__file__))], "is no directory"),
        (["--contracts", "nowhere"], "there is no directory nowhere"),
    ],
)
def test_wrong_arguments_are_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", *words]) == USAGE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--time", "1s", "--steps", "5"], ["-j", "0"], ["--steps", "none"]])
def test_words_that_argparse_refuses(words: list[str]) -> None:
    assert main(["fuzz", *words]) == USAGE


@pytest.mark.slow
def test_without_pyrevm_the_search_is_on_a_node(generous: Path, tmp_path: Path) -> None:
    words = ["fuzz", "--steps", "600", "-j", "1", "--contracts", str(generous), "--corpus", str(tmp_path), "--json"]
    program = f"import sys; sys.modules['pyrevm'] = None; from crossvault.__main__ import main; sys.exit(main({words}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == FAILED, done.stderr
    finding = json.loads(done.stdout)["finding"]
    assert 0 < len(finding["smallest"]["steps"]) <= finding["step"] and finding["smallest"]["differences"]


@pytest.mark.slow
def test_an_interruption_keeps_what_was_reached(tmp_path: Path) -> None:
    words = ["fuzz", "--time", "10m", "-j", "1", "--json", "--corpus", str(tmp_path)]
    command = [sys.executable, "-m", "crossvault", *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 90
        while not (tmp_path / "walks.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    document = json.loads(out)
    assert document["interrupted"] and document["steps"] >= 20 and document["finding"] is None
    assert Corpus(tmp_path, compile_contracts()).walks >= 1


@pytest.mark.slow
def test_text_names_what_was_reached_and_what_never(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--steps", "60", "-j", "1"]) == DONE
    out = capsys.readouterr().out
    for text in ("accepted", "below maintenance", "fast fall", "steps in distress", "declare_insolvent", "held"):
        assert text in out, text
    assert out.index("every rule held") < out.index("! never reached, auction phases: ")
    assert main(["fuzz", "--steps", "20", "-j", "1", "--strict"]) == MISSED


def test_a_judge_that_is_off_has_judged_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--steps", "20", "-j", "1", "--judge", "off"]) == DONE
    out = capsys.readouterr().out
    assert "no difference; no rule was judged (--judge off)" in out and "every rule held" not in out


@pytest.mark.slow
def test_coverage_is_written_for_readers_and_for_tools(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["fuzz", "--steps", "30", "-j", "1", "--coverage", str(tmp_path / "out")]
    assert main([*words, "--page", str(tmp_path / "page.html"), "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    counts = found["coverage"]["all"]
    assert 500 < counts["lines_hit"] < counts["lines"]
    lcov = (tmp_path / "out" / "lcov.info").read_text(encoding="utf8")
    assert f"SF:{contracts_dir()}/Vault.sol" in lcov and lcov.count(",1\n") >= counts["lines_hit"]
    assert 'href="#Vault.sol"' in (tmp_path / "out" / "index.html").read_text(encoding="utf8")
    page = shown((tmp_path / "page.html").read_text(encoding="utf8"))
    doors = {door: int(count) for door, count, _ in page.tables["doors"] if int(count)}
    assert doors == found["reached"]["accepted"] and page.loaded == []
    assert ("all", *(str(counts[name]) for name in counts)) in page.tables["lines and branches"]


@pytest.mark.slow
def test_reach_counts_levels_phases_and_what_is_missing() -> None:
    story = Walk(3, 1_200).story()
    model, reach = Model(story.world), ReachCounts()
    for step, outcome in driven(story.steps(model), model.apply):
        reach.applied(step, outcome, model)
        for metrics in model.metrics(step.accounts(), step.at):
            reach.margin(metrics)
    assert reach.steps == model.steps
    assert min(reach.levels["standard: healthy"], reach.levels["standard: below initial"]) > 0
    assert min(reach.phases.values()) > 0 and len(reach.phases) >= 3
    assert set(reach.kinds) == {"perp", "future", "call", "put"}
    assert {"fill", "cancel"} <= set(reach.missing()["doors never accepted"])
    assert "trade" not in reach.missing()["doors never accepted"]
    assert set(refusals()) >= {"InsufficientMargin", "OrderExpired"} and "Refusal" not in refusals()
    assert ReachCounts.of(json.loads(json.dumps(reach.document()))).document() == reach.document()
    twice = ReachCounts.of(reach.document())
    twice.add(reach)
    assert twice.steps == 2 * reach.steps


@pytest.mark.parametrize(
    "draw", [terms.risk, terms.options, terms.guard, terms.interest, terms.haircut, terms.portfolio_risk]
)
def test_parameters_are_stretched_to_both_ends_and_stay_valid(draw: Any) -> None:
    random, found = Random(1), Counter[bool]()
    for _ in range(200):
        value = draw(random)
        stretched = at_an_end(random, value)
        found[stretched != value] += 1
        assert type(stretched) is type(value)
    assert found[True] > 60
    risks = [at_an_end(random, terms.risk(random)) for _ in range(500)]
    assert {1, 365 * 86_400} <= {risk.heartbeat_secs for risk in risks}
    for risk in risks:
        market.require_valid(risk)


def test_varieties_differ_and_seeds_repeat_them() -> None:
    seen = {drawn(Random(f"variety {seed}")) for seed in range(60)}
    assert WalkParameters() in seen and len(seen) > 20
    assert WalkTask("steps", 7, 10).variety() == WalkTask("steps", 7, 99).variety()
    kinds = Counter(task.kind for task, _ in zip(tasks(0), range(50), strict=False))
    assert kinds == {"steps": 30, "orders": 10, "limits": 3, "desks": 3, "corners": 2, "bounds": 2}


def test_walks_travel_between_processes() -> None:
    import pickle

    walked = WalkResult(WalkTask("steps", 1, 1), True, 0, 0.0, ReachCounts(levels=Counter({"standard: healthy": 2})))
    again = pickle.loads(pickle.dumps(walked))
    assert again == walked and AccountId("a") == pickle.loads(pickle.dumps(AccountId("a")))
