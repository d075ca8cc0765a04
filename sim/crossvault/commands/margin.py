"""`crossvault margin`: a portfolio by every method of margin, on the model and, with --chain, on the contracts."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.commands.margin_flags import questions
from crossvault.commands.page_file import page_path, write_page
from crossvault.differential.ending import DONE
from crossvault.portfolio import portfolio_file
from crossvault.portfolio.methods import ISOLATED, STANDARD
from crossvault.report.console import show, table
from crossvault.report.margin import MarginReport, text
from crossvault.report.margin_json import document
from crossvault.report.margin_measures import chosen_methods, measured, preset_of, sizes_of, traded
from crossvault.report.margin_page import margin_page
from crossvault.report.picture import require_picture, write_picture
from crossvault.scenario import preset
from crossvault.scenario.preset import Preset
from crossvault.scenario.source import did_you_mean


def margin(arguments: Namespace) -> int:
    """Compares the methods; bad input is found before anything is set up."""
    if arguments.portfolio is None:
        return _listed(arguments.json)
    page, picture = page_path(arguments), Path(arguments.picture) if arguments.picture else None
    if picture:
        require_picture("--picture", picture)
    held = portfolio_file.load(arguments.portfolio)
    if arguments.standard:
        held = held.by_standard(_standard(arguments.standard))
    chosen = chosen_methods(arguments.methods, held)
    presets = [preset_of(_local(name), held, "--method") for name in chosen if name not in (ISOLATED, STANDARD)]
    trades = sizes_of(arguments.trades, held, "--trade")
    wanted = questions(arguments, held)
    before = measured(held, presets, chosen, arguments.chain, None if trades else wanted)
    after = None
    if trades:
        after = measured(traded(held, trades), presets, chosen, arguments.chain, wanted)
    if arguments.json:
        print(json.dumps(document(before, after), indent=2))
    else:
        show(text(before, after))
    if page:
        write_page(
            page, margin_page(document(before, after), f"crossvault margin {arguments.portfolio} --page FILE.html")
        )
    if picture:
        _draw(after or before, picture)
    return DONE


def _draw(report: MarginReport, path: Path) -> None:
    from crossvault.report.margin_picture import margin_picture  # matplotlib takes half a second

    try:
        write_picture(path, lambda: margin_picture(report))
    except OSError as wrong:
        raise UsageError(f"--picture: {path} cannot be written: {wrong.strerror}") from wrong


def _listed(as_json: bool) -> int:
    """Lists the portfolios and presets that ship, each with its subject."""
    portfolios = {name: portfolio_file.load(name).about for name in portfolio_file.names()}
    presets = {name: preset.load(name) for name in preset.names()}
    if as_json:
        about = {name: {"about": found.about, "source": found.source} for name, found in presets.items()}
        print(json.dumps({"portfolios": portfolios, "presets": about}, indent=2))
        return DONE
    made = table("portfolio", "about")
    for name, text_of in portfolios.items():
        made.add_row(name, text_of)
    show(made)
    made = table("preset", "about")
    for name, found in presets.items():
        made.add_row(name, f"{found.about} Source: {found.source}")
    print()
    show(made)
    return DONE


def _standard(name: str) -> Preset:
    known = [each for each in preset.names() if preset.load(each).perps is not None]
    if name not in known and not name.endswith((".yaml", ".yml")):
        raise UsageError(f"--standard: {name!r} has no standard margin: {did_you_mean(name, known)}, or a preset file")
    found = preset.load(_local(name))
    if found.perps is None:
        raise UsageError(f"--standard: the preset {name!r} has no standard margin")
    return found


def _local(name: str) -> str:
    return str(Path(name)) if name.endswith((".yaml", ".yml")) else name
