"""Rooms that have the name of a function of the API: `crossvault.fuzz` is a package, `crossvault.fuzz(...)` a call."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class CallableRoom(ModuleType):
    """A package that passes a call on to a function of the API."""

    function: str  # `module:name`

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function."""
        module, _, name = self.function.partition(":")
        return getattr(import_module(module), name)(*args, **kwargs)


def make_callable(room: str, function: str) -> None:
    """Makes the package of a room callable. function: `module:name`, imported at the first call."""
    found: Any = sys.modules[room]
    found.__class__ = CallableRoom
    found.function = function
