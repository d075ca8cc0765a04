"""The arguments of `crossvault efficiency`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json, add_page, number


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("efficiency", help="what cross margin saves by kind of book, and what it risks")
    parser.set_defaults(module="efficiency")
    parser.description = (
        "Draws books from a seed: what cross margin saves of isolated capital, and liquidations on paths."
    )
    parser.add_argument(
        "--accounts", type=number("accounts"), default=10_000, metavar="N", help="books to draw (default: 10000)"
    )
    parser.add_argument(
        "--underlyings", type=int, choices=range(1, 9), default=3, metavar="K", help="1 to 8 (default: 3)"
    )
    parser.add_argument("--seed", type=number("seed"), default=1, metavar="S", help="of books and paths (default: 1)")
    add_page(parser)
    parser.add_argument("--picture", metavar="FILE", help="draw capital saved and liquidations (.svg or .png)")
    add_json(parser)
