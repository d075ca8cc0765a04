"""The arguments of `crossvault run`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import (
    Commands,
    add_against,
    add_contracts,
    add_invariants,
    add_json,
    add_judge,
    add_watch,
    number,
)
from crossvault.commands.live_arguments import add_deployed_vault


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("run", help="play scenarios on both sides and compare every step")
    parser.set_defaults(module="run")
    parser.description = "Plays scenarios one after another, each to its first difference. The exit code is the worst."
    parser.add_argument(
        "scenarios", nargs="+", metavar="SCENARIO",
        help="name of a shipped scenario, a YAML file, a folder of such, or a pattern; of several a table is printed",
    )  # fmt: skip
    parser.add_argument("--seed", type=number("seed"), metavar="N", help="seed instead of the file's")
    parser.add_argument(
        "--set", action="append", default=[], dest="overrides", metavar="PATH=VALUE",
        help="replace one field of the file, as world.auction.fast='5m'; may be repeated",
    )  # fmt: skip
    add_contracts(parser)
    add_invariants(parser)
    add_judge(parser)
    add_against(parser)
    add_json(parser)
    add_watch(parser)
    record = parser.add_mutually_exclusive_group()
    record.add_argument("--record", metavar="FILE", help="where the record goes (default: printed at the end)")
    parser.add_argument("--picture", metavar="FILE", help="draw prices, health and insurance (.svg or .png)")
    record.add_argument("--no-record", action="store_true", help="write no record")
    parser.add_argument("--network", metavar="CHOICE", help="play it on a deployed vault, as ethereum:sepolia:node")
    add_deployed_vault(parser)
    parser.never_with("--against", "--record", "--picture", "--no-record", "--invariant")
    parser.never_with(
        "--network", "--invariant", "--contracts", "--against", "--record", "--picture", "--no-record", "--watch"
    )
