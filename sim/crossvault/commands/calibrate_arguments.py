"""The arguments of `crossvault calibrate`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("calibrate", help="the parameters of the preset crossvault, from market data")
    parser.set_defaults(module="calibrate")
    parser.description = (
        "Computes what each class of book lost over the liquidation horizon in the market data of $CROSSVAULT_DATA, and"
        " the preset whose maintenance margin covers the 99 %% expected shortfall, initial margin 99.7 %%; compares it"
        " with the shipped one (exit code 6 where they differ)."
    )
    parser.add_argument("--out", metavar="FILE", help="write the preset, a YAML file that --method of margin takes")
    add_json(parser)
