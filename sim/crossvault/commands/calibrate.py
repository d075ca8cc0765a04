"""`crossvault calibrate`: the preset crossvault from market data, compared with the one that ships."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.differential.ending import DONE, MISSED, BadInput
from crossvault.report.calibrate import document, page, preset_text
from crossvault.report.console import show
from crossvault.scenario import data_file
from crossvault.sweep import book_losses, calibration


class BadData(BadInput):
    """Market data that is missing or cannot be read: file, line, column."""


def calibrate(arguments: Namespace) -> int:
    """Derives the parameters and prints them; returns MISSED where the shipped preset has others."""
    found = calibration.shortfalls(_losses())
    derived = calibration.parameters(found)
    if arguments.out:
        _write(Path(arguments.out), preset_text(derived))
    shown = document(found, derived)
    if arguments.json:
        print(json.dumps(shown, indent=2))
    else:
        show(page(shown))
        print(preset_text(derived), end="")
    return DONE if shown["is_shipped"] else MISSED


def _losses() -> calibration.Losses:
    """Losses of every class of book in the market data. Raises BadData."""
    try:
        files = [_located(name) for name in book_losses.EVENTS]
        vols = book_losses.vol_losses(_located(book_losses.VOLATILITY))
        return {**book_losses.losses(book_losses.events(files)), **vols}
    except ValueError as wrong:
        raise BadData(str(wrong)) from None


def _located(name: str) -> Path:
    return data_file.located(name, Path.cwd() / name, "the working folder")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf8")
    except OSError as wrong:
        raise UsageError(f"--out: {path} cannot be written: {wrong.strerror}") from wrong
