"""The arguments of `crossvault export`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json

_EXAMPLES = """examples:
  crossvault export RECORD -o run                          a Parquet file for each table in the directory run
  crossvault export RECORD -o run --format csv --only accounts payments
  crossvault export RECORD -o run.duckdb                   a DuckDB database; `crossvault query run.duckdb` reads it
  crossvault export RECORD -o run.xlsx                     an Excel workbook, a sheet for each table

docs/tables.md has every column."""


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("export", help="a record as tables: Parquet, CSV, DuckDB, Excel", epilog=_EXAMPLES)
    parser.set_defaults(module="export")
    parser.add_argument("record", metavar="RECORD", help="a record that `crossvault run` wrote")
    parser.add_argument(
        "-o", "--output", required=True, metavar="PATH", help="directory for parquet and csv, file for duckdb and xlsx"
    )
    parser.add_argument(
        "--format",
        choices=("parquet", "csv", "duckdb", "xlsx"),
        help="(default: by the ending of PATH .duckdb or .xlsx, else parquet)",
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="TABLE", help="tables to write (default: all)")
    parser.add_argument("--text", action="store_true", help="every amount as text: for amounts of 10^20 and more")
    parser.add_argument("--force", action="store_true", help="replace tables that are there already")
    add_json(parser)
