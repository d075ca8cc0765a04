"""The arguments of `crossvault explain`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_contracts, add_json


def declare(commands: Commands) -> None:
    """Declares the command."""
    about = "one step of a record, or an account: states, margin arithmetic, what would have saved it"
    parser = commands.add_parser("explain", help=about)
    parser.set_defaults(module="explain")
    parser.description = (
        "A step: both sides before and after it, the margin of its accounts line by line, and its call trace.\n"
        "An account: why it was liquidated, how much cash or which trade would have kept it alive, and whether\n"
        "another method of margin would have."
    )
    parser.add_argument("record", metavar="RECORD", help="a record that `crossvault run` wrote")
    parser.add_argument(
        "subject", metavar="STEP-OR-ACCOUNT", help="number of a step, from 1, or name of an account, such as alice"
    )
    parser.add_argument(
        "--at", metavar="STEP-OR-TIME",
        help="the account just before this step, or at a time such as 2020-03-12T07:00:00Z"
        " (default: just before its first liquidation, or at the end)",
    )  # fmt: skip
    parser.add_argument("--save", metavar="FILE", help="write the account as a portfolio file for `crossvault margin`")
    add_contracts(parser)
    add_json(parser)
