"""The arguments of `crossvault fuzz`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import (
    Commands,
    add_against,
    add_contracts,
    add_invariants,
    add_json,
    add_judge,
    add_page,
    add_watch,
    number,
    span,
)


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("fuzz", help="random walks near the limits until contracts and model differ")
    parser.set_defaults(module="fuzz")
    parser.description = (
        "Random steps that keep accounts alive near their limits, in process, every rule held and every step "
        "compared, and what they reached. Anvil confirms what is found."
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--time", type=span, metavar="SPAN", help="how long, as 60s or '1h 30m' (default: 60s)")
    length.add_argument("--steps", type=number("steps"), metavar="N", help="how many steps at least, instead of a time")
    parser.add_argument(
        "-j", "--jobs", type=number("processes"), metavar="N", help="walks at a time (default: one per processor)"
    )
    parser.add_argument("--seed", type=number("seed"), metavar="S", help="seed of the first walk (default: 1)")
    parser.add_argument(
        "--corpus", metavar="DIR", help="remember walks that are done, and what failed, to go on from there"
    )
    parser.add_argument("--coverage", metavar="DIR", help="write the lines and branches reached: lcov.info, index.html")
    parser.add_argument(
        "--strict", action="store_true", help="exit code 6 where a state, door, refusal or level was never reached"
    )
    parser.add_argument(
        "--attack", action="store_true",
        help="search for what a coalition of owners gains, or takes from others, on the model alone (docs/attack.md)",
    )  # fmt: skip
    add_contracts(parser)
    add_invariants(parser)
    add_judge(parser)
    add_against(parser)
    parser.never_with("--against", "--corpus", "--coverage", "--strict", "--invariant", "--page")
    parser.never_with(
        "--attack", "--steps", "--corpus", "--coverage", "--strict", "--contracts", "--invariant", "--against", "--page"
    )
    add_page(parser)
    add_json(parser)
    add_watch(parser)
