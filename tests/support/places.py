"""Folders that tests read: the clone, and the vectors, market data and faulty inputs beside it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
VECTORS = Path(os.environ.get("CROSSVAULT_VECTORS") or ROOT.parent / "shared" / "vectors")
DATA = Path(os.environ.get("CROSSVAULT_DATA") or ROOT.parent / "shared" / "data")
CASES = Path(os.environ.get("CROSSVAULT_CASES") or ROOT.parent / "shared" / "cases")
