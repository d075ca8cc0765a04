"""The arguments of `crossvault query`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json

_EXAMPLES = """examples:
  crossvault query RECORD "select account, min(health) from accounts group by account order by 2"
  crossvault query RECORD "select what_for, sum(amount) from payments where payer = 'alice' group by what_for"
  crossvault query RECORD "describe accounts"              names and types of the columns
  crossvault export RECORD -o run.duckdb                   once, for many queries of a long record:
  crossvault query run.duckdb "select count(*) from steps" --csv

docs/tables.md has every column."""


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("query", help="SQL over the tables of a record", epilog=_EXAMPLES)
    parser.set_defaults(module="query")
    parser.add_argument(
        "record", metavar="RECORD", help="a record that `crossvault run` wrote, or a database of `crossvault export`"
    )
    parser.add_argument("sql", metavar="SQL", help="one statement of DuckDB's SQL, which changes nothing")
    parser.add_argument("--csv", action="store_true", help="print CSV instead of a table")
    parser.add_argument("--text", action="store_true", help="every amount as text: for amounts of 10^20 and more")
    add_json(parser)
    parser.never_with("--json", "--csv")
