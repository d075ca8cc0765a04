"""The parser: what each command declares is collected, and nothing heavy is imported for it."""

import subprocess
import sys
from argparse import ArgumentTypeError
from importlib import import_module

import pytest

from crossvault.commands.argument_kinds import NUMBERS, number
from crossvault.commands.command_parser import CommandParser
from crossvault.commands.exits import UsageError
from crossvault.commands.parser import command_parsers, parse
from housemap import HEAVY

DECLARED = {
    "run": ["quickstart"],
    "seed": ["quickstart", "--network", "ethereum:sepolia:node"],
    "fuzz": [],
    "margin": [],
    "replay": ["record.jsonl"],
    "explain": ["record.jsonl", "1"],
    "export": ["record.jsonl", "-o", "run"],
    "query": ["record.jsonl", "select 1"],
    "shrink": ["record.jsonl"],
    "scenarios": [],
    "schema": [],
    "bench": ["chain"],
    "efficiency": [],
    "calibrate": [],
    "mutate": [],
    "conform": ["example"],
    "audit": ["--rpc", "http://localhost:8545"],
    "config": [],
}


@pytest.mark.parametrize("command", DECLARED)
def test_a_command_is_a_function_of_the_module_that_it_names(command: str) -> None:
    arguments = parse([command, *DECLARED[command]])
    assert callable(getattr(import_module(f"crossvault.commands.{arguments.module}"), command))


def test_help_of_every_command_imports_nothing_heavy() -> None:
    program = f"""
import sys
from crossvault.commands.parser import parse
for command in {[*DECLARED, "setup", "doctor"]!r}:
    try:
        parse([command, "--help"])
    except SystemExit as ended:
        assert ended.code == 0
print("heavy:", *sorted(set(sys.modules) & set({HEAVY!r})))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.count("usage: crossvault") == len(DECLARED) + 2
    assert done.stdout.splitlines()[-1] == "heavy:"


def numbers_without_bounds(found: dict[str, CommandParser]) -> list[str]:
    """Arguments that take a number of any size: Python's own int or float is their type."""
    return [
        f"{name} {action.dest}"
        for name, parser in found.items()
        for action in parser._actions
        if action.type in (int, float) and action.choices is None
    ]


def test_every_number_has_bounds() -> None:
    assert numbers_without_bounds(command_parsers()) == []


def test_a_number_without_bounds_is_found() -> None:
    planted = CommandParser()
    planted.add_argument("--many", type=int)
    assert numbers_without_bounds({"planted": planted}) == ["planted many"]


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_is_accepted_at_both_ends_and_refused_beyond(kind: str) -> None:
    least, most, why = NUMBERS[kind]
    parsed = number(kind)
    assert (parsed(str(least)), parsed(str(most))) == (least, most)
    for text in (str(most + 1), "9" * 5_000):
        with pytest.raises(ArgumentTypeError, match=why):
            parsed(text)
    for text in (str(least - 1), "-1", "", "1.5", "1e3", "x", "٣", "²"):
        with pytest.raises(ArgumentTypeError, match=f"expected a whole number from {least} to {most}"):
            parsed(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run quickstart --fee-limit 3", "--fee-limit: has an effect only with --network"),
        ("run quickstart --as feeder=x", "--as: has an effect only with --network"),
        ("run quickstart --keep-gas", "--keep-gas: has an effect only with --network"),
        ("run quickstart --most-time 20m", "--most-time: has an effect only with --network"),
        ("run quickstart --network a:b:c --no-record", "--no-record: has no effect with --network"),
        ("run quickstart --network a:b:c --contracts x", "--contracts: has no effect with --network"),
        ("margin --trade x", "--trade: has an effect only with PORTFOLIO"),
        ("margin --chain", "--chain: has an effect only with PORTFOLIO"),
        ("mutate --seed 7", "--seed: has an effect only with --sample"),
        ("audit --rpc http://localhost --poll 3", "--poll: has an effect only with --follow"),
        ("conform example --replay x --steps 7", "--steps: has no effect with --replay"),
        ("campaign --list --seed 7", "--seed: has no effect with --list"),
        ("bench chain --million", "--million: has an effect only with WHAT sweep"),
        ("bench sweep --steps 7", "--steps: has an effect only with WHAT chain or search or audit"),
        ("mutate --threshold 200", "--threshold: expected a number of percent from 0 to 100, got '200'"),
        ("mutate --threshold nan", "--threshold: expected a number of percent from 0 to 100, got 'nan'"),
        ("mutate --sample 0", "--sample: expected a whole number from 1"),
        ("fuzz --time 0s", "--time: expected 1s to 366d, got '0s'"),
        ("fuzz -j 1000000", "-j/--jobs: expected a whole number from 1 to"),
        ("shrink x --time 9999999w", "--time: '9999999w' is too long"),
        ("audit --rpc http://localhost --follow --poll 0", "--poll: expected a number of seconds from 0.01"),
    ],
)
def test_an_argument_without_effect_or_beyond_its_bounds_is_refused(line: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(line.split())
    assert message in str(refused.value)


def test_the_value_that_an_argument_has_anyway_is_accepted() -> None:
    assert parse(["run", "quickstart", "--budget", "0.05"]).budget == "0.05"


EMPTY = {
    ("report", ""): "RECORD: expected a value, got ''",
    ("query", "", "select 1"): "RECORD: expected a value, got ''",
    ("explain", "run.jsonl", "alice", "--save", ""): "--save: expected a value, got ''",
    ("explain", "run.jsonl", "alice", "--save="): "--save: expected a value, got ''",
    ("margin", "strangle", "--picture", " "): "--picture: expected a value, got ' '",
}


@pytest.mark.parametrize("words", EMPTY)
def test_an_empty_argument_is_refused_and_not_ignored(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as found:
        parse(words)
    assert str(found.value) == EMPTY[words]
