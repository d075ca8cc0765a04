"""The arguments of `crossvault replay`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_contracts, add_json, number


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("replay", help="play a record again: identical, or the first line that is not")
    parser.set_defaults(module="replay")
    about = "a record that `crossvault run` wrote, a folder of such, or a pattern"
    parser.add_argument("records", nargs="+", metavar="RECORD", help=about)
    parser.add_argument("--until", type=number("step"), metavar="STEP", help="stop after this step")
    add_contracts(parser)
    add_json(parser)
