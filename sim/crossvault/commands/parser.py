"""The words of the command line. Only argparse is imported, so that help is quick."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches

from crossvault import __version__
from crossvault.commands.exits import MEANINGS, UsageError

COMMANDS = (
    "run", "seed", "fuzz", "shrink", "mutate", "conform", "margin", "replay", "explain", "audit",
    "scenarios", "schema", "bench", "efficiency", "setup", "doctor", "test",
)  # fmt: skip

_ABOUT = """A cross-margin vault in Solidity beside an exact Python mirror of it: both play the same story,
and every result, refusal, event and state is compared to the last wei."""

_EXAMPLES = """examples:
  crossvault scenarios                                     what ships
  crossvault run black-thursday                            both sides, compared; a summary at the end
  crossvault run black-thursday --seed 7 --json            one JSON document
  crossvault fuzz --contracts my-contracts --time 60s      do your contracts still agree with the model?
  crossvault margin strangle --trade 'ETH-PERP +2'         one portfolio by every method, before and after
  crossvault run my-story.yaml --contracts my-contracts    your contracts against the model
  crossvault explain RECORD 120                            one step: before, after, margin arithmetic, call trace
  crossvault conform example                               a foreign vault, clause by clause of the specification
  crossvault audit --rpc URL --vault ADDRESS --follow      a vault on a chain against the model, block after block
  crossvault replay RECORD                                 the recorded steps again; says `identical` or where not

exit codes:
"""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **kwargs: object) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)  # type: ignore[arg-type]


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The words as arguments; prints and ends as argparse does on --help. Raises Misused for an unknown command."""
    first = next((word for word in words if not word.startswith("-")), None)
    if first is not None and first not in COMMANDS:
        near = get_close_matches(first, COMMANDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"no command {first!r}: expected one of {', '.join(COMMANDS)}{hint}")
    return _parser().parse_args(words)


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code}  {meaning}" for code, meaning in MEANINGS.items())
    parser = _Parser(prog="crossvault", description=_ABOUT, epilog=_EXAMPLES + codes)
    parser.add_argument("--version", action="version", version=f"crossvault {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    _add_run(commands.add_parser("run", help="play scenarios on both sides and compare every step"))
    _add_seed(commands.add_parser("seed", help="put the opening of a scenario onto a deployed vault"))
    _add_fuzz(commands.add_parser("fuzz", help="random walks near the limits until contracts and model differ"))
    _add_margin(commands.add_parser("margin", help="a portfolio by every method of margin, side by side"))
    _add_replay(commands.add_parser("replay", help="play a record again: identical, or the first line that is not"))
    _add_explain(commands.add_parser("explain", help="one step of a record: states, margin arithmetic, call trace"))
    _add_shrink(commands.add_parser("shrink", help="the smallest story of a difference, as a file to keep"))
    _add_json(commands.add_parser("scenarios", help="the scenarios that ship"))
    schema = commands.add_parser("schema", help="the JSON Schema of a kind of file, for editors")
    kinds = ("scenario", "portfolio", "preset", "deployment")
    schema.add_argument("kind", nargs="?", default="scenario", choices=kinds)
    _add_bench(commands.add_parser("bench", help="how fast steps are compared, against rivals in the same run"))
    _add_efficiency(
        commands.add_parser("efficiency", help="what cross margin saves by kind of book, and what it risks")
    )
    _add_mutate(commands.add_parser("mutate", help="change the contracts in one place: which changes go unnoticed"))
    _add_conform(commands.add_parser("conform", help="someone else's vault against the model, clause by clause"))
    _add_audit(commands.add_parser("audit", help="a vault on a chain against the model, block after block"))
    commands.add_parser("setup", help="install everything that is missing")
    commands.add_parser("doctor", help="what is there, what is missing, and what mends it")
    commands.add_parser("test", help="run the tests; takes pytest's arguments", add_help=False)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.description = "Plays scenarios one after another, each to its first difference. The exit code is the worst."
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="name of a shipped scenario, or a YAML file")
    parser.add_argument("--seed", type=_seed, metavar="N", help="seed instead of the file's")
    parser.add_argument(
        "--set", action="append", default=[], dest="overrides", metavar="PATH=VALUE",
        help="replace one field of the file, as world.auction.fast='5m'; may be repeated",
    )  # fmt: skip
    _add_contracts(parser)
    _add_json(parser)
    record = parser.add_mutually_exclusive_group()
    record.add_argument("--record", metavar="FILE", help="where the record goes (default: printed at the end)")
    parser.add_argument("--picture", metavar="FILE", help="draw the summary as an SVG")
    record.add_argument("--no-record", action="store_true", help="write no record")
    parser.add_argument("--network", metavar="CHOICE", help="play it on a deployed vault, as ethereum:sepolia:node")
    _add_live(parser)


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Puts the actors and positions of a scenario onto a deployed vault whose rules are those of the scenario, each "
        "step compared. What is there already is left out, so it goes on where it was interrupted."
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="name of a shipped scenario, or a YAML file")
    parser.add_argument("--network", required=True, metavar="CHOICE", help="as ethereum:sepolia:node")
    parser.set_defaults(seed=None, overrides={})
    _add_live(parser)
    _add_json(parser)


def _add_live(parser: argparse.ArgumentParser) -> None:
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
    live.add_argument("--fee-limit", metavar="GWEI", help="fee per gas at most (default: what the chain asks)")
    live.add_argument("--confirmations", type=_count, default=1, metavar="N", help="blocks that a step needs (1)")
    live.add_argument("--most-steps", type=_count, default=200, metavar="N", help="steps of the scenario at most (200)")
    live.add_argument("--most-time", default="15m", metavar="SPAN", help="time that it takes at most (15m)")
    live.add_argument("--allow-mainnet", action="store_true", help="even on a chain that may hold money")
    live.add_argument("--keep-gas", action="store_true", help="leave what is left for gas with the actors")


def _add_fuzz(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Random steps that keep accounts alive near their limits, in process, every invariant held and every step "
        "compared, and what they reached. Anvil confirms what is found."
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--time", metavar="SPAN", help="how long, as 60s or '1h 30m' (default: 60s)")
    length.add_argument("--steps", type=_count, metavar="N", help="how many steps at least, instead of a time")
    parser.add_argument("-j", "--jobs", type=_count, metavar="N", help="walks at a time (default: one per processor)")
    parser.add_argument("--seed", type=_seed, metavar="S", help="seed of the first walk (default: 1)")
    parser.add_argument(
        "--corpus", metavar="DIR", help="remember walks that are done, and what failed, to go on from there"
    )
    parser.add_argument("--coverage", metavar="DIR", help="write the lines and branches reached: lcov.info, index.html")
    _add_contracts(parser)
    _add_json(parser)


def _add_margin(parser: argparse.ArgumentParser) -> None:
    parser.description = "What each position asks for alone, and all together by standard and by portfolio margin."
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
    parser.add_argument("--chain", action="store_true", help="ask the contracts for the same figures and compare")
    _add_json(parser)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", metavar="RECORD", help="a record that `crossvault run` wrote")
    parser.add_argument("--until", type=int, metavar="STEP", help="stop after this step")
    _add_contracts(parser)
    _add_json(parser)


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("record", metavar="RECORD", help="a record that `crossvault run` wrote")
    parser.add_argument("step", type=int, metavar="STEP", help="number of the step, from 1")
    _add_contracts(parser)
    _add_json(parser)


def _add_shrink(parser: argparse.ArgumentParser) -> None:
    parser.description = "Takes away what a difference does not need: calls, accounts, values, time. Ends with 1, or 0."
    parser.add_argument("file", metavar="FILE", help="a record, a repro or a scenario in which the sides differ")
    parser.add_argument("--time", default="30s", metavar="TIME", help="stop after this long (default: 30s)")
    parser.add_argument("--out", metavar="FILE", help="where the repro goes (default: NAME.repro.yaml)")
    parser.add_argument("--emit", choices=("foundry",), help="write a Foundry test of the same story beside it")
    _add_contracts(parser)
    _add_json(parser)


def _add_bench(parser: argparse.ArgumentParser) -> None:
    about = (
        "chain: lockstep, web3.py's contract layer, pyrevm; sweep: margin of many accounts, mirror, sweeps, Anvil; "
        "search: steps compared in process, and the same calls without comparison; "
        "catalogue: planted bugs, how long each takes to find and to shrink; "
        "rivals: the same for Hypothesis' stateful engine, and for forge and Wake on a small vault; "
        "audit: a random history and a fast head, audited over RPC"
    )
    parser.add_argument("what", choices=("chain", "sweep", "search", "catalogue", "rivals", "audit"), help=about)
    parser.add_argument("--seeds", type=_seed, default=5, metavar="N", help="catalogue: seeds for each bug (5)")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="catalogue, rivals: these bugs only")
    parser.add_argument("--time", default="60s", metavar="SPAN", help="rivals: how long each may search (60s)")
    parser.add_argument("--steps", type=_seed, default=10_000, metavar="N", help="chain, search, audit: steps (10000)")
    parser.add_argument("--options", action="store_true", help="chain: futures and options among the trades")
    parser.add_argument("--million", action="store_true", help="sweep: a million accounts too")
    _add_json(parser)


def _add_efficiency(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Draws books from a seed: what cross margin saves of isolated capital, and liquidations on paths."
    )
    parser.add_argument("--accounts", type=_seed, default=10_000, metavar="N", help="books to draw (default: 10000)")
    parser.add_argument(
        "--underlyings", type=int, choices=range(1, 9), default=3, metavar="K", help="1 to 8 (default: 3)"
    )
    parser.add_argument("--seed", type=_seed, default=1, metavar="S", help="of books and paths (default: 1)")
    parser.add_argument(
        "--out", metavar="FILE", help="draw the plots as a page (.html), the tables as a picture (.svg)"
    )
    _add_json(parser)


def _add_mutate(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Mutants of the mirrored contracts, played against recorded stories of the model. Score: killed, of all that"
        " compile and are not in the file of equivalents. What was judged is kept: a run that is cut short goes on."
    )
    parser.add_argument("--threshold", type=float, default=95.0, metavar="PCT", help="least score (default: 95)")
    parser.add_argument("--only", nargs="+", default=[], metavar="FILE", help="contracts to change (default: all)")
    parser.add_argument("--sample", type=_seed, metavar="N", help="so many mutants, some of every contract")
    parser.add_argument("--seed", type=_seed, default=1, metavar="S", help="of the sample (default: 1)")
    parser.add_argument("-j", "--jobs", type=int, choices=range(1, 65), default=2, metavar="N", help="processes (2)")
    parser.add_argument(
        "--equivalents", metavar="FILE",
        help="mutants judged to be the original, with a reason each (default: tests/equivalents.yaml of a clone)",
    )  # fmt: skip
    _add_contracts(parser)
    _add_json(parser)


def _add_conform(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Which clauses of the specification a vault keeps: its interface, published figures, scenarios, random walks."
    )
    parser.add_argument("target", metavar="PATH:Contract", help="a file and its vault, or `example`, which ships")
    parser.add_argument("--adapter", metavar="FILE", help="how it is deployed, what its doors are called, …")
    parser.add_argument("--steps", type=_seed, default=3_000, metavar="N", help="steps of random walks (3000)")
    parser.add_argument("--seed", type=_seed, default=1, metavar="S", help="of the walks (1)")
    parser.add_argument("--replay", metavar="FILE", help="play the steps of a difference again, one by one")
    _add_json(parser)


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Rebuilds every step from the vault's logs, plays it on the model, and compares the state at each block. "
        "Ends at the first difference; with --follow it goes on with the chain."
    )
    parser.add_argument("--rpc", required=True, metavar="URL", help="a node of the chain")
    parser.add_argument("--vault", metavar="ADDRESS", help="the vault, where no --deployment names it")
    parser.add_argument("--deployment", metavar="MANIFEST", help="what a deployment left: names, addresses, block")
    parser.add_argument(
        "--from-block", type=_seed, metavar="N", help="not after the vault's creation, which is searched otherwise"
    )
    parser.add_argument("--until-block", type=_seed, metavar="N", help="end there")
    parser.add_argument("--follow", action="store_true", help="go on with every new block, whatever the node does")
    parser.add_argument("--poll", type=_secs, default=1.0, metavar="SECS", help="wait between looks at the head (1)")
    parser.add_argument("--confirmations", type=_seed, default=0, metavar="N", help="blocks to stay behind the head")
    parser.add_argument("--checkpoint", metavar="FILE", help="what was compared, to go on from (default: by vault)")
    parser.add_argument("--top", type=_count, default=20, metavar="N", help="accounts to show, by health (20)")
    parser.add_argument("--metrics", type=_seed, metavar="PORT", help="serve Prometheus metrics")
    parser.add_argument("--metrics-file", metavar="FILE", help="write Prometheus metrics for a textfile collector")
    _add_json(parser)


def _add_contracts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--contracts", metavar="DIR", help="drive the contracts of this directory, with the same ABI")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def _secs(text: str) -> float:
    whole, _, part = text.partition(".")
    if not (whole + part).isdecimal():
        raise argparse.ArgumentTypeError(f"expected a number of seconds, got {text!r}")
    return float(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)
