"""Looking for steps on which something breaks."""

from crossvault.differential.callable_room import make_callable

make_callable(__name__, "crossvault.api.searches:fuzz")
