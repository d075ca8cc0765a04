"""The arguments of `crossvault margin`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json, add_page
from crossvault.commands.command_parser import CommandParser


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("margin", help="a portfolio by every method of margin, side by side")
    parser.set_defaults(module="margin")
    parser.description = "Requirements of each position alone, and of all together by standard and by portfolio margin."
    parser.add_argument(
        "portfolio", nargs="?", metavar="PORTFOLIO",
        help="name of a shipped portfolio, or a YAML file; without it: what portfolios and presets ship",
    )  # fmt: skip
    parser.add_argument(
        "--method", action="append", default=[], dest="methods", metavar="NAME",
        help="isolated, standard, a preset or a preset file; may be repeated (default: all that ship)",
    )  # fmt: skip
    parser.add_argument("--standard", metavar="NAME", help="preset of the standard margin, instead of the file's")
    parser.add_argument(
        "--trade", action="append", default=[], dest="trades", metavar="TRADE",
        help="before and after a trade at the mark, as 'ETH-PERP +5'; may be repeated",
    )  # fmt: skip
    _add_questions(parser)
    parser.add_argument("--chain", action="store_true", help="read the same figures from the contracts and compare")
    parser.add_argument("--picture", metavar="FILE", help="draw requirements and the scenarios (.svg or .png)")
    add_page(parser)
    add_json(parser)
    parser.only_with("PORTFOLIO", "--picture", "--page", "--method", "--standard", "--trade", "--chain")


def _add_questions(parser: CommandParser) -> None:
    parser.add_argument(
        "--until-liquidated-at", action="append", default=[], dest="until", metavar="PRICE",
        help="the cash needed so that the account is first liquidatable at a price, as 'ETH=1500'; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--max-size", action="append", default=[], dest="max_sizes", metavar="INSTRUMENT",
        help="the largest trade at the mark, long and short, that initial margin allows; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--hedge", action="append", default=[], dest="hedges", metavar="UNDERLYING",
        help="the perp sizes that take delta, and the requirement, to their least; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--liquidation-prices", action="store_true", dest="liquidation",
        help="liquidation prices of each underlying with the others still, and the move of all together",
    )  # fmt: skip
    parser.only_with("PORTFOLIO", "--until-liquidated-at", "--max-size", "--hedge", "--liquidation-prices")
