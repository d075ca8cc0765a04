"""`crossvault bench chain`: how fast steps are compared, with its rivals measured in the same run."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from sim.bench import chain
from sim.commands.exits import DONE
from sim.report.page import show, table

_ROWS = {
    "lockstep": "compared, state and events after every step",
    "web3_contract_layer": "web3.py's contract layer, a receipt awaited, nothing compared",
    "pyrevm_with_view": "pyrevm in process, the same calls and views, nothing compared",
    "pyrevm_bare": "pyrevm in process, the same calls without views, nothing compared",
}


def bench(arguments: Namespace) -> int:
    """Measures and prints the figures."""
    figures = chain(arguments.steps, arguments.options)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return DONE
    made = table("engine", "what it does", "steps/s", "lockstep is")
    speed = figures["lockstep"]["steps_per_second"]
    for name, about in _ROWS.items():
        rate = figures[name]["steps_per_second"]
        made.add_row(name.replace("_", " "), about, f"{rate:,.0f}", f"{speed / rate:,.2f} x")
    show(made)
    print(_ageing(figures["lockstep"]))
    print(", ".join(f"{name} {version}" for name, version in figures["versions"].items()))
    return DONE


def _ageing(lockstep: dict[str, Any]) -> str:
    ratio = lockstep["last_tenth_over_first"]
    return f"{lockstep['steps']:,} steps, {lockstep['accepted']:,} accepted; the last tenth cost {ratio} x the first"
