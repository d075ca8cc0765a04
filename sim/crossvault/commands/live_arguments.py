"""The arguments of `crossvault seed`, and those of every command that plays on a deployed vault."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json, number, span
from crossvault.commands.command_parser import CommandParser


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("seed", help="put the opening of a scenario onto a deployed vault")
    parser.set_defaults(module="live")
    parser.description = (
        "Puts the actors and positions of a scenario onto a deployed vault whose rules are those of the scenario, each "
        "step compared. What is there already is left out, so it goes on where it was interrupted."
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="name of a shipped scenario, or a YAML file")
    parser.add_argument("--network", required=True, metavar="CHOICE", help="as ethereum:sepolia:node")
    parser.set_defaults(seed=None, overrides={})
    add_deployed_vault(parser)
    add_json(parser)


def add_deployed_vault(parser: CommandParser) -> None:
    """Adds what a story on a deployed vault needs: who pays, who plays, and the limits."""
    live = parser.add_argument_group("on a deployed vault")
    live.add_argument("--deployment", metavar="MANIFEST", help="what `ape run deploy apply` wrote")
    live.add_argument(
        "--account", metavar="ALIAS", help="account of ape that pays; its signature makes the actors' keys"
    )
    live.add_argument(
        "--as", action="append", default=[], dest="players", metavar="NAME=ALIAS",
        help="a name that another account of ape plays, as feeder=my-feeder; may be repeated",
    )  # fmt: skip
    live.add_argument("--cast", metavar="LABEL", help="which accounts play: the same label, the same accounts")
    live.add_argument("--budget", default="0.05", metavar="ETHER", help="for gas of the actors at most (0.05)")
    live.add_argument("--fee-limit", metavar="GWEI", help="fee per gas at most (default: the price of the chain)")
    live.add_argument(
        "--confirmations", type=number("awaited blocks"), default=1, metavar="N", help="blocks that a step needs (1)"
    )
    live.add_argument(
        "--most-steps", type=number("steps"), default=200, metavar="N", help="steps of the scenario at most (200)"
    )
    live.add_argument("--most-time", type=span, default=900, metavar="SPAN", help="time that it takes at most (15m)")
    live.add_argument("--allow-mainnet", action="store_true", help="even on a chain that may hold money")
    live.add_argument("--keep-gas", action="store_true", help="leave what is left for gas with the actors")
    parser.only_with(
        "--network", "--deployment", "--account", "--as", "--cast", "--budget", "--fee-limit", "--confirmations",
        "--most-steps", "--most-time", "--allow-mainnet", "--keep-gas",
    )  # fmt: skip
