"""`crossvault conform`: the example agrees, broken copies of it do not, bad adapters are refused with the reason."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from crossvault.__main__ import main
from crossvault.conform.adapter import load
from crossvault.conform.adapter_calls import AdapterCall, phrase
from crossvault.conform.capability import NAMES
from crossvault.conform.clause import ACCEPTANCE, ARGUMENTS, EVENTS, VIEWS, event
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.figures import BY_NAME
from crossvault.conform.search import SearchPlan, examine
from crossvault.conform.snapshot_words import WORDS
from crossvault.conform.subject import Subject, subject
from crossvault.differential.ending import DONE, FAILED, USAGE
from crossvault.differential.step import ACTIONS
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import vault_abi, vault_refusals
from crossvault.fuzz.task import steps_of
from crossvault.report.conform_page import conform_page
from crossvault.scenario import load as load_story
from crossvault.scenario.source import ScenarioError
from crossvault.setup.toolchain import PACKAGE
from pages import shown

EXAMPLE = PACKAGE / "conform" / "example"
HERE = Path(__file__).parent
ADAPTER = "perp-vault.adapter.yaml"
OLD = HERE / "conform-PerpVault-1-48.json"  # a finding as earlier versions wrote it


def copied(folder: Path, *changes: tuple[str, str, str]) -> str:
    """A copy of the example in a directory, with changes (file, old, new); returns its PATH:Contract."""
    for path in EXAMPLE.iterdir():
        shutil.copy(path, folder / path.name)
    for name, old, new in changes:
        text = (folder / name).read_text(encoding="utf8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf8")
    return f"{folder / 'PerpVault.sol'}:PerpVault"


def examined(capsys: pytest.CaptureFixture[str], target: str, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the document of a run."""
    code = main(["conform", target, "--json", *options])
    document = json.loads(capsys.readouterr().out)
    rows = shown(conform_page(document)).tables["clauses"]
    assert [row[1:3] for row in rows] == [(each["clause"], each["state"]) for each in document["clauses"]]
    return code, document


def differing(document: dict[str, Any]) -> list[str]:
    return [each["clause"] for each in document["clauses"] if each["state"] == "differs"]


def example() -> Subject:
    return subject(f"{EXAMPLE / 'PerpVault.sol'}:PerpVault", load(EXAMPLE / ADAPTER, ADAPTER))


def test_a_phrase_is_a_call() -> None:
    assert phrase("deposit(account, 7)") == AdapterCall("vault", "deposit", ("account", "7"))
    assert phrase("reader.held(account.owner).size") == AdapterCall("reader", "held", ("account.owner",), "size")
    with pytest.raises(ValueError, match="'deposit' is no call"):
        phrase("deposit")


def test_every_clause_names_what_exists() -> None:
    build = compile_contracts()
    errors = {item["name"] for abi in vault_refusals(build) for item in abi}
    events = {event(item["name"]) for item in vault_abi(build) if item["type"] == "event"}
    known = (
        errors
        | events
        | set(BY_NAME)
        | WORDS
        | set(ARGUMENTS)
        | {ACCEPTANCE, EVENTS, VIEWS, "ERC20InsufficientBalance"}
    )
    assert [word for clause in CLAUSES for word in clause.shows if word not in known] == []
    assert [clause.needs for clause in CLAUSES if clause.needs and clause.needs not in NAMES] == []
    assert [each.needs for clause in CLAUSES for each in clause.cases if each.needs not in {"", *NAMES, *ACTIONS}] == []
    unseen = errors - {word for clause in CLAUSES for word in clause.shows}
    assert unseen == {
        "FullMulDivFailed", "ExpOverflow", "LnWadUndefined", "MagnitudeTooLarge",  # no number that a door lets in
        "TooManyOptions", "TooManyUnderlyings", "AnnouncementLapsed",
    }  # fmt: skip


def test_every_clause_states_one_thing() -> None:
    texts = [each.text for each in CLAUSES]
    assert len(set(texts)) == len(texts)
    lumped = [each.text for each in CLAUSES if sum(word[:1].isupper() for word in each.shows) > 1 and each.refuses]
    assert lumped == [], "a clause of a refusal is of that refusal alone"


@pytest.mark.slow
def test_the_example_has_the_doors_of_perps() -> None:
    found = example()
    assert found.can("perps") and found.can("auction") and found.refusals == "exact"
    assert not found.can("options") and not found.can("funding")
    assert found.pins() == {"funding_base": 0, "funding_cap": 0}
    assert found.doors["trade"].exists and found.doors["settle"].note == "missing"
    assert {"cash_wad", "size", "quote", "mark_wad"} <= set(found.figures) and not found.has_snapshot
    assert "CashDeposited" in found.events and "Traded" not in found.events


def test_the_example_shares_no_code_with_the_vault() -> None:
    imports = [line for path in EXAMPLE.glob("*.sol") for line in path.read_text().splitlines() if "import" in line[:7]]
    assert imports and all('"@openzeppelin/' in line or '"./PerpMargin.sol"' in line for line in imports)


BAD = [
    ("doors:\n  depositcash: deposit(account)\n", ":2: doors.depositcash: unknown: did you mean 'deposit_cash'?"),
    ("doors:\n  deposit_cash: deposit\n", ":2: doors.deposit_cash: 'deposit' is no call"),
    ("doors:\n  deposit_cash: depositCah(account, amount_raw)\n", "did you mean depositCash(uint256,uint256)?"),
    ("doors:\n  deposit_cash: depositCash(acount, amount_raw)\n", ":2: doors.deposit_cash: nothing is called 'acount'"),
    ("capabilities: {perp: no}\n", ":1: capabilities.perp: no such capability: did you mean 'perps'?"),
    ("capabilities: {perps: maybe}\n", "capabilities.perps: expected yes or no, got 'maybe'"),
    ("figures:\n  cash_wad: cash(account).wad\n", ":2: figures.cash_wad: cash(uint256) returns no 'wad'"),
    ("refusals: loosely\n", ":1: refusals: 'loosely': expected one of: exact, names, accepted"),
    ("fixed: {risk: {mark_bend: 0}}\n", ":1: fixed.risk.mark_bend: unknown: did you mean 'mark_band'?"),
    ("door: {}\n", ":1: door: unknown field: did you mean 'doors'?"),
    ("interface: [Ledger]\n", ":1: interface[0]: no contract 'Ledger'"),
    ("constructor: [owner, facets]\ninterface: [PerpMargin]\n", ":2: interface[0]: PerpMargin is a facet that is not"),
    ("deploy: [{name: reader, contract: Reader.sol:Reader}]\n", "deploy[0].contract: 'Reader.sol:Reader': expected"),
    ("doors: {deposit_cash: no}\n", "cannot be searched: it has no door for\n  deposit_cash: switched off"),
]


@pytest.mark.parametrize(("text", "problem"), BAD, ids=[text.split(":")[0] + str(i) for i, (text, _) in enumerate(BAD)])
def test_a_bad_adapter_is_refused_with_line_and_field(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf8")
    with pytest.raises(ScenarioError) as refused:
        subject(f"{EXAMPLE / 'PerpVault.sol'}:PerpVault", load(path, "bad.yaml"))
    assert problem in str(refused.value)


def test_a_vault_that_does_not_exist_is_reported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = copied(tmp_path)
    for wrong, problem in (
        (target.replace(":PerpVault", ":PerpVaults"), "did you mean 'PerpVault'?"),
        (target.replace(":PerpVault", ""), "expected PATH:Contract"),
        ("nowhere.sol:Vault", "there is no such file"),
    ):
        assert main(["conform", wrong]) == USAGE
        assert problem in capsys.readouterr().err


@pytest.mark.slow
def test_a_door_of_another_name_is_near(tmp_path: Path) -> None:
    target = copied(tmp_path, ("PerpVault.sol", "function depositCash", "function depositCach"))
    with pytest.raises(ScenarioError, match=r"deposit_cash: missing; did you mean depositCach\(uint256,uint256\)\?"):
        subject(target, load(tmp_path / ADAPTER, ADAPTER))


@pytest.mark.slow
def test_the_example_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = examined(capsys, "example", "--steps", "50")
    assert (code, differing(found)) == (DONE, [])
    assert [each["name"] for each in found["published"] if not each["why"]] == ["derive-auction", "dydx-requirements"]
    states = {each["clause"]: each["state"] for each in found["clauses"]}
    assert states["an expiry settles at its average over the last half hour"] == "not supported"
    assert states["a deposit is cash"] == "agrees"
    assert states["a paused vault: deposits go on"] == states["a paused vault: reductions go on"] == "agrees"


@pytest.mark.slow
def test_a_difference_is_named_replayed_and_mended(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bug = ("PerpVault.sol", "_part(cash[from] - int256(sales[from].reserved), part)", "_part(cash[from], part)")
    adapter = ["--adapter", str(tmp_path / ADAPTER)]
    target = copied(tmp_path, bug)
    code, found = examined(capsys, target, *adapter, "--steps", "50")
    assert (code, differing(found)) == (FAILED, ["cash that bidders have paid is not for sale"])
    [file] = [each["file"] for each in found["clauses"] if each["state"] == "differs"]
    assert main(["conform", target, *adapter, "--replay", file]) == FAILED
    assert "cash_wad of " in capsys.readouterr().out
    assert main(["conform", copied(tmp_path), *adapter, "--replay", file]) == DONE
    out = capsys.readouterr().out
    assert "now agrees; it was: step " in out and "cash_wad of " in out and " in the vault, " in out
    story = load_story(file)
    assert story.expected_steps < 20 and story.finding in out
    assert steps_of(story)[-1].action == "bid"


@pytest.mark.slow
def test_a_finding_of_an_earlier_version_is_still_replayed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bug = ("PerpVault.sol", "_part(cash[from] - int256(sales[from].reserved), part)", "_part(cash[from], part)")
    adapter = ["--adapter", str(tmp_path / ADAPTER)]
    assert main(["conform", copied(tmp_path, bug), *adapter, "--replay", str(OLD)]) == FAILED
    out = capsys.readouterr().out
    assert "cash_wad of alice: vault 991499999999999999158, model 991499999999999999159  (vault less model: -1)" in out
    assert main(["conform", copied(tmp_path), *adapter, "--replay", str(OLD)]) == DONE
    was = "step 18: cash_wad of alice was 991499999999999999158 in the vault, 991499999999999999159 in the model"
    assert f"now agrees; it was: {was}\n" in capsys.readouterr().out
    wrong = tmp_path / "wrong.json"
    wrong.write_text(OLD.read_text(encoding="utf8").replace('"conform": 1', '"conform": 2'), encoding="utf8")
    assert main(["conform", copied(tmp_path), *adapter, "--replay", str(wrong)]) == USAGE
    assert "format 2, expected 1" in capsys.readouterr().err


@pytest.mark.slow
def test_a_replay_goes_on_to_the_difference_that_it_was_kept_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Another difference shows before, in the same field: cash of alice is wrong from her deposit on."""
    kept = ("PerpVault.sol", "_part(cash[from] - int256(sales[from].reserved), part)", "_part(cash[from], part)")
    earlier = ("PerpVault.sol", "cash[account] += int256(amount);", "cash[account] += int256(amount) + 1000;")
    adapter = ["--adapter", str(tmp_path / ADAPTER)]
    assert main(["conform", copied(tmp_path, kept, earlier), *adapter, "--replay", str(OLD)]) == FAILED
    out = capsys.readouterr().out
    first, _, last = out.rpartition(": bid(")
    assert "(vault less model: +1000)" in first and "\n  18 " in first and "cash_wad of alice: " in last
    assert last.endswith("differs, in process and on Anvil; other differences come before it\n")
    assert main(["conform", copied(tmp_path, earlier), *adapter, "--replay", str(OLD)]) == FAILED
    out = capsys.readouterr().out
    assert "(vault less model: +1000)" in out and "\n  18 " in out
    assert "another difference shows; the one that it was kept for does not: step 18: cash_wad of alice was" in out


@pytest.mark.slow
def test_a_vault_with_other_names_and_errors_is_compared_by_acceptance(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = copied(
        tmp_path,
        ("PerpVault.sol", "function depositCash(uint256 account, uint256 amountRaw)",
         "function put(uint256 amountRaw, uint256 account)"),
        ("PerpVault.sol", "ZeroSize()", "NoSize()"),
        (ADAPTER, "refusals: exact", "refusals: accepted\ndoors: {deposit_cash: 'put(amount_raw, account)'}\n#"),
    )  # fmt: skip
    code, found = examined(capsys, target, "--adapter", str(tmp_path / ADAPTER), "--steps", "50")
    assert (code, differing(found), found["doors"]["deposit_cash"]) == (DONE, [], "put(amount_raw, account)")
    notes = {each["clause"]: each["note"] for each in found["clauses"]}
    assert notes["what is not listed is not traded"] == "only whether it refuses"


READER = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface Books {
    function cash(uint256 account) external view returns (int256);
}

contract Reader {
    Books private immutable BOOKS;

    constructor(Books books) {
        BOOKS = books;
    }

    function both(address owner, uint96 number) external view returns (uint256 nothing, int256 cash) {
        return (0, BOOKS.cash((uint256(uint160(owner)) << 96) | number));
    }
}
"""


@pytest.mark.slow
def test_a_bare_revert_shows_the_calls_inside(tmp_path: Path) -> None:
    target = copied(
        tmp_path, ("PerpVault.sol", "        insuranceWad += _pull(amountRaw);", "        _pull(amountRaw); revert();")
    )
    vault = subject(target, load(tmp_path / ADAPTER, ADAPTER))
    report = examine(vault, SearchPlan(steps=0, stories=(), corners=False))
    [verdict] = [each for each in report.verdicts if each.rank == 1]
    assert verdict.clause.text == "anybody may fund the insurance fund" and verdict.finding is not None
    lines = verdict.finding.trace.splitlines()
    assert lines[0].startswith("vault.fundInsurance  reverted: ") and "USDC.transferFrom" in lines[-1]


@pytest.mark.slow
def test_an_adapter_deploys_a_reader_pins_and_switches_off(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = copied(
        tmp_path,
        ("PerpMargin.sol", "risks[underlying].heartbeatSecs", "3600"),
        (ADAPTER, "cash_wad: cash(account)", "cash_wad: 'reader.both(account.owner, account.number).cash'"),
        (ADAPTER, "refusals: exact", "deploy: [{name: reader, contract: Reader.sol:Reader, arguments: [vault]}]\n"
         "fixed: {risk: {heartbeat_secs: 3600}}\ndoors: {set_guardian: no}\nrefusals: exact"),
    )  # fmt: skip
    (tmp_path / "Reader.sol").write_text(READER, encoding="utf8")
    code, found = examined(capsys, target, "--adapter", str(tmp_path / ADAPTER), "--steps", "50")
    assert (code, differing(found)) == (DONE, [])
    assert found["capabilities"]["guardian"] == "no set_guardian"
    stories = {each["name"]: each["why"] for each in found["scenarios"]}
    assert stories["first-liquidation"] == "", "another heartbeat changes nothing in it"
    assert stories["funding-squeeze"] == "needs another funding base"
    assert "set_guardian" not in found["actions"]


@pytest.mark.campaign
def test_our_own_vault_agrees_with_every_clause(capsys: pytest.CaptureFixture[str]) -> None:
    target = f"{HERE.parents[1] / 'contracts' / 'Vault.sol'}:Vault"
    adapter = str(HERE / "own.adapter.yaml")
    code, found = examined(capsys, target, "--adapter", adapter, "--steps", "1000")
    assert (code, differing(found)) == (DONE, [])
    unsupported = {each["section"] for each in found["clauses"] if each["state"] == "not supported"}
    assert unsupported == {"Orders"}
