"""The arguments of `crossvault init`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("init", help="write a story, a portfolio, a parameter file, a test and a CI file")
    parser.set_defaults(module="init")
    parser.description = "Writes a folder to begin with: every file has a comment on its use, and all of them pass."
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="where to (default: here); may be new")
