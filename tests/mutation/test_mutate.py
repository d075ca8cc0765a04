"""The mutation campaign: equivalents, score, kills, stored verdicts, and the command."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossvault.__main__ import main
from crossvault.differential.drive import driven
from crossvault.differential.ending import DONE, MISSED, USAGE
from crossvault.differential.step import World
from crossvault.evm import compiler, search_evm
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.mirror.refusal import Refusal
from crossvault.mutation import batches, recordings as recordings_module, verdicts
from crossvault.mutation.equivalents import BadEquivalents, equivalents
from crossvault.mutation.mutant_run import KillProof, kill_by
from crossvault.mutation.mutants import Mutant
from crossvault.mutation.mutations import Edit
from crossvault.mutation.recordings import RecordedStep, Recording, record
from crossvault.mutation.verdicts import (
    KILLED,
    REFUSED,
    SURVIVED,
    MutantVerdict,
    MutationCampaign,
    mirrored,
    verdict_counts,
)
from crossvault.report.mutate import tables
from crossvault.report.mutate_page import mutate_page
from crossvault.report.page import page_text
from crossvault.walks.bounds import BoundsWalk
from crossvault.walks.random_walk import Walk
from pages import shown
from places import TESTS
from shrinking import broken
from widths import all_faults

MUTANTS = [
    Mutant("Fixed.sol:min:compare:1", "Fixed.sol", 121, Edit("compare", 0, 1, "<="), "<", "a <= b", None),
    Mutant("Fixed.sol:max:compare:1", "Fixed.sol", 128, Edit("compare", 0, 1, ">="), ">", "a >= b", None),
]
GOOD = '- id: Fixed.sol:min:compare:1\n  becomes: "a <= b"\n  reason: "equal numbers are one number"\n'
BAD = {
    "no list": ("a: 1\n", ":1: entry|expected a list"),
    "no entry": ("- 7\n", "entry 1: expected id, becomes, reason, got 7"),
    "no reason": (GOOD.replace("reason", "because"), "because: no such field: expected one of id, becomes, reason"),
    "an empty reason": (GOOD.replace("equal numbers are one number", " "), "reason: expected a text"),
    "no such mutant": (GOOD.replace("min:", "mn:"), "did you mean 'Fixed.sol:min:compare:1'"),
    "another change": (GOOD.replace("<=", ">="), "is now 'a <= b', not 'a >= b': review it again"),
    "the same twice": (GOOD + GOOD, "is listed twice"),
    "no YAML": ("- [", "cannot be read"),
}


def written(folder: Path, text: str) -> Path:
    """A file of equivalents."""
    path = folder / "equivalents.yaml"
    path.write_text(text, encoding="utf8")
    return path


def test_an_equivalent_has_its_reason(tmp_path: Path) -> None:
    found = equivalents(written(tmp_path, GOOD), "e.yaml", MUTANTS)
    assert found == {"Fixed.sol:min:compare:1": "equal numbers are one number"}


@pytest.mark.parametrize("why", BAD)
def test_an_invalid_entry_is_reported_with_its_place(why: str, tmp_path: Path) -> None:
    text, message = BAD[why]
    with pytest.raises(BadEquivalents) as wrong:
        equivalents(written(tmp_path, text), "e.yaml", MUTANTS)
    assert str(wrong.value).startswith("e.yaml:") and any(each in str(wrong.value) for each in message.split("|"))


def test_the_shipped_equivalents_are_mutants_of_the_contracts() -> None:
    found = equivalents(TESTS / "equivalents.yaml", "tests/equivalents.yaml", MutationCampaign(None).all)
    assert len(found) > 50


def test_the_score_excludes_refused_and_equivalent_mutants() -> None:
    fates = [KILLED] * 8 + [SURVIVED] * 3 + [REFUSED] * 5
    verdicts = [MutantVerdict(f"m{number}", "", fate) for number, fate in enumerate(fates)]
    found = verdict_counts(verdicts, {"m8": "why", "m0": "wrongly", "m99": "of another sample"})
    assert found["score_pct"] == 80.0  # 8 of 8 + 3 - 1
    assert verdict_counts([], {})["score_pct"] == 0.0  # what judged nothing reaches no threshold
    assert found["equivalent"] == 1 and found["refused"] == 5 and found["misjudged"] == ["m0"]


def test_every_mirrored_contract_has_mutants() -> None:
    assert {"Fixed.sol", "Vault.sol", "Exchange.sol", "Teller.sol"} <= set(mirrored())
    assert not [name for name in mirrored() if name.endswith("Errors.sol")]


@pytest.fixture(scope="module")
def recording() -> Recording:
    """A short walk on the shipped contracts."""
    return record(Walk(0, 120).story(), compile_contracts())


@pytest.fixture(scope="module")
def recordings(recording: Recording) -> list[Recording]:
    """Several short walks, so that no mutant hangs on what one seed draws."""
    return [recording, *(record(Walk(seed, 120).story(), compile_contracts()) for seed in (1, 3))]


def test_the_shipped_contracts_are_not_killed(recording: Recording) -> None:
    assert recording.steps > 200 and {"metrics", "greeks", "scenarios", "curves", "parameters"} <= {
        line.kind for line in recording.lines
    }
    assert kill_by(compile_contracts(), 0, recording) is None


def lines_alone(lines: Sequence[RecordedStep], world: World) -> list[Any]:
    """The results of lines that are executed one by one."""
    machine = InProcessChain(world).machine
    return [(line, recordings_module.replayed(machine, line)) for line in lines]


def test_lines_in_chunks_have_the_results_of_lines_alone(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings_module, "is_in_process", lambda: False)
    chunked = recordings_module.replayed_lines(InProcessChain(recording.world).machine, recording.lines)
    assert list(chunked) == lines_alone(recording.lines, recording.world)


@pytest.mark.slow
def test_a_mutant_is_killed_by_the_same_step_on_a_node(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = compile_contracts(broken(tmp_path / "contracts"))
    alone = kill_by(mutant, 0, recording)
    for module in (search_evm, recordings_module):
        monkeypatch.setattr(module, "is_in_process", lambda: False)
    assert kill_by(mutant, 0, recording) == alone and alone is not None and alone.step > 100
    assert kill_by(compile_contracts(), 0, recording) is None


def test_a_walk_to_the_bounds_reaches_both_sides_of_a_range() -> None:
    build = compile_contracts()
    prices: dict[bool, set[int]] = {True: set(), False: set()}
    from crossvault.differential.model import Model

    story = BoundsWalk(1, 30, build).story()
    model = Model(story.world)
    for step, outcome in driven(story.steps(model), model.apply):
        if step.action == "publish_price":
            prices[isinstance(outcome.refusal, Refusal)].add(step.args["index_wad"])
    assert 2**96 - 1 in prices[False] and {0, 2**96} <= prices[True]


FEW = (
    "Funding.sol:payment:rounding:1", "Funding.sol:rate:statement:1", "Fixed.sol:WAD:constant:1",
    "Vault.sol:depositCash:modifier:1", "Account.sol:isRising:compare:2",
)  # fmt: skip


@pytest.mark.slow
def test_mutants_are_judged_and_verdicts_kept(
    recordings: list[Recording], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rounding, a separate mutant, a missing lock and one without effect: judged once, then recalled."""
    made = MutationCampaign()
    made.chosen = [each for each in made.chosen if each[1].id in FEW or each[1].id.startswith("Funding.sol:payment")]
    found = {each.id: each for each in made.verdicts(recordings, jobs=1, folder=tmp_path)}
    assert len(found) == len(made.chosen) > 4
    assert isinstance(found["Funding.sol:payment:rounding:1"].kill, KillProof)
    assert found["Fixed.sol:WAD:constant:1"].fate == KILLED
    survivor = found["Account.sol:isRising:compare:2"]
    assert survivor.fate == SURVIVED and survivor.reached and survivor.change == "< -> <="
    monkeypatch.setattr(verdicts, "MutantCompiler", None)  # stored verdicts are not compiled again
    assert {each.id: each for each in made.verdicts(recordings, jobs=1, folder=tmp_path)} == found
    assert made.recalled == len(found)


def mutate(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Runs the command; returns exit code, output and errors."""
    code = main(["mutate", *words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.slow
def test_the_command_reports_unknown_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = mutate(capsys, "--only", "Fixd.sol")
    assert code == USAGE and "did you mean 'Fixed.sol'" in err
    path = written(tmp_path, GOOD.replace("min:", "sgined:"))
    code, _, err = mutate(capsys, "--equivalents", str(path))
    assert code == USAGE and "did you mean 'Fixed.sol:signed:compare:1'" in err and "equivalents.yaml:1" in err


def compiled_once() -> Callable[[Path, Mapping[str, Any]], dict[str, Any]]:
    """The compiler with a memory: both runs of a test compile the same."""
    known: dict[str, dict[str, Any]] = {}

    def standard_json(binary: Path, request: Mapping[str, Any]) -> dict[str, Any]:
        key = json.dumps(request)
        if key not in known:
            known[key] = compiler.standard_json(binary, request)
        return known[key]

    return standard_json


@pytest.mark.slow
def test_the_command_prints_the_score_and_exits_by_it(
    recordings: list[Recording], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged by three short walks instead of all stories; then by two steps, which leave mutants alive."""
    monkeypatch.setattr("crossvault.commands.mutate.recordings", lambda build: recordings)
    monkeypatch.setattr(batches, "standard_json", compiled_once())
    words = ("--only", "Appraiser.sol", "--equivalents", str(written(tmp_path, "[]")), "--json", "-j", "1")
    code, out, err = mutate(capsys, *words, "--threshold", "1")
    assert not err
    document: dict[str, Any] = json.loads(out)
    assert code == DONE and document["killed"] >= 1 and document["tested"] == document["chosen"] > 2
    assert all_faults(tables(document)) == []
    rows = shown(mutate_page(document)).tables["mutants by contract"]
    assert [(name, int(killed)) for name, _, killed, *_ in rows] == [
        (name, row["killed"]) for name, row in document["files"].items()
    ]
    brief = [replace(recordings[0], lines=recordings[0].lines[:2])]
    monkeypatch.setattr("crossvault.commands.mutate.recordings", lambda build: brief)
    code, out, err = mutate(capsys, *words, "--threshold", "100")
    survivors = json.loads(out)["survivors"]
    assert code == MISSED and survivors and all("@@" in each["diff"] for each in survivors)
    assert "".join(page_text(mutate_page(json.loads(out)))).count("<pre") == len(survivors)
