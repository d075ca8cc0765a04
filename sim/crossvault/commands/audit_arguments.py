"""The arguments of `crossvault audit`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import (
    Commands,
    add_invariants,
    add_json,
    add_judge,
    add_page,
    number,
    wait_secs,
)


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("audit", help="a vault on a chain against the model, block after block")
    parser.set_defaults(module="audit")
    parser.description = (
        "Rebuilds every step from the vault's logs, plays it on the model, and compares the state at each block. "
        "Ends at the first difference; with --follow it goes on with the chain."
    )
    parser.add_argument("--rpc", required=True, metavar="URL", help="a node of the chain")
    parser.add_argument("--vault", metavar="ADDRESS", help="the vault, where no --deployment names it")
    parser.add_argument("--deployment", metavar="MANIFEST", help="what a deployment left: names, addresses, block")
    parser.add_argument(
        "--from-block",
        type=number("block"),
        metavar="N",
        help="not after the vault's creation, which is searched otherwise",
    )
    parser.add_argument("--until-block", type=number("block"), metavar="N", help="end there")
    parser.add_argument("--follow", action="store_true", help="go on with every new block, whatever the node does")
    parser.add_argument(
        "--poll", type=wait_secs, default=1.0, metavar="SECS", help="wait between looks at the head (1)"
    )
    parser.add_argument(
        "--confirmations", type=number("confirmations"), default=0, metavar="N", help="blocks to stay behind the head"
    )
    parser.add_argument("--checkpoint", metavar="FILE", help="what was compared, to go on from (default: by vault)")
    parser.add_argument("--top", type=number("rows"), default=20, metavar="N", help="accounts to show, by health (20)")
    parser.add_argument("--metrics", type=number("port"), metavar="PORT", help="serve Prometheus metrics")
    parser.add_argument("--metrics-file", metavar="FILE", help="write Prometheus metrics for a textfile collector")
    add_invariants(parser)
    add_judge(parser)
    add_page(parser)
    add_json(parser)
    parser.only_with("--follow", "--poll", "--metrics")
