"""The arguments of `crossvault margin`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json


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
    parser.add_argument("--chain", action="store_true", help="read the same figures from the contracts and compare")
    parser.add_argument("--picture", metavar="FILE", help="draw requirements and the scenarios (.svg or .png)")
    add_json(parser)
    parser.only_with("PORTFOLIO", "--picture", "--method", "--standard", "--trade", "--chain")
