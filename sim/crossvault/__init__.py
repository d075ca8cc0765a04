"""A margin vault in Solidity, an exact mirror of it in Python, and the markets that drive both.

    import crossvault as cv

The names in `__all__` are the public API (docs/python.md); each is imported when it is first used.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Agent": "agents.own_agent:Agent",
    "Step": "differential.step:Step",
    "account": "differential.step:account_id",
    "doors": "differential.doors:",
    "wad": "scenario.quantity:wad",
}

__all__ = ["Agent", "Step", "__version__", "account", "doors", "wad"]

if TYPE_CHECKING:
    from crossvault.agents.own_agent import Agent
    from crossvault.differential import doors
    from crossvault.differential.step import Step, account_id as account
    from crossvault.scenario.quantity import wad


def __getattr__(name: str) -> Any:
    """A name of the public API, imported at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'crossvault' has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    module, _, attribute = _HOMES[name].partition(":")
    found = import_module(f"crossvault.{module}")
    globals()[name] = getattr(found, attribute) if attribute else found
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
