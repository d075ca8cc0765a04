"""`crossvault test`: pytest in a process of its own, with the exit codes of crossvault in the place of pytest's."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from crossvault.differential.ending import DEFECT, DONE, FAILED, INTERRUPTED, MISSED, USAGE

CODES = {0: DONE, 1: FAILED, 2: INTERRUPTED, 3: DEFECT, 4: USAGE, 5: MISSED}


def main(words: Sequence[str]) -> int:
    """Runs pytest with its own arguments; no tests at all are a threshold missed."""
    import pytest

    code = int(pytest.main(list(words)))
    return CODES.get(code, code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
