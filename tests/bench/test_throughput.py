"""`crossvault bench sweep` with few accounts: all engines agree and every figure is there."""

import json
from argparse import Namespace

import pytest

from crossvault.bench import sweep_speed
from crossvault.commands.bench import bench


@pytest.mark.slow
def test_a_sweep_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sweep_speed, "COUNTS", (20, 40, 80))
    for name in ("SAMPLE", "ON_CHAIN", "CALLS"):
        monkeypatch.setattr(sweep_speed, name, 6)
    assert bench(Namespace(what="sweep", million=False, json=True)) == 0
    figures = json.loads(capsys.readouterr().out)
    for mode in ("portfolio", "standard"):
        for engine in ("exact", "floats"):
            found = figures[mode][engine]
            assert [each["accounts"] for each in found["rows"]] == [20, 40, 80]
            assert found["times_mirror"] > 0 and isinstance(found["scaling_exponent"], float)
    assert figures["portfolio"]["anvil"]["batched_per_second"] > 0
    assert {"python", "numpy", "anvil", "solc"} <= figures["versions"].keys()


def test_a_straight_line_has_the_exponent_one() -> None:
    assert sweep_speed._exponent([(10, 1.0), (100, 10.0), (1_000, 100.0)]) == 1.0
