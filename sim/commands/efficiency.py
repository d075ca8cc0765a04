"""`crossvault efficiency`: what cross margin saves by kind of book and method, and what it risks for it."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from sim.commands.exits import DONE, Misused
from sim.commands.progress import bar
from sim.report.efficiency import tables
from sim.report.page import show
from sim.report.picture import drawn
from sim.sweep.replay import REGIMES, STEPS
from sim.sweep.study import PATHS, study


def efficiency(arguments: Namespace) -> int:
    """Runs the study and prints it. Raises Misused where nothing can be drawn or written."""
    if arguments.accounts == 0:
        raise Misused("--accounts: expected one at least")
    with bar("efficiency", len(REGIMES) * PATHS * STEPS) as tick:
        found = study(arguments.accounts, arguments.underlyings, arguments.seed, lambda done, _: tick(done))
    if arguments.out:
        _write(Path(arguments.out), drawn(f"crossvault efficiency --seed {arguments.seed}", tables(found)))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(tables(found))
    return DONE


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf8")
    except OSError as wrong:
        raise Misused(f"--out: {path} cannot be written: {wrong.strerror}") from wrong
