"""The rules of the house that hold without running anything: sizes, rooms, divisions, documentation.

A rule over files is one test that lists offenders; test_house_rules.py shows each with an offender of its own.
"""

import subprocess
import sys

import turns
from crossvault.evm.compiler import compile_contracts
from crossvault.fuzz import corpus
from housemap import (
    HEAVY,
    MOST_FLOORS,
    MOST_ROOMS,
    arrows,
    circles,
    floors,
    misdirected_imports,
    misplaced_libraries,
    misplaced_rooms,
    repeated_classes,
    repeated_stems,
    room,
    room_arrows,
)
from houserules import (
    dividing_contracts,
    dividing_mirrors,
    functions_of_many_parameters,
    inexact_numbers,
    long_files,
    long_functions,
    long_solidity_functions,
    misdocumented_refusals,
    signed_divisions,
    unexplained_roundings,
)
from places import ROOT
from sourcefiles import CONTRACTS, MIRRORS, PACKAGE, PYTHON, SOLIDITY, nodes, package, solidity_nodes, syntax_trees

MOST_CODE_BYTES = 24_576
DIVIDING = {"fixed.py", "exp.py"}  # exp.py is the twin of Solady's assembly, which no rounding of ours reaches
MANY_PARAMETERS = {
    # a door has the arguments of its contract, which are the ABI
    "sim/crossvault/mirror/feed.py:publish_price",
    "sim/crossvault/mirror/feed.py:publish_forward",
    "sim/crossvault/mirror/feed.py:publish_surface",
    "sim/crossvault/mirror/vault.py:__init__",
    "sim/crossvault/mirror/vault.py:trade",
    # and so has its constructor, after the time and the sender of the step
    "sim/crossvault/differential/account_doors.py:publish_price",
    "sim/crossvault/differential/account_doors.py:publish_forward",
    "sim/crossvault/differential/account_doors.py:publish_surface",
    "sim/crossvault/differential/account_doors.py:trade",
    "sim/crossvault/bench/hypothesis_rules.py:trade_option",  # Hypothesis draws each argument of a rule
    "sim/crossvault/audit/replica.py:__init__",
    "sim/crossvault/shrink/shrinker.py:shrink",
}


def test_no_file_is_long() -> None:
    assert long_files(PYTHON + SOLIDITY) == []


def test_no_python_function_is_long() -> None:
    assert long_functions(PYTHON) == []


def test_no_solidity_function_is_long() -> None:
    files = {path.relative_to(ROOT / "contracts").as_posix(): path.read_bytes() for path in SOLIDITY}
    assert [
        each for name, text in files.items() for each in long_solidity_functions(name, text, solidity_nodes(name))
    ] == []


def test_no_function_of_the_package_has_many_parameters() -> None:
    assert set(functions_of_many_parameters(sorted(PACKAGE.rglob("*.py")))) - MANY_PARAMETERS == set()


def test_only_fixed_divides_and_shifts_in_the_contracts() -> None:
    assert dividing_contracts(CONTRACTS) == []


def test_nothing_signed_is_divided_or_shifted() -> None:
    assert [each for path in CONTRACTS for each in signed_divisions(path.name, solidity_nodes(path.name))] == []


def test_only_fixed_divides_and_shifts_in_the_mirror() -> None:
    assert dividing_mirrors(MIRRORS, DIVIDING) == []


def test_no_float_in_the_mirror() -> None:
    assert inexact_numbers(MIRRORS) == []


def test_every_contract_fits_the_chain() -> None:
    sizes = {
        artifact.name: len(artifact.deployed_bytecode) // 2
        for artifact in compile_contracts().artifacts.values()
        if "/" not in artifact.source
    }
    assert sizes["Vault"] > 0
    assert {name: size for name, size in sizes.items() if size > MOST_CODE_BYTES} == {}


def test_every_division_states_how_it_rounds_and_why() -> None:
    assert [each for path in CONTRACTS for each in unexplained_roundings(path.name, solidity_nodes(path.name))] == []


def test_every_refusal_is_documented_and_every_documented_refusal_exists() -> None:
    trees = [tree for name, tree in syntax_trees().items() if name.endswith("Errors.sol")]
    known = {node["name"] for node in nodes(trees) if node["nodeType"] == "ErrorDefinition"}
    known |= {"ReentrancyGuardReentrantCall", "SafeERC20FailedOperation"}  # OpenZeppelin's
    assert [
        each for path in CONTRACTS for each in misdocumented_refusals(path.name, solidity_nodes(path.name), known)
    ] == []


def test_the_rooms_are_those_of_the_list() -> None:
    assert misplaced_rooms(package()) == []
    assert len({path.parent for path in PACKAGE.rglob("*.py")} - {PACKAGE}) <= MOST_ROOMS


def test_imports_follow_the_arrows() -> None:
    assert misdirected_imports(package()) == []


def test_libraries_stay_where_they_may_be_used() -> None:
    assert misplaced_libraries(package()) == []


def test_neither_modules_nor_rooms_are_in_a_circle() -> None:
    assert circles(arrows(package())) == []
    assert circles(room_arrows(package())) == []


def test_the_house_has_few_floors() -> None:
    rooms = {name: wanted for name, wanted in room_arrows(package()).items() if name and name != "__main__"}
    assert floors(rooms) <= MOST_FLOORS


def test_class_names_are_unique() -> None:
    assert repeated_classes(package()) == []


def test_file_names_are_unique() -> None:
    packages = {name for name in package() if room(name) and (PACKAGE.parent / name.replace(".", "/")).is_dir()}
    assert repeated_stems(package(), packages) == []


def test_every_pattern_of_the_corpus_stamp_names_a_file() -> None:
    assert [pattern for pattern in corpus._COMPARED if not list(PACKAGE.glob(pattern))] == []


def test_the_files_that_are_begun_first_exist() -> None:
    assert [path for path in (*turns.TOGETHER, *turns.LONG) if not (ROOT / path).is_file()] == []


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import runpy, sys
sys.argv = ["crossvault", "--help"]
try:
    runpy.run_module("crossvault", run_name="__main__")
except SystemExit as ended:
    assert ended.code == 0
print("heavy:", *sorted(set(sys.modules) & set({HEAVY!r})))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy:"
