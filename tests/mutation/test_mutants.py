"""Mutants of a small contract: operators, identifiers, and equality of combined and separate builds."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pytest

from crossvault.evm.compiler import standard_input, standard_json
from crossvault.evm.pyrevm import InMemoryEvm
from crossvault.mutation.mutants import Mutant, diff, mutants, mutated
from crossvault.mutation.schemata import SWITCH, SWITCH_UNIT, TRAP, combine
from crossvault.setup import toolchain

SMALL = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

library Lib {
    uint256 internal constant SCALE = 100;
    enum Level { Low, High }

    function mulDivDown(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        return a * b / c;
    }

    function mulDivUp(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        return (a * b + c - 1) / c;
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) { return a < b ? a : b; }
    function max(uint256 a, uint256 b) internal pure returns (uint256) { return a > b ? a : b; }
}

contract Small {
    error Odd(string name, uint256 value);

    modifier positive(uint256 a) {
        require(a != 0);
        _;
    }

    /// @notice a + b in a comment, which is never changed.
    function sum(uint256 a, uint256 b) external pure returns (uint256 total) {
        for (uint256 i = 0; i < b; i++) {
            if (i == 7) continue; // i == 8
            if (i >= 9) break;
            total += a;
        }
        uint256 part = Lib.mulDivDown(total, Lib.SCALE, 3);
        (uint256 low, uint256 high) = (Lib.min(a, part), Lib.max(part, b));
        total = high - low;
    }

    function sign(int256 x, bool up) external pure returns (int256) {
        int256 turned = -x;
        if (!up && x > 5) return turned;
        unchecked { turned *= 3; }
        return Lib.Level.Low == Lib.Level.High ? int256(0) : turned + shift(x, 3);
    }

    function refuse(uint256 a) external pure positive(a) returns (uint256) {
        if (a > 10) revert Odd("a", a);
        return a << 1;
    }

    function shift(int256 x, int256 by) internal pure returns (int256) {
        return x - by;
    }
}
"""

# operator -> some changes that it must make, as `original -> replacement`
EXPECTED = {
    "arithmetic": ("+ -> -", "- -> +", "* -> /", "/ -> *", "<< -> >>"),
    "compare": ("< -> <=", "< -> >=", "> -> <=", ">= -> >", ">= -> <", "== -> !=", "!= -> =="),
    "logic": ("&& -> ||", "!up -> up"),
    "constant": (
        "0 -> 1", "7 -> (7 + 1)", "7 -> (7 - 1)", "1 -> 0", "1 -> 2", "100 -> (100 + 1)", '"a" -> ""',
        "Lib.SCALE -> (Lib.SCALE + 1)", "Low -> High", "High -> Low",
    ),
    "rounding": ("mulDivDown -> mulDivUp",),
    "minmax": ("min -> max", "max -> min"),
    "condition": ("i == 7 -> false", "i == 7 -> true", "!up && x > 5 -> !(!up && x > 5)", "i < b -> false"),
    "statement": ("total += a; -> {}", "total = high - low; -> {}", "turned *= 3; -> {}"),
    "assign": ("+= -> -=", "+= -> =", "*= -> /="),
    "arguments": ("Lib.SCALE, 3 -> 3, Lib.SCALE", "x, 3 -> 3, x"),
    "sign": ("-x -> x", "turned -> -(turned)", "x -> -(x)"),
    "step": ("i++ -> i--",),
    "modifier": ("positive(a) -> nothing",),
}  # fmt: skip


def output(units: Mapping[str, str], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Runs solc on some sources."""
    request = standard_input(units, {})
    request["settings"]["optimizer"] = {"enabled": False}  # which takes most of the time, and changes no answer
    request["settings"]["outputSelection"] = dict(wanted)
    return standard_json(toolchain.solc(), request)


@lru_cache
def mutants_of(source: str) -> tuple[Mutant, ...]:
    """The mutants of one source."""
    found = output({"Small.sol": source}, {"*": {"": ["ast"]}})
    assert "sources" in found, found
    return tuple(mutants({"Small.sol": found["sources"]["Small.sol"]["ast"]}, {"Small.sol": source}, ["Small.sol"]))


@pytest.mark.parametrize("operator", EXPECTED)
def test_an_operator_makes_its_changes(operator: str) -> None:
    made = {each.change for each in mutants_of(SMALL) if each.edit.operator == operator}
    assert set(EXPECTED[operator]) <= made


def test_no_operator_is_without_a_test() -> None:
    assert {each.edit.operator for each in mutants_of(SMALL)} == set(EXPECTED)


def test_the_sole_statement_of_a_condition_is_not_removed() -> None:
    removed = {each.was for each in mutants_of(SMALL) if each.edit.operator == "statement"}
    assert not removed & {"continue;", "return turned;", 'revert Odd("a", a);'}


def test_changes_without_effect_are_not_made() -> None:
    changes = {each.change for each in mutants_of(SMALL)}
    assert not any(change.startswith(("a, part", "part, b", "total, Lib.SCALE")) for change in changes)
    picked = {each.change for each in mutants_of(SMALL) if each.id.startswith("Small.sol:min:compare")}
    assert picked == {"< -> >="}


def test_mutants_change_code_once_and_no_comment() -> None:
    comments = [found.span() for found in re.finditer(r"//[^\n]*", SMALL)]
    seen = set()
    for each in mutants_of(SMALL):
        assert not any(low < each.edit.end and each.edit.start < high for low, high in comments), each.id
        seen.add(mutated(each, SMALL))
        assert SMALL.splitlines()[each.line - 1].strip() in diff(each, SMALL)
    assert SMALL not in seen and len(seen) == len(mutants_of(SMALL))


def test_identifiers_stay_when_something_else_changes() -> None:
    added = "function first(uint256 a) internal pure returns (uint256) { return a + 1; }\n\n    function sum("
    other = SMALL.replace("function sum(", added)
    before = {each.id: each.change for each in mutants_of(SMALL)}
    after = {each.id: each.change for each in mutants_of(other)}
    assert before.items() <= after.items()
    assert {name.split(":")[1] for name in after.keys() - before.keys()} == {"first"}


CALLS = (
    *(("sum", (a, b)) for a, b in ((0, 0), (1, 2), (5, 9), (400, 3), (2**255, 2))),
    *(("sign", (x, up)) for x in (0, 5, 6, -7, -(2**255)) for up in (0, 1)),
    *(("refuse", (a,)) for a in (0, 1, 10, 11)),
)  # fmt: skip


def answers(code: str, methods: Mapping[str, str], switch: int) -> list[tuple[str, str]]:
    """Status and return data of each call."""
    machine = InMemoryEvm(1, 1_700_000_000, switch, 2**20)
    address = machine.create("0x" + "11" * 20, code, hex(10**7))
    if address is None:
        return []
    found = []
    for name, values in CALLS:
        [selector] = [value for signature, value in methods.items() if signature.startswith(f"{name}(")]
        data = "0x" + selector + "".join(f"{value % 2**256:064x}" for value in values)
        call = {"from": "0x" + "22" * 20, "to": address, "input": data, "gas": hex(10**6)}
        answer = machine.query(call)
        found.append((answer["status"], answer["returnData"]))
    return found


def compiled(units: Mapping[str, str]) -> dict[str, tuple[str, dict[str, str]]]:
    """Code and methods of Small in each unit that has it."""
    wanted = {unit: {"Small": ["evm.bytecode.object", "evm.methodIdentifiers"]} for unit in units}
    found = output(units, wanted)
    assert not [each for each in found.get("errors", []) if each["severity"] == "error"], found["errors"]
    parts = {unit: each["Small"]["evm"] for unit, each in found["contracts"].items() if "Small" in each}
    return {unit: (each["bytecode"]["object"], each["methodIdentifiers"]) for unit, each in parts.items()}


@pytest.mark.slow
def test_a_combined_mutant_equals_the_separate_one() -> None:
    """Every mutant of the small contract with a site, compiled both ways; most differ from the original."""
    numbered = [(number, each) for number, each in enumerate(mutants_of(SMALL), 1) if each.site]
    combined = combine(SMALL, numbered).text
    separate = compiled({f"{number}/Small.sol": mutated(each, SMALL) for number, each in numbered})
    [(code, methods)] = compiled({"Small.sol": combined, SWITCH_UNIT: SWITCH}).values()
    [(plain, _)] = compiled({"Small.sol": SMALL}).values()
    original = answers(plain, methods, 0)
    assert answers(code, methods, 0) == original
    differ = 0
    for number, each in numbered:
        mutant = answers(separate[f"{number}/Small.sol"][0], methods, 0)
        assert answers(code, methods, number) == mutant, each.id
        reached = answers(code, methods, TRAP + number) != original
        assert reached or mutant == original, each.id
        differ += mutant != original
    assert len(numbered) > 60 and differ > 0.8 * len(numbered)
