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
    "Chain": "evm.chain:Chain",
    "Model": "differential.model:Model",
    "Portfolio": "portfolio.portfolio_file:Portfolio",
    "Report": "api.pages:Report",
    "Step": "differential.step:Step",
    "account": "differential.step:account_id",
    "audit": "audit:",
    "doors": "differential.doors:",
    "errors": "differential.ending:",
    "fuzz": "fuzz:",
    "load_scenario": "api.story_runs:load_scenario",
    "margin": "api.margins:margin",
    "replay": "api.replays:replay",
    "run": "api.story_runs:run",
    "shrink": "shrink:",
    "wad": "scenario.quantity:wad",
}

__all__ = [
    "Agent",
    "Chain",
    "Model",
    "Portfolio",
    "Report",
    "Step",
    "__version__",
    "account",
    "audit",
    "doors",
    "errors",
    "fuzz",
    "load_scenario",
    "margin",
    "replay",
    "run",
    "shrink",
    "wad",
]

if TYPE_CHECKING:
    from crossvault.agents.own_agent import Agent
    from crossvault.api.audits import audit
    from crossvault.api.margins import margin
    from crossvault.api.pages import Report
    from crossvault.api.replays import replay
    from crossvault.api.searches import fuzz, shrink
    from crossvault.api.story_runs import load_scenario, run
    from crossvault.differential import doors, ending as errors
    from crossvault.differential.model import Model
    from crossvault.differential.step import Step, account_id as account
    from crossvault.evm.chain import Chain
    from crossvault.portfolio.portfolio_file import Portfolio
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
