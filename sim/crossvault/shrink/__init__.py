"""The smallest sequence of steps that still fails."""

from crossvault.differential.callable_room import make_callable

make_callable(__name__, "crossvault.api.searches:shrink")
