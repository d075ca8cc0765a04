"""Every rule of the house can fail: each finds an offender among files that it accepts."""

import ast
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import housemap
import houserules
from crossvault.evm.compiler import standard_json
from crossvault.setup import toolchain
from sourcefiles import nodes, without_comments

CLEAN = "def f(a: int) -> int:\n    return a * 2\n"
PYTHON_OFFENDERS: dict[str, tuple[Callable[[Iterable[Path]], list[str]], str]] = {
    "long file": (houserules.long_files, "\n" * 401),
    "long function": (houserules.long_functions, "def f() -> None:\n" + "    f()\n" * 40),
    "many parameters": (houserules.functions_of_many_parameters, "def f(self, a, b, c, *, d, e, f, g): ...\n"),
    "true division": (lambda paths: houserules.dividing_mirrors(paths, {"offender.py"}), "a = 1 / 2\n"),
    "division": (lambda paths: houserules.dividing_mirrors(paths, ()), "a = 1 // 2\n"),
    "shift": (lambda paths: houserules.dividing_mirrors(paths, ()), "a = 1\na >>= 2\n"),
    "root": (lambda paths: houserules.dividing_mirrors(paths, ()), "a = math.isqrt(4)\n"),
    "float literal": (houserules.inexact_numbers, "a = 1.0\n"),
    "float": (houserules.inexact_numbers, "a = float(1)\n"),
}

SOLIDITY = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;
error Odd();
library Fixed { function mulDivDown(uint256 a, uint256 b) internal pure returns (uint256) { return a * b / 3; } }
contract Offender {
    /// @custom:rounds down
    function unexplained(uint256 a) external pure returns (uint256) { return Fixed.mulDivDown(a, a); }
    /// @custom:rounds down, because a test needs it
    function explained(uint256 a) external pure returns (uint256) { return Fixed.mulDivDown(a, a); }
    function signed(int256 a) external pure returns (int256) { return a / 2; }
    function undocumented() external pure { revert Bare.Odd2(); }
    /// @custom:reverts Odd2
    function documented() external pure { revert Bare.Odd2(); }
    /// @custom:reverts Unknown
    function misspelt() external pure {}
    function long() external pure {LINES}
}
library Bare { error Odd2(); }
""".replace("LINES", "\n" * 41)


@pytest.mark.parametrize("rule", PYTHON_OFFENDERS)
def test_a_rule_over_python_files_finds_its_offender(rule: str, tmp_path: Path) -> None:
    find, text = PYTHON_OFFENDERS[rule]
    (tmp_path / "clean.py").write_text(CLEAN)
    (tmp_path / "offender.py").write_text(text)
    [found] = find([tmp_path / "clean.py", tmp_path / "offender.py"])
    assert found.startswith("offender.py")


def test_divisions_in_contracts_are_found_but_not_in_comments(tmp_path: Path) -> None:
    lines = (
        "a = b / c;",
        "a = b % c;",
        "a >>= 1;",
        "a = b << 1;",
        "sqrt(a);",
        "FixedPointMathLib.f(a);",
        "assembly {}",
    )
    for name in ("Fixed.sol", "Exp.sol", "Other.sol"):
        (tmp_path / name).write_text('// a / b\ns = "a / b"; /* a % b */\n' + "\n".join(lines))
    found = {name: houserules.dividing_contracts([tmp_path / f"{name}.sol"]) for name in ("Fixed", "Exp", "Other")}
    assert found["Fixed"] == []
    assert found["Exp"] == [f"Exp.sol: {line}" for line in lines if "FixedPoint" not in line]
    assert found["Other"] == [f"Other.sol: {line}" for line in lines]


def test_the_comment_stripper_keeps_code_and_drops_the_rest() -> None:
    text = 'a = b / c; // d / e\nf = "g / h"; /* i % j */ k >>= 1;'
    assert without_comments(text).split() == ["a", "=", "b", "/", "c;", "f", "=", '"";', "k", ">>=", "1;"]


@pytest.fixture(scope="module")
def offender() -> list[dict[str, Any]]:
    """The syntax nodes of a contract that violates every rule over syntax trees."""
    settings = {"outputSelection": {"*": {"": ["ast"]}}}
    request = {"language": "Solidity", "sources": {"O.sol": {"content": SOLIDITY}}, "settings": settings}
    answer = standard_json(toolchain.solc(), request)
    assert not [each for each in answer.get("errors", ()) if each["severity"] == "error"], json.dumps(answer)
    return list(nodes(answer["sources"]["O.sol"]["ast"]))


def test_the_rules_over_solidity_trees_find_their_offenders(offender: list[dict[str, Any]]) -> None:
    assert houserules.unexplained_roundings("O", offender) == ["O:unexplained"]
    assert houserules.long_solidity_functions("O", SOLIDITY.encode(), offender) == ["O:long"]
    assert houserules.misdocumented_refusals("O", offender, {"Odd2"}) == [
        "O:undocumented: Odd2 is undocumented",
        "O:misspelt: no error Unknown",
    ]
    [found] = houserules.signed_divisions("O", offender)
    start, length, _ = (int(number) for number in found.removeprefix("O: ").split(":"))
    assert SOLIDITY[start : start + length] == "a / 2"


def modules(**sources: str) -> dict[str, ast.Module]:
    """Modules of a package by room and file, joined by two underscores."""
    return {f"crossvault.{name.replace('__', '.')}": ast.parse(text) for name, text in sources.items()}


def test_a_room_without_a_row_and_a_row_without_a_room_are_found() -> None:
    found = housemap.misplaced_rooms(modules(evm__chain="", cellar__rats=""), ("evm", "attic"))
    assert found == ["no row for cellar", "no room attic"]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("evm__one", "lockstep.run"),  # down the list
        ("sweep__one", "evm.chain"), ("sweep__one", "rpc.client"), ("sweep__one", "lockstep.run"),
        ("agents__one", "evm.chain"), ("portfolio__one", "evm.chain"), ("rpc__ape_networks", "evm.chain"),
    ],
)  # fmt: skip
def test_a_misdirected_import_is_found_even_inside_a_function(here: str, there: str) -> None:
    allowed = "from crossvault.mirror import fixed\n" if "ape" not in here else ""
    target = there.replace(".", "__")
    made = modules(
        mirror__fixed="", **{here: f"{allowed}def f():\n    from crossvault.{there} import name\n", target: ""}
    )
    [found] = housemap.misdirected_imports(made)
    assert f"crossvault.{there}" in found


def test_a_library_out_of_place_is_found() -> None:
    good = modules(mirror__one="import ast", sweep__one="import numpy as np", rpc__ape_networks="import ape")
    assert housemap.misplaced_libraries(good) == []
    bad = modules(mirror__one="import yaml", audit__one="from numpy import array", rpc__client="import ape.api")
    assert len(housemap.misplaced_libraries(bad)) == 3


def test_circles_of_modules_and_rooms_are_found_and_floors_counted() -> None:
    line = modules(a__one="import crossvault.b.two", b__two="import crossvault.c.three", c__three="")
    assert housemap.circles(housemap.arrows(line)) == []
    assert housemap.floors(housemap.room_arrows(line)) == 3
    ring = line | modules(c__three="from crossvault.b.two import name")
    assert housemap.circles(housemap.arrows(ring)) == ["crossvault.a.one", "crossvault.b.two", "crossvault.c.three"]
    bent = line | modules(c__three="", c__four="import crossvault.a.one")  # no circle of modules, but one of rooms
    assert housemap.circles(housemap.arrows(bent)) == []
    assert housemap.circles(housemap.room_arrows(bent)) == ["a", "b", "c"]


def test_a_repeated_name_is_found() -> None:
    made = modules(evm__one="class _Same: ...", rpc__one="class Outer:\n    class _Same: ...", report__one="")
    assert housemap.repeated_classes(made) == ["_Same: crossvault.evm.one, crossvault.rpc.one"]
    assert housemap.repeated_stems(made, ()) == ["one: crossvault.evm.one, crossvault.rpc.one"]
    assert housemap.repeated_stems(modules(evm__one="", report__one="", commands__one="", mirror__one=""), ()) == []
