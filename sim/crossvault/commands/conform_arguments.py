"""The arguments of `crossvault conform`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json, add_page, number


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("conform", help="someone else's vault against the model, clause by clause")
    parser.set_defaults(module="conform")
    parser.description = (
        "Which clauses of the specification a vault keeps: its interface, published figures, scenarios, random walks."
    )
    parser.add_argument("target", metavar="PATH:Contract", help="a file and its vault, or `example`, which ships")
    parser.add_argument("--adapter", metavar="FILE", help="how it is deployed, what its doors are called, …")
    parser.add_argument(
        "--steps", type=number("walk steps"), default=3_000, metavar="N", help="steps of random walks (3000)"
    )
    parser.add_argument("--seed", type=number("seed"), default=1, metavar="S", help="of the walks (1)")
    parser.add_argument("--replay", metavar="FILE", help="play the steps of a difference again, one by one")
    add_page(parser)
    add_json(parser)
    parser.never_with("--replay", "--steps", "--seed")
