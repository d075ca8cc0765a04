"""`run --against` and `fuzz --against`: versions that change nothing and versions that do, by the right row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from cli import start
from crossvault.commands import upgrade_search
from crossvault.commands.exits import UsageError
from crossvault.commands.parser import parse
from crossvault.differential import doors
from crossvault.evm.compiler import compile_contracts
from crossvault.mirror.account import AccountId
from crossvault.setup.toolchain import contracts_dir
from crossvault.upgrade.version_run import VersionPair, Versions
from crossvault.walks.random_walk import Walk
from shrinking import broken

STORY = """\
name: odd-price
about: A trade whose cost is no whole number of wei.
starts: 2026-03-02T08:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 15 %, start: 98 %, knee: 80 %, fast: 15m, slow: 4h, insolvent: 30m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
prices: {ETH: {at: {+0h: 200 USD}}}
actors:
  maker: {kind: maker, deposits: ["50,000 USDC"]}
  alice: {deposits: ["1,000 USDC"]}
steps:
  - {do: trade, maker: maker, taker: alice, instrument: ETH-PERP, size: 0.1 ETH, price: 200.000000000000000003 USD}
"""
REFACTORED = (("Exchange.sol", "progress[", "states["), ("Exchange.sol", "internal progress;", "internal states;"),
              ("Exchange.sol", "agree(", "agreed("))  # fmt: skip
FLOOR = "    mapping(AccountId account => uint256) public saltFloor;\n"
PROGRESS = "    mapping(bytes32 digest => Progress) internal progress;\n"
SWAPPED = (
    ("Exchange.sol", FLOOR, ""), ("Exchange.sol", PROGRESS, f"{FLOOR}{PROGRESS}"),
    ("Exchange.sol", "function cancelBelow(", "function cancelUnder("),
)  # fmt: skip

Edits = tuple[tuple[str, str, str], ...]


def version(folder: Path, edits: Edits) -> Path:
    """A directory with the changed files of a version."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, was, becomes in edits:
        path = folder / name
        text = (path if path.exists() else contracts_dir() / name).read_text(encoding="utf8")
        assert was in text
        path.write_text(text.replace(was, becomes), encoding="utf8")
    return folder


def document(done: CompletedProcess[str], code: int) -> dict[str, Any]:
    assert done.returncode == code, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(story: Mapping[str, Any]) -> dict[str, str | None]:
    """What changed in a story, with the largest change of money."""
    found: dict[str, str | None] = {}
    for each in story["changes"]:
        found.setdefault(f"{each['kind']} {each['name']}", each["change_wad"])
    return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("stories") / "odd-price.scenario.yaml"
    path.write_text(STORY, encoding="utf8")
    return str(path)


@pytest.fixture(scope="module")
def generous(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Contracts that round the cost of a trade down instead of up."""
    return str(broken(tmp_path_factory.mktemp("generous")))


@pytest.mark.slow
def test_a_rounding_is_one_wei_of_the_trader_and_back_with_the_versions_turned(story: str, generous: str) -> None:
    found = document(start("run", story, "--against", generous, "--json"), 1)
    assert found["files"] == ["Vault.sol"] and found["storage"] == [] and found["interface"] == []
    [played] = found["stories"]
    changes = {(each["kind"], each["name"], *each["owners"]): each for each in played["changes"]}
    of_alice = changes["margin", "equity_wad", "alice"]  # 0.1 ETH at 200.000000000000000003 are 20 and 0.3 wei
    assert of_alice["change_wad"] == "1" and of_alice["is_first"]
    assert int(of_alice["new"]) - int(of_alice["old"]) == 1
    assert played["first_changes"]["alice"]["door"] == "trade"
    assert {each["account"]: each["change_wad"] for each in played["equities"]} == {"alice": "1", "maker": "-1"}
    back = document(start("run", story, "--contracts", generous, "--against", str(contracts_dir()), "--json"), 1)
    assert {each["account"]: each["change_wad"] for each in back["stories"][0]["equities"]} == {
        "alice": "-1",
        "maker": "1",
    }


@pytest.mark.slow
def test_the_table_shows_the_door_the_account_and_the_money(story: str, generous: str) -> None:
    done = start("run", story, "quickstart", "--against", generous)
    assert done.returncode == 1
    for text in ("by door: trade 1 (from ", "event Traded.", "+0.000000000000000001", "is later may follow from it",
                 "storage: every field is where it was", "the versions differ: 1 of 2 stories change"):  # fmt: skip
        assert text in done.stdout, text


@pytest.mark.slow
def test_the_same_contracts_do_not_change(story: str, tmp_path: Path) -> None:
    record = tmp_path / "odd.jsonl"
    assert start("run", story, "--record", str(record)).returncode == 0
    done = start("run", story, str(record), "--against", str(contracts_dir()))
    assert done.returncode == 0 and "both versions are the same contracts" in done.stderr
    assert "no change: " in done.stdout and done.stdout.count("odd-price") == 2  # the record's steps are played, too
    refused = start("run", str(record), "--seed", "3", "--against", str(contracts_dir()))
    assert refused.returncode == 2 and "have no effect on a record" in refused.stderr


@pytest.mark.slow
def test_a_story_that_goes_otherwise_than_its_file_states_is_no_pass(story: str, tmp_path: Path) -> None:
    odd = tmp_path / "odd.scenario.yaml"
    odd.write_text(f"{STORY}  - {{do: look, expect: {{insurance: 7 USDC}}}}\n", encoding="utf8")
    done = start("run", str(odd), "--against", str(contracts_dir()))
    assert done.returncode == 1 and "otherwise than its file states went odd-price" in done.stdout
    assert "insurance: expected 7 USDC" in done.stdout.replace(",", "")


@pytest.mark.slow
def test_renamed_storage_and_functions_change_nothing(tmp_path: Path) -> None:
    refactored = str(version(tmp_path / "refactored", REFACTORED))
    found = document(start("run", "first-liquidation", "--against", refactored, "--json"), 0)
    assert [(each["field"], each["how"], each["breaks"]) for each in found["storage"]] == [
        ("progress → states", "renamed", False)
    ]
    assert [each["outcome"] for each in found["stories"]] == ["no change"]
    words = ("fuzz", "--steps", "40", "-j", "1", "--against", refactored, "--json")
    assert document(start(*words), 0)["finding"] is None


@pytest.mark.slow
def test_a_moved_field_and_a_door_that_is_gone_are_red_though_no_story_changes(tmp_path: Path) -> None:
    swapped = version(tmp_path / "swapped", SWAPPED)
    found = document(start("run", "quickstart", "--against", str(swapped), "--json"), 1)
    assert [(each["contract"], each["field"], each["how"], each["old"], each["new"]) for each in found["storage"]] == [
        ("Exchange", "progress", "moved", "slot 2 byte 0, mapping(bytes32)", "slot 3 byte 0, mapping(bytes32)"),
        ("Exchange", "saltFloor", "moved", "slot 3 byte 0, mapping(AccountId)", "slot 2 byte 0, mapping(AccountId)"),
    ]
    assert [(each["name"], each["breaks"]) for each in found["interface"]] == [
        ("cancelBelow", True),
        ("cancelUnder", False),
    ]
    assert [each["outcome"] for each in found["stories"]] == ["no change"]
    ours, new = compile_contracts(), compile_contracts(swapped)
    world = Walk(1, 0).world
    step = doors.cancel_below(world.starts_at, "alice", account=AccountId("alice"), salt=3)
    [verdict, *_] = VersionPair(world, Versions(ours, new, ours)).apply(step)
    assert (verdict.kind, verdict.found.model) == ("verdict", "accepted")
    assert str(verdict.found.chain) == "DoorLacking(door=cancel_below, instead=nothing)"


@pytest.mark.slow
def test_a_walk_that_changes_is_shrunk_to_a_repro_that_plays_on_both(
    generous: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade_search, "_SHRINK_SECS", 1.0)
    found = document(start("fuzz", "--steps", "2000", "-j", "1", "--against", generous, "--json"), 1)["finding"]
    assert found["differences"] and found["story"]["changes"] and 0 < found["steps"] <= found["step"]
    again = document(start(*found["to_play_it"].split()[1:], "--json"), 1)
    assert again["stories"][0]["steps"] == found["steps"]
    assert rows(again["stories"][0]) == rows(found["story"])
    assert start("run", found["repro"], "--against", str(contracts_dir())).returncode == 0


@pytest.mark.slow
def test_a_version_that_does_not_compile_is_bad_input(tmp_path: Path) -> None:
    bad = version(tmp_path / "bad", (("Fixed.sol", "library Fixed {", "library Fixed { uint256"),))
    done = start("run", "quickstart", "--against", str(bad))
    assert done.returncode == 2 and "Fixed.sol" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run quickstart --against x --record y", "--record: has no effect with --against"),
        ("run quickstart --against x --picture y", "--picture: has no effect with --against"),
        ("run quickstart --network a:b:c --against x", "--against: has no effect with --network"),
        ("fuzz --against x --coverage y", "--coverage: has no effect with --against"),
        ("fuzz --against x --corpus y", "--corpus: has no effect with --against"),
    ],
)
def test_an_argument_without_effect_is_refused(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(line.split())


def test_a_directory_that_is_not_there_is_named_with_its_flag() -> None:
    done = start("run", "quickstart", "--against", "nowhere")
    assert done.returncode == 2 and "--against: there is no directory nowhere" in done.stderr


MOVE = "        Ledger.movePart(ledger, account, bidder, deal.takenWad, ledger.sales[account].reservedWad, leftOut);\n"
PAY = "        pay(account, bidder, deal.costWad);\n"
LIMIT = "        if (deal.costWad > limitWad) revert LiquidationErrors.BidTooDear(deal.costWad, limitWad);\n"
FALL = "return terms.kneeWad + Fixed.mulDivUp(terms.startWad - terms.kneeWad, left, terms.fastSecs);"
PRICE = "return Fixed.mulDivUp(valueWad, discountWad, Fixed.WAD);"
EQUAL: dict[str, Edits] = {
    "renamed": REFACTORED,
    "split": (
        ("Auction.sol", f"{MOVE}{PAY}", "        sell(account, bidder, deal, leftOut);\n"),
        ("Auction.sol", "    /// @notice Ends the auction of",
         "    function sell(AccountId account, AccountId bidder, BidResult memory deal, uint256 leftOut) internal {\n"
         f"{MOVE}{PAY}    }}\n\n    /// @notice Ends the auction of"),
    ),
    "unchecked": (
        ("Auction.sol", "if (sale.insolventAt == 0) sale.reservedWad += uint256(costWad);",
         "unchecked { if (sale.insolventAt == 0) sale.reservedWad += uint256(costWad); }"),
    ),
}  # fmt: skip
CHANGED: dict[str, tuple[Edits, str, dict[str, str | None]]] = {
    # the first bid is for 25 % of what costs 150: 37.50, which a limit of 37 refuses; left is 75 % of 200,
    # and 37.50
    "check removed": (
        (("Auction.sol", LIMIT, ""),),
        "first-liquidation",
        {"verdict bid: BidTooDear → accepted": None, "state sale.reserved_wad": str(375 * 10**17),
         "margin equity_wad": str(-125 * 10**17)},
    ),
    # equity 200, maintenance margin -160: the event has the one in place of the other
    "event": (
        (("Auction.sol", "emit LiquidationStarted(msg.sender, account, now_.equityWad, ",
          "emit LiquidationStarted(msg.sender, account, now_.marginWad, "),),
        "first-liquidation", {"event LiquidationStarted.equity_wad": str(-360 * 10**18)},
    ),
    # ten minutes into twenty the factor is 75 %; at the knee it is 50 %: 25 % of 200 cost 25 instead of 37.50
    "discount": (
        (("Liquidation.sol", FALL, "return terms.kneeWad + 0 * left;"),),
        "first-liquidation",
        {"verdict bid: BidTooDear → accepted": None, "state sale.reserved_wad": str(25 * 10**18)},
    ),
    "rounding": (
        (("Liquidation.sol", PRICE, PRICE.replace("Up", "Down")),), "black-thursday", {"event Bid.deal.cost_wad": "-"},
    ),
}  # fmt: skip


@pytest.mark.campaign
@pytest.mark.parametrize("name", EQUAL)
def test_a_refactor_changes_nothing(name: str, tmp_path: Path) -> None:
    new = str(version(tmp_path / "new", EQUAL[name]))
    document(start("run", "black-thursday", "bad-debt", "first-liquidation", "--against", new, "--json"), 0)
    document(start("fuzz", "--steps", "4000", "--against", new, "--json"), 0)


@pytest.mark.campaign
@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_red_by_its_row_with_its_money(name: str, tmp_path: Path) -> None:
    edits, played, expected = CHANGED[name]
    found = document(start("run", played, "--against", str(version(tmp_path / "new", edits)), "--json"), 1)
    assert found["storage"] == [] and found["interface"] == []
    changes = rows(found["stories"][0])
    for row, money in expected.items():
        assert row in changes
        assert changes[row] == money or (money == "-" and str(changes[row]).startswith("-"))
    if name == "event":
        assert len(changes) == 1 and found["stories"][0]["first_state_change"] is None


@pytest.mark.campaign
def test_a_field_that_moves_within_the_vault_is_red(tmp_path: Path) -> None:
    new = version(
        tmp_path / "new",
        (("Store.sol", "    address public owner;\n    address public pendingOwner;\n",
          "    address public pendingOwner;\n    address public owner;\n"),),
    )  # fmt: skip
    found = document(start("run", "quickstart", "--against", str(new), "--json"), 1)
    assert [(each["field"], each["how"]) for each in found["storage"]] == [
        ("owner", "moved"),
        ("pendingOwner", "moved"),
    ]
    assert [each["outcome"] for each in found["stories"]] == ["no change"]
