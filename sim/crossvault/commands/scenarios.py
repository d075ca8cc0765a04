"""`crossvault scenarios` and `crossvault schema`: the scenarios that ship, and the schemas of files."""

from __future__ import annotations

import json
from argparse import Namespace
from importlib import import_module

from crossvault.differential.ending import DONE
from crossvault.report.console import show, table
from crossvault.scenario import shipped
from crossvault.scenario.source import read
from crossvault.setup import toolchain


def scenarios(arguments: Namespace) -> int:
    """Lists the shipped scenarios, each with its subject."""
    found = {name: _about(name) for name in shipped()}
    if arguments.json:
        print(json.dumps([{"name": name, "about": about} for name, about in found.items()], indent=2))
        return DONE
    made = table("scenario", "about")
    for name, about in found.items():
        made.add_row(name, about)
    show(made)
    return DONE


def schema(arguments: Namespace) -> int:
    """Prints the JSON Schema of one kind of file."""
    rooms = {"scenario": "crossvault.scenario", "portfolio": "crossvault.portfolio.portfolio_file"}
    rooms |= {"preset": "crossvault.scenario.preset", "deployment": "crossvault.deployment.params"}
    print(json.dumps(import_module(rooms[arguments.kind]).json_schema(), indent=2))
    return DONE


def _about(name: str) -> str:
    """Subject of a scenario; its data files are not read for it."""
    path = toolchain.PACKAGE / "scenarios" / f"{name}.scenario.yaml"
    return " ".join(str(read(path, path.name).data["about"]).split())
