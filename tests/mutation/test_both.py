"""Mutants of the mirror, as both sides would have them: the changes, the forks, the judges, the scores, the command."""

import inspect
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crossvault import scenario
from crossvault.__main__ import main
from crossvault.differential.ending import DONE, MISSED, USAGE
from crossvault.mirror import cash, option
from crossvault.mirror.cash import Pool
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import WAD
from crossvault.mirror.liquidation_errors import DeficitOpen
from crossvault.mirror.option import OptionTerms
from crossvault.mirror.vault import Vault
from crossvault.mutation import pair_campaign
from crossvault.mutation.code_swap import mirror_functions, put_in
from crossvault.mutation.forks import CRASH, TIMEOUT, ForkResult, Send, Work, limit, run_forks
from crossvault.mutation.kept_results import keepers
from crossvault.mutation.model_mutants import ModelMutant, mirror_files, mirror_source, model_mutants
from crossvault.mutation.mutants import mutated
from crossvault.mutation.pair_judges import PairJudges
from crossvault.mutation.pair_verdicts import (
    PairStore,
    PairVerdict,
    judge_counts,
    kills_by_rule,
    pair_counts,
    pair_verdict,
)
from crossvault.mutation.played_stories import CalledFunctions, PlayedStory, is_small
from crossvault.report.mutate_both import pair_page, pair_tables
from crossvault.report.page import page_text
from crossvault.setup import toolchain
from widths import all_faults

FILES = ["auction.py", "cash.py"]
CHANGED = {  # one mutant of each operator, and what its line becomes
    "cash.py:require_covered:compare:1": "if self.deficit_wad >= self.insurance_wad:",
    "cash.py:borrow_rate:arithmetic:2": "return interest.min_rate - low + high",
    "cash.py:utilisation:rounding:1": "return fixed.mul_div_down(borrowed_wad, fixed.WAD, supplied_wad)",
    "cash.py:borrow_rate:minmax:1": "below = fixed.max(utilisation_wad, interest.optimal_utilisation)",
    "cash.py:record:sign:1": "self.total_borrow -= (before)",
    "cash.py:record:assign:1": "self.total_supply += before",
    "cash.py:require_covered:condition:1": "if False:",
    "cash.py:indexes:logic:1": "if now == self.accrued_at and borrowed == 0 or borrow >= MAX_INDEX:",
    "cash.py:accrue:statement:1": "pass",
    "cash.py:present:return:1": "return 0",
    "cash.py:YEAR:constant:1": "YEAR = (365 + 1) * 24 * 60 * 60",
    "cash.py:indexes:arguments:5": "rate_wad = borrow_rate(self.interest, utilisation(borrowed_wad, supplied_wad))",
    "auction.py:Auction.bid:modifier:1": "",
}


@pytest.fixture(scope="module")
def by_id() -> dict[str, ModelMutant]:
    """The mutants of two files, by their names."""
    return {each.mutant.id: each for each in model_mutants(FILES)}


@pytest.fixture(scope="module")
def stories() -> list[PlayedStory]:
    """Two short scenarios, recorded: in one an auction ends in a deficit."""
    found = [PlayedStory(name, partial(scenario.load, name), True) for name in ("quickstart", "bad-debt")]
    for each in found:
        each.record()
        assert not each.broken and not each.failed and len(each.steps) > 20
    return found


def test_each_operator_changes_one_place(by_id: dict[str, ModelMutant]) -> None:
    assert {name: by_id[name].mutant.becomes for name in CHANGED} == CHANGED
    assert {each.mutant.edit.operator for each in by_id.values()} == {name.split(":")[2] for name in CHANGED}
    for file in FILES:
        compile(mirror_source(file), file, "exec")
        for each in [each for each in by_id.values() if each.mutant.file == file][::25]:
            compile(mutated(each.mutant, mirror_source(file)), file, "exec")


def test_only_files_that_declare_refusals_have_no_mutants() -> None:
    whole = {path.name for path in (toolchain.PACKAGE / "mirror").glob("*.py")}
    assert all(name.endswith(("_errors.py", "refusal.py", "__init__.py")) for name in whole - set(mirror_files()))


def results_in_fork(work: Work) -> ForkResult:
    [found] = run_forks([("only", work)], 1)
    return found


def test_a_mutant_is_seen_by_all_that_hold_its_function(by_id: dict[str, ModelMutant]) -> None:
    """An importer of the function itself, of its module, a constant, and the lock that wraps a door."""
    held, functions = cash.utilisation, mirror_functions()
    pool = Pool(UndoLog())

    def work(send: Send) -> None:
        put_in(by_id["cash.py:utilisation:compare:1"], functions)  # nothing borrowed is no longer nothing used
        put_in(by_id["cash.py:YEAR:constant:1"], functions)
        put_in(by_id["auction.py:Auction.bid:modifier:1"], functions)
        unlocked = Vault.bid is inspect.unwrap(Vault.bid)
        send([held(100, 10), cash.utilisation(100, 10), cash.YEAR, unlocked, cash.present(pool, 0, now=1)])

    assert results_in_fork(work).sent == [[0, 0, 366 * 86_400, True, 0]]
    assert held(100, 10) == 10**17 and cash.YEAR == 365 * 86_400  # this process has none of them


@pytest.mark.slow
def test_a_result_that_was_kept_hides_no_mutant_and_no_call() -> None:
    [summed] = [
        each for each in model_mutants(["option.py"]) if each.mutant.id == "option.py:undiscounted:arithmetic:1"
    ]
    functions, terms = mirror_functions(), OptionTerms(3 * WAD, WAD, 0, 0, WAD, True)
    assert option.price(terms) == 2 * WAD

    def work(send: Send) -> None:
        put_in(summed, functions)
        send(option.price(terms))

    assert results_in_fork(work).sent == [4 * WAD]
    with CalledFunctions() as called:
        option.price(terms)
    assert inspect.unwrap(option.undiscounted).__code__.co_firstlineno in {line for _, line in called.functions}
    assert set(keepers()) > {option.price, option.undiscounted}


def test_a_fork_ends_by_its_limit_or_its_defect_and_what_it_sent_is_kept() -> None:
    def endless(send: Send) -> None:
        send("before")
        limit(0.05)
        while True:
            pass

    def defect(send: Send) -> None:
        raise ZeroDivisionError

    found = {each.name: each for each in run_forks([("endless", endless), ("defect", defect)], 2)}
    assert (found["endless"].sent, found["endless"].ended) == (["before"], TIMEOUT)
    assert (found["defect"].sent, found["defect"].ended) == ([], CRASH)


def judged(stories: Sequence[PlayedStory], mutant: ModelMutant) -> PairVerdict:
    judges = PairJudges(stories, [], mirror_functions())
    return pair_verdict(mutant, results_in_fork(partial(judges.judge, mutant)))


@pytest.mark.slow
def test_stories_judge_a_mutant(by_id: dict[str, ModelMutant], stories: list[PlayedStory]) -> None:
    """By a rule, by an expectation, by both, and one that no story shows."""
    uncounted = judged(stories, by_id["cash.py:draw_insurance:assign:1"])  # the fund grows by what it pays
    assert uncounted.kind == "changed" and "insurance: expected 150 USDC, got 350" in uncounted.kills["expectations"]
    assert "V3: " in uncounted.kills["rules"] and "bad-debt, step " in uncounted.change
    endless = judged(stories, by_id["cash.py:draw_insurance:condition:1"])  # the fund pays what it has not
    assert "expected refused: InsuranceExhausted" in endless.kills["expectations"]
    shut = judged(stories, by_id["cash.py:require_valid:constant:3"])
    assert (shut.kind, shut.kills) == ("equal", {})
    wrong = judged(stories, by_id["auction.py:Auction.terms:arithmetic:1"])._replace(kills={})
    assert "original" in wrong.change and "mutant" in wrong.change


def test_roundings_are_small_and_nothing_else_is() -> None:
    """A thousand units, or one part in 10^15; 10^30 // 10^15 = 10^15."""
    assert is_small((10**30 + 10**15, "a"), (10**30, "a")) and is_small(1_000, 0)
    assert not is_small(10**30 + 10**15 + 1, 10**30) and not is_small(1_001, 0)
    assert not is_small(True, False) and not is_small((1, 2), (1,)) and not is_small("a", "b")
    assert is_small(DeficitOpen(5, 6), DeficitOpen(5, 7)) and not is_small(DeficitOpen(5, 6), None)


VERDICTS = [
    PairVerdict("a", "", "changed", kills={"rules": "walk-2: V6: interest (x)", "laws": "l"}),
    PairVerdict("b", "", "changed", kills={"expectations": "e"}),
    PairVerdict("c", "", "changed", kills={"laws": "l"}),
    PairVerdict("d", "", "changed"),
    PairVerdict("e", "", "rounding", kills={"vectors": "v"}),
    PairVerdict("f", "", "equal"),
    PairVerdict("g", "", "ended", ended="timeout"),
    PairVerdict("h", "", "ended", ended="crash: TypeError: x"),
    PairVerdict("i", "", "refused"),
]


def test_scores_are_of_mutants_that_change_more_than_a_rounding() -> None:
    """Of a to d rules kill one, with expectations two, with vectors two, with laws three."""
    found = pair_counts(VERDICTS)
    assert [found[name] for name in ("tested", "changed", "rounding", "equal", "timeout", "crash", "refused")] == [
        9, 4, 1, 1, 1, 1, 1,
    ]  # fmt: skip
    rows = found["judges"]
    assert [rows[judge]["alone"] for judge in ("rules", "expectations", "vectors", "laws", "everything")] == [
        1,
        1,
        0,
        2,
        3,
    ]
    assert [rows[judge]["joined"] for judge in ("rules", "expectations", "vectors", "laws")] == [1, 2, 2, 3]
    assert (rows["rules"]["score_pct"], rows["everything"]["score_pct"]) == (25.0, 75.0)
    assert found["of_roundings"]["vectors"]["alone"] == 1 and judge_counts([])["everything"]["score_pct"] == 0.0
    assert kills_by_rule(VERDICTS) == {"V6": 1}


def test_stored_verdicts_are_not_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "state_dir", lambda: tmp_path)
    store = PairStore([])
    for each in VERDICTS:
        store.keep(each)
    with store.path.open("a") as out:
        out.write('{"id": "cut')  # by a run that was ended
    assert list(PairStore([]).known().values()) == VERDICTS
    assert PairStore([Path(__file__)]).known() == {}  # other tests, other verdicts


@pytest.fixture
def short(stories: list[PlayedStory], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign of the two scenarios alone, as where there is no clone, with a store of its own."""
    monkeypatch.setattr(pair_campaign, "pair_stories", lambda files: stories)
    monkeypatch.setattr(toolchain, "clone", lambda: None)
    monkeypatch.setattr(toolchain, "state_dir", lambda: tmp_path)


def mutate(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Runs the command; returns exit code, output and errors."""
    code = main(["mutate", "--both", *words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.slow
def test_the_command_prints_scores_and_exits_by_them(
    short: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--only", "funding.py", "--sample", "6", "--json")
    code, out, err = mutate(
        capsys, *words, "--least", "rules=0", "--threshold", "0", "--page", str(tmp_path / "p.html")
    )
    document: dict[str, Any] = json.loads(out)
    assert document["tested"] == document["chosen"] == 6 and document["notes"] == [
        "laws and published vectors are in the tests of a clone: not played"
    ]
    assert (code, err) == ((DONE, "") if document["changed"] else (MISSED, err))
    assert all_faults(pair_tables(document)) == []
    text = "".join(page_text(pair_page(document)))
    assert text.count("<pre") == sum(each["kind"] == "changed" and not each["kills"] for each in document["mutants"])
    assert (tmp_path / "p.html").is_file()
    code, out, _ = mutate(capsys, *words, "--least", "laws=100")
    assert code == MISSED and json.loads(out)["recalled"] == 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--only cahs.py", "--only: no file of the mirror 'cahs.py': did you mean 'cash.py'?"),
        ("--only number_errors.py", "--only: no file of the mirror 'number_errors.py'"),
        (
            "--least rule=60",
            "--least: expected JUDGE=PCT with a judge of rules, expectations, vectors, laws, got 'rule=60'",
        ),
        ("--least rules=600", "--least: expected a number of percent from 0 to 100, got '600'"),
        ("--contracts here", "--contracts: has no effect with --both"),
    ],
)
def test_the_command_reports_wrong_words(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = mutate(capsys, *words.split())
    assert code == USAGE and message in err
