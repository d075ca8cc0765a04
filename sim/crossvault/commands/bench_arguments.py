"""The arguments of `crossvault bench`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_contracts, add_json, number, span
from crossvault.commands.command_parser import CommandParser


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("bench", help="how fast steps are compared, against rivals in the same run")
    parser.set_defaults(module="bench")
    about = (
        "chain: lockstep, web3.py's contract layer, pyrevm; sweep: margin of many accounts, mirror, sweeps, Anvil; "
        "search: steps compared in process, and the same calls without comparison; "
        "catalogue: planted bugs, how long each takes to find and to shrink; "
        "rivals: the same for Hypothesis' stateful engine, and for forge and Wake on a small vault; "
        "audit: a random history and a fast head, audited over RPC; "
        "judge: walks of a search with the judge off, as usual and in full, and the cost of each rule; "
        "gas: sizes of the contracts, gas of every door by portfolio, the gas of one call by function"
    )
    parser.add_argument(
        "what",
        metavar="WHAT",
        choices=("chain", "sweep", "search", "catalogue", "rivals", "audit", "judge", "gas"),
        help=about,
    )
    parser.add_argument(
        "--seeds", type=number("seeds"), default=5, metavar="N", help="catalogue: seeds for each bug (5)"
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="catalogue, rivals: these bugs only")
    parser.add_argument("--time", type=span, default=60, metavar="SPAN", help="rivals: how long each may search (60s)")
    parser.add_argument(
        "--steps", type=number("steps"), default=10_000, metavar="N", help="chain, search, audit, judge: steps (10000)"
    )
    parser.add_argument("--options", action="store_true", help="chain: futures and options among the trades")
    parser.add_argument("--million", action="store_true", help="sweep: a million accounts too")
    _add_gas(parser)
    add_json(parser)
    parser.only_with("WHAT", "--seeds", values=("catalogue",))
    parser.only_with("WHAT", "--only", values=("catalogue", "rivals"))
    parser.only_with("WHAT", "--time", values=("rivals",))
    parser.only_with("WHAT", "--steps", values=("chain", "search", "audit", "judge"))
    parser.only_with("WHAT", "--options", values=("chain",))
    parser.only_with("WHAT", "--million", values=("sweep",))


def _add_gas(parser: CommandParser) -> None:
    """Adds the arguments of `bench gas`."""
    parser.add_argument(
        "--portfolio",
        nargs="+",
        default=[],
        metavar="NAME",
        help="gas: these portfolios only, as 12-of-32 or 32-linear",
    )
    parser.add_argument(
        "--scenarios", nargs="+", type=number("scenarios"), default=[1, 16, 36], metavar="N",
        help="gas: numbers of scenarios of portfolio margin (1 16 36)",
    )  # fmt: skip
    parser.add_argument("--door", nargs="+", default=[], metavar="DOOR", help="gas: these doors only, as trade or bid")
    parser.add_argument(
        "--profile",
        default="metrics",
        metavar="DOOR",
        help="gas: the door that is profiled, in the last portfolio (metrics)",
    )
    parser.add_argument("--page", metavar="FILE", help="gas: write the figures into this Markdown page, as docs/gas.md")
    add_contracts(parser)
    parser.only_with(
        "WHAT", "--portfolio", "--scenarios", "--door", "--profile", "--page", "--contracts", values=("gas",)
    )
    parser.never_with("--page", "--portfolio", "--scenarios", "--door", "--profile", "--contracts")
