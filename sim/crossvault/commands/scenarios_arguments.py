"""The arguments of `crossvault scenarios` and `crossvault schema`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands, add_json


def declare(commands: Commands) -> None:
    """Declares both commands."""
    scenarios = commands.add_parser("scenarios", help="the scenarios that ship")
    scenarios.set_defaults(module="scenarios")
    add_json(scenarios)
    schema = commands.add_parser("schema", help="the JSON Schema of a kind of file, for editors")
    schema.set_defaults(module="scenarios")
    kinds = ("scenario", "portfolio", "preset", "deployment")
    schema.add_argument("kind", nargs="?", default="scenario", choices=kinds)
