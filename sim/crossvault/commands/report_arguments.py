"""The arguments of `crossvault report`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("report", help="a run as one HTML file: charts, accounts, payments, every step")
    parser.set_defaults(module="report")
    about = "a record that `crossvault run` wrote; of two, the page shows both and where they part"
    parser.add_argument("records", nargs="+", metavar="RECORD", help=about)
    parser.add_argument("-o", "--out", metavar="FILE", help="the page (default: the name of the record with .html)")
    add_json(parser)
