"""The arguments of `crossvault campaign`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json, number, span


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("campaign", help="the heavy checks, part by part, each result recorded")
    parser.set_defaults(module="campaign")
    parser.description = (
        "Plays the checks that are too heavy for every run, one part after another, and appends each result to a"
        " record. The exit code is the worst of the parts; a part that judged nothing has missed its threshold."
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="PART", help="parts to play (default: all)")
    parser.add_argument(
        "--time",
        type=span,
        metavar="SPAN",
        help="no part begins after it, as 90m or '8h'; with parts left it ends with 6 (default: no limit)",
    )
    parser.add_argument(
        "--seed", type=number("seed"), metavar="S", help="what random checks are drawn from (default: the time)"
    )
    parser.add_argument("--record", metavar="FILE", help="where results go (default: campaign.jsonl beside the tools)")
    parser.add_argument(
        "--resume", action="store_true", help="leave out the parts that are ok in the record on this version"
    )
    parser.add_argument(
        "--list", action="store_true", help="list the parts and how each ended on this version, and play none"
    )
    add_json(parser)
    parser.never_with("--list", "--only", "--time", "--seed", "--resume")
