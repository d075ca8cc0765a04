"""Both sides of a command that plays steps, opened and closed, and the paths that the user named."""

from __future__ import annotations

import os
from pathlib import Path

from crossvault.evm.same_doors import contracts_directory, contracts_folder
from crossvault.lockstep.both_sides import AbiMismatch as AbiMismatch, opened as opened, readable as readable
from crossvault.setup import toolchain


def shown(path: Path | str) -> str:
    """A path as the user would write it from here."""
    return os.path.relpath(path)


def command() -> str:
    """How this copy of crossvault is called."""
    return toolchain.setup_command().removesuffix(" setup")


def folder(text: str | None) -> Path | None:
    """The directory of contracts that was named, if one was. Raises BadInput."""
    if text is None:
        return None
    return contracts_folder(shown(text), "--contracts")


def directory(text: str, flag: str) -> Path:
    """The directory of contracts that a flag names. Raises BadInput."""
    return contracts_directory(shown(text), flag)
