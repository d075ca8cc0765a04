"""`crossvault completion`: the script with which a shell completes command lines, made of the parser by shtab."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any

import shtab

from crossvault.commands.parser import whole_parser
from crossvault.differential.ending import DONE
from crossvault.history.table_schema import BY_NAME
from crossvault.portfolio import methods, portfolio_file
from crossvault.scenario import names, preset

_FILES = ("FILE", "MANIFEST", "RECORD")


def completion(arguments: Namespace) -> int:
    """Prints the script of a shell."""
    print(script(arguments.shell))
    return DONE


def script(shell: str) -> str:
    """The script of a shell; the names in it are those that ship."""
    parser = whole_parser()
    known: dict[str, Any] = {
        "DIR": shtab.DIRECTORY,
        "SCENARIO": _named("scenarios", names()),
        "PORTFOLIO": _named("portfolios", portfolio_file.names()),
        "NAME": _named("methods", [methods.ISOLATED, methods.STANDARD, *preset.names()]),
        "TABLE": _named("tables", list(BY_NAME)),
        "PATH:Contract": _named("subjects", ["example"]),
        **dict.fromkeys(_FILES, shtab.FILE),
    }
    for action in _actions(parser):
        if action.metavar in known:
            action.complete = known[str(action.metavar)]  # type: ignore[attr-defined]
    return shtab.complete(parser, shell)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The declared arguments of all commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _actions(each)


def _named(what: str, known: Sequence[str]) -> dict[str, Any]:
    """Completion by names that ship, and by files."""
    function, words = f"_crossvault_{what}", " ".join(known)
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({function})",
        "preamble": {
            "bash": f'{function}() {{ compgen -W "{words}" -- "$1"; compgen -f -- "$1"; }}',
            "zsh": f"{function}() {{ _alternative '{what}:{what}:({words})' 'files:file:_files' }}",
            "fish": f"function {function}; printf '%s\\n' {words}; __fish_complete_path (commandline -ct); end",
        },
    }
