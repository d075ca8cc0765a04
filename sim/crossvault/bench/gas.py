"""The gas benchmark: sizes of the contracts, gas of every door by portfolio, and the profile of one call.

All figures follow from the contracts, the compiler and the hardfork: they are the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.bench.gas_chain import HARDFORK, LIMIT, GasChain
from crossvault.bench.gas_doors import ROWS, DoorMeasurement
from crossvault.bench.gas_portfolios import GasPortfolio
from crossvault.differential.ending import FailedRun
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import SETTINGS, without_metadata
from crossvault.mirror.account import STANDARD
from crossvault.setup import toolchain

CODE_LIMIT = 24_576  # bytes of the code of a contract: EIP-170

Report = Callable[[str], None]


class GasCase(NamedTuple):
    """A column of the benchmark: a portfolio, and the number of scenarios of portfolio margin (0 in standard mode)."""

    portfolio: GasPortfolio
    scenarios: int

    def __str__(self) -> str:
        margin = f"{self.scenarios} scenario{'s' * (self.scenarios > 1)}" if self.scenarios else "standard margin"
        return f"{self.portfolio.about}, {margin}"


class SidesDiffer(FailedRun):
    """The model and the chain differ after the steps of a benchmark."""


def gas_cases(portfolios: Sequence[GasPortfolio], scenarios: Sequence[int]) -> list[GasCase]:
    """Every portfolio that an account may hold, with every number of scenarios where it is in portfolio mode."""
    allowed = [each for each in portfolios if each.is_allowed]
    return [GasCase(each, n) for each in allowed for n in ([0] if each.mode == STANDARD else scenarios)]


def gas_benchmark(
    cases: Sequence[GasCase], profiled: str, contracts: Path | None = None, report: Report = lambda _: None
) -> dict[str, Any]:
    """The figures; profiled: the row whose call is profiled, in the last case. Raises SidesDiffer."""
    columns: list[dict[str, Any]] = []
    for number, case in enumerate(cases, 1):
        report(f"{number} of {len(cases)}: {case}")
        chain = GasChain(contracts)
        try:
            traced = profiled if number == len(cases) else ""
            if traced:
                report(f"and the profile of {traced}")
            measurement = _measured(chain, case, traced)
        finally:
            chain.close()
        columns.append(_column(case, measurement))
    return {
        "benchmark": "gas",
        "limit": LIMIT,
        "code_limit": CODE_LIMIT,
        "settings": {**SETTINGS["optimizer"], "via_ir": SETTINGS["viaIR"], "evm_version": SETTINGS["evmVersion"]},
        "versions": {name: toolchain.versions()[name] for name in ("solc", "anvil")} | {"hardfork": HARDFORK},
        "code": code_digest(chain.build, chain.contracts().values()),
        "sizes": list(_sizes(chain)),
        "columns": columns,
        "profile": {"row": profiled, "case": str(case), **_profile(measurement)},
    }


def code_digest(build: Build, contracts: Any) -> str:
    """The identity of the code of some contracts, metadata left out: no comment changes it."""
    codes = (without_metadata(build.artifacts[name].deployed_bytecode) for name in sorted(contracts))
    return hashlib.sha256(" ".join(codes).encode()).hexdigest()[:16]


def _measured(chain: GasChain, case: GasCase, traced: str) -> DoorMeasurement:
    measurement = DoorMeasurement(chain, case.portfolio, case.scenarios, traced)
    measurement.build()
    measurement.measure_all()
    if found := measurement.differences():
        raise SidesDiffer(f"{case}: {found[0]}")
    return measurement


def _column(case: GasCase, measurement: DoorMeasurement) -> dict[str, Any]:
    return {
        "portfolio": case.portfolio.name,
        "about": case.portfolio.about,
        "case": str(case),
        "mode": "portfolio" if case.scenarios else "standard",
        "positions": len(case.portfolio.instruments),
        "options": case.portfolio.options,
        "scenarios": case.scenarios,
        "doors": {row: measurement.gas[row]._asdict() for row in ROWS if row in measurement.gas},
    }


def _sizes(chain: GasChain) -> Iterator[dict[str, Any]]:
    """Each contract of the vault and its exchange: bytes of its code, and the gas of its creation."""
    for address, name in sorted(chain.contracts().items(), key=lambda each: each[1]):
        size = len(chain.build.artifacts[name].deployed_bytecode) // 2
        yield {"contract": name, "bytes": size, "left": CODE_LIMIT - size, "creation_gas": chain.creations[address]}


def _profile(measurement: DoorMeasurement) -> dict[str, Any]:
    rows = measurement.profile
    return {"gas": sum(row.own for row in rows), "functions": [row._asdict() for row in rows]}


def over_limit(figures: dict[str, Any]) -> list[str]:
    """The doors of the figures that do not go through at the limit of a transaction."""
    return [
        f"{row}, {column['case']}"
        for column in figures["columns"]
        for row, door in column["doors"].items()
        if not door["is_within"]
    ]
