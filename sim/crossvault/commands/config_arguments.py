"""The arguments of `crossvault config`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("config", help="the settings in force, and where each is from")
    parser.set_defaults(module="config")
    parser.description = (
        "Prints what crossvault.toml, or [tool.crossvault] of pyproject.toml, sets for commands, and what the "
        "environment does; of one command every flag with the value that it has without the flag."
    )
    parser.add_argument("of", nargs="?", metavar="COMMAND", help="every flag of this command")
    add_json(parser)
