"""The arguments of `crossvault shrink`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_contracts, add_invariants, add_json, add_judge, span


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("shrink", help="the smallest story of a difference, as a file to keep")
    parser.set_defaults(module="shrink")
    parser.description = "Takes away what a difference does not need: calls, accounts, values, time. Ends with 1, or 0."
    parser.add_argument("file", metavar="FILE", help="a record, a repro or a scenario in which the sides differ")
    parser.add_argument("--time", type=span, default=30, metavar="TIME", help="stop after this long (default: 30s)")
    parser.add_argument("--out", metavar="FILE", help="where the repro goes (default: NAME.repro.yaml)")
    parser.add_argument("--emit", choices=("foundry",), help="write a Foundry test of the same story alongside it")
    add_contracts(parser)
    add_invariants(parser)
    add_judge(parser)
    add_json(parser)
