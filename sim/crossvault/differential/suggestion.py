"""The words that were expected in the place of another one, the most similar first."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MAX_LISTED = 32


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Lists the expected words, after `did you mean 'x'?` if one of them is similar."""
    choices = list(dict.fromkeys(known))
    folded = {choice.casefold().replace("_", " "): choice for choice in reversed(choices)}
    near = get_close_matches(word.casefold().replace("_", " "), folded, n=1, cutoff=0.5)
    hint = f"did you mean {folded[near[0]]!r}? " if near else ""
    listed = ", ".join(choices[:_MAX_LISTED]) + (", …" if len(choices) > _MAX_LISTED else "")
    return f"{hint}expected one of: {listed or 'nothing'}"
