"""The exit code of every exception of the package; one that has none has a reason."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from errno import ENOSPC
from importlib import import_module
from pathlib import Path

import pytest

from crossvault.commands.exits import MEANINGS
from crossvault.commands.failure import after_finding, reported
from crossvault.differential.ending import DEFECT, MISSING, WORST_LAST, BadInput, Ending, InputProblem, exit_code, worst
from crossvault.evm.compiler import CompilerLost, standard_input, standard_json
from crossvault.setup import toolchain
from places import ROOT
from sourcefiles import python_of

PACKAGE = ROOT / "sim" / "crossvault"

CODES = {
    1: {
        "AbiMismatch", "BlockDiffers", "Broken", "BrokenInvariant", "ChainRefused", "DeploymentConflict", "Diverged",
        "ExpectationFailed", "FailedRun", "OtherOutcome", "SidesDiffer", "StepFailed",
    },
    2: {
        "AccountUnknown", "ArgumentTooWide", "BadCheckpoint", "BadCorpus", "BadData", "BadEquivalents", "BadInput",
        "BadJournal", "BadManifest", "BadPicture", "BadRecord", "CompileFailed", "DeployFailed", "DeployerRequired",
        "BadConfig", "BadOutput", "BadQuery", "BadTables", "TooLarge",
        "DoesNotFit", "InputChanged", "MainnetRefused", "NetworkUnknown", "OpeningRefused", "OpeningUnreadable",
        "NotWritable", "OwnCodeError", "ScenarioError", "StoryMismatch", "UnknownAccount",
        "UnknownInterface", "UsageError", "WrongChain",
    },
    3: {
        "BadEnvironment", "ChainIdle", "ChainLost", "CompilerLost", "DeploymentBusy", "FactoryMissing",
        "LawsNotCollected", "RecordLost",
        "TablesLost", "ToolchainMissing",
    },
    4: {"Interruption", "PendingTransaction", "StepLost"},
    5: {"EngineConflict", "EnginesDisagree"},
    6: {"FeeTooHigh", "MissedThreshold", "OverBudget"},
}  # fmt: skip

CAUGHT = "is caught by what calls"
FAULT = "is a defect of the package or of its measurement, whose traceback goes to a file"

WITHOUT = {
    "NoDivergence": CAUGHT,
    "BadCase": CAUGHT,
    "MutantRefused": CAUGHT,
    "BadStrike": CAUGHT,
    "BadNotation": CAUGHT,
    "BlockGone": CAUGHT,
    "FieldError": CAUGHT,
    "UnknownLog": CAUGHT,
    "TransactionReplaced": CAUGHT,
    "SearchTimeUp": CAUGHT,
    "SearcherUnavailable": CAUGHT,
    "BenchFailed": FAULT,
    "EvmFailed": FAULT,
    "MarketClosed": FAULT,
    "NodeEvmFailed": FAULT,
    "ProfileIncomplete": FAULT,
    "SchemataBroken": FAULT,
    "SweepFailed": FAULT,
    "WalkStopped": CAUGHT,
    "StoryFailed": "is shown by pytest, which has exit codes of its own",
    "Ending": "is the base of those that have a code",
}


def declared() -> Iterator[tuple[str, str]]:
    """Module and name of every class that a file of the package declares at its top."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        for node in python_of(path).body:
            if isinstance(node, ast.ClassDef) and node.bases:
                yield ".".join(parts).removesuffix(".__init__"), node.name


def exceptions() -> dict[str, type[BaseException]]:
    """Every public exception of the package, by name; refusals left out, for they are values."""
    from crossvault.mirror.refusal import Refusal

    found = {}
    for module, name in declared():
        kind = getattr(import_module(module), name)
        if isinstance(kind, type) and issubclass(kind, BaseException) and not issubclass(kind, Refusal):
            found[name] = kind
    return {name: kind for name, kind in found.items() if not name.startswith("_")}


def unclassified(kinds: dict[str, type[BaseException]]) -> list[str]:
    """Names of exceptions that have neither a code nor a reason, or have both."""
    return [name for name, kind in kinds.items() if hasattr(kind, "exit_code") == (name in WITHOUT)]


def test_every_exception_has_its_code_or_a_reason_to_have_none() -> None:
    kinds = exceptions()
    assert unclassified(kinds) == []
    assert set(WITHOUT) <= set(kinds)
    found = {code: {name for name, kind in kinds.items() if getattr(kind, "exit_code", 0) == code} for code in CODES}
    assert found == CODES


def test_an_exception_without_code_and_reason_is_found() -> None:
    assert unclassified({"Planted": type("Planted", (Exception,), {})}) == ["Planted"]
    assert unclassified({"NoDivergence": type("NoDivergence", (Ending,), {"exit_code": 1})}) == ["NoDivergence"]


def test_a_class_derived_from_one_with_a_code_has_the_same() -> None:
    base = exceptions()["ChainLost"]
    assert exit_code(type("Derived", (base,), {})()) == exit_code(base()) == MISSING


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 4),
        (BrokenProcessPool(), 3),
        (ValueError(), None),
        (SystemExit(), None),
        (OSError(ENOSPC, "No space left on device"), 3),
        (BrokenPipeError(), 3),
        (PermissionError(), 3),
        (MemoryError(), 3),
        (RecursionError(), None),
    ],
)
def test_exceptions_of_python_have_their_codes(error: BaseException, code: int | None) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize("code", WORST_LAST)
def test_a_finding_is_the_worst_of_several_ends_and_none_of_them_is_lost(code: int) -> None:
    assert worst([code, 1, code]) == 1 and worst([0, code]) == code and worst([]) == 0


def test_every_code_has_a_meaning() -> None:
    assert set(MEANINGS) == {0, *CODES, DEFECT} == set(WORST_LAST)


def test_a_defect_is_one_line_that_names_the_file_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def planted() -> None:
        raise ZeroDivisionError("planted")

    with pytest.raises(ZeroDivisionError) as defect:
        planted()
    assert reported(defect.value, as_json=True) == DEFECT
    out, err = capsys.readouterr()
    assert err.count("\n") == 1 and "please report it with that file and the command line" in err
    error = json.loads(out)["error"]
    assert error["code"] == DEFECT and error["message"] in err
    path = Path(error["message"].partition("the traceback is in ")[2].partition(";")[0])
    text = path.read_text()
    path.unlink()
    assert "in planted" in text and "ZeroDivisionError: planted" in text and "Python" in text


@pytest.mark.parametrize("error", [OSError(ENOSPC, "No space left on device"), ValueError("planted"), MemoryError()])
def test_what_fails_after_a_finding_is_reported_and_goes_no_further(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    with after_finding():
        raise error
    with pytest.raises(type(error)), after_finding(lambda: False):
        raise error
    assert capsys.readouterr().err.startswith("crossvault: ")


def test_a_compiler_that_ends_without_an_answer_is_no_fault_of_the_contracts(tmp_path: Path) -> None:
    binary = tmp_path / "solc"  # as one that is killed for want of memory
    binary.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {toolchain.solc()} --version\nkill -9 $$\n')
    binary.chmod(0o755)
    with pytest.raises(CompilerLost, match="solc ended without an answer"):
        standard_json(binary, standard_input({}, {}))


def test_the_document_of_an_error_has_the_places_that_its_problems_carry(capsys: pytest.CaptureFixture[str]) -> None:
    first = InputProblem("0 USD is out of range: 1 to 2", "a: b.yaml", 3, "prices.ETH")
    second = InputProblem("unknown name", field="prices", argument="--set prices=1")
    assert reported(BadInput(first, second), as_json=True) == 2
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "crossvault: a: b.yaml:3: prices.ETH: 0 USD is out of range: 1 to 2",
        "--set prices=1: prices: unknown name",
    ]
    error = json.loads(out)["error"]
    assert (error["file"], error["line"], error["field"]) == ("a: b.yaml", 3, "prices.ETH")
    assert error["problems"] == [
        {"file": "a: b.yaml", "line": 3, "field": "prices.ETH", "message": "0 USD is out of range: 1 to 2"},
        {"file": None, "line": None, "field": "prices", "message": "unknown name"},
    ]
