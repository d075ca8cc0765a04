"""The arguments of `crossvault mutate`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_contracts, add_json, add_page, judge_score, number, percent


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("mutate", help="change the contracts in one place: which changes go unnoticed")
    parser.set_defaults(module="mutate")
    parser.description = (
        "Mutants of the mirrored contracts, played against recorded stories of the model. Score: killed, of all that"
        " compile and are not in the file of equivalents. What was judged is kept: a run that is cut short goes on."
    )
    parser.add_argument("--threshold", type=percent, metavar="PCT", help="least score (default: 95; both sides: 92)")
    parser.add_argument(
        "--both", action="store_true",
        help="change the mirror instead, as if both sides were wrong alike: which changes do rules, stories, published"
        " vectors and laws see?",
    )  # fmt: skip
    parser.add_argument(
        "--least", nargs="+", type=judge_score, default=[("rules", 60.0)], metavar="JUDGE=PCT",
        help="least score of one judge alone: rules, expectations, vectors, laws (default: rules=60)",
    )  # fmt: skip
    parser.add_argument("--only", nargs="+", default=[], metavar="FILE", help="files to change (default: all)")
    parser.add_argument("--sample", type=number("mutants"), metavar="N", help="so many mutants, some of every contract")
    parser.add_argument("--seed", type=number("seed"), default=1, metavar="S", help="of the sample (default: 1)")
    parser.add_argument("-j", "--jobs", type=number("processes"), default=2, metavar="N", help="processes (2)")
    parser.add_argument(
        "--equivalents", metavar="FILE",
        help="mutants judged to be the original, with a reason each (default: tests/equivalents.yaml of a clone)",
    )  # fmt: skip
    add_contracts(parser)
    add_page(parser)
    add_json(parser)
    parser.only_with("--sample", "--seed")
    parser.only_with("--both", "--least")
    parser.never_with("--both", "--contracts", "--equivalents")
