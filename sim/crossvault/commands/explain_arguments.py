"""The arguments of `crossvault explain`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_contracts, add_json, number


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("explain", help="one step of a record: states, margin arithmetic, call trace")
    parser.set_defaults(module="explain")
    parser.add_argument("record", metavar="RECORD", help="a record that `crossvault run` wrote")
    parser.add_argument("step", type=number("step"), metavar="STEP", help="number of the step, from 1")
    add_contracts(parser)
    add_json(parser)
