"""The parser: what each command declares is collected, and nothing heavy is imported for it."""

import subprocess
import sys
from importlib import import_module

import pytest

from crossvault.commands.parser import parse
from housemap import HEAVY

DECLARED = {
    "run": ["quickstart"],
    "seed": ["quickstart", "--network", "ethereum:sepolia:node"],
    "fuzz": [],
    "margin": [],
    "replay": ["record.jsonl"],
    "explain": ["record.jsonl", "1"],
    "shrink": ["record.jsonl"],
    "scenarios": [],
    "schema": [],
    "bench": ["chain"],
    "efficiency": [],
    "mutate": [],
    "conform": ["example"],
    "audit": ["--rpc", "http://localhost:8545"],
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
