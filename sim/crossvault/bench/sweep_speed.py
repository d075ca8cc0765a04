"""Accounts per second of margin metrics: mirror, both sweep engines, and `eth_call` of `metrics` on Anvil.

All in one run, on the same market and books of the same kinds. The metrics of mirror and chain are compared with the
exact sweep. In-process work is timed in processor seconds of all threads, so that other work on the machine has no
influence; Anvil is timed by the clock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from math import log
from typing import Any

from crossvault.differential.model import Model
from crossvault.evm.chain import Chain
from crossvault.mirror import valuation
from crossvault.mirror.account import PORTFOLIO, STANDARD
from crossvault.mirror.valuation import Metrics
from crossvault.setup import toolchain
from crossvault.sweep import draws, exact, floats, market_steps
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Population, add_to_ledger, population_of

SEED, UNDERLYINGS = 7, 3
COUNTS, MILLION = (1_000, 3_000, 10_000, 30_000, 100_000), 1_000_000
SAMPLE, ON_CHAIN, CALLS, ROUNDS = 400, 20, 100, 3
MODES = {"portfolio": PORTFOLIO, "standard": STANDARD}

Report = Callable[[str], None]


class SweepFailed(Exception):
    """Engines that must agree to the wei differ."""


def sweep(million: bool = False, report: Report = lambda _: None) -> dict[str, Any]:
    """The figures of one run: accounts per second by engine, mode and count, ratios and scaling exponents."""
    market = draws.random_market(UNDERLYINGS, SEED)
    counts = (*COUNTS, MILLION) if million else COUNTS
    figures: dict[str, Any] = {
        "benchmark": "sweep",
        "machine": f"{os.cpu_count()} processors",
        "versions": toolchain.versions() | {"numpy": _numpy()},
        "underlyings": UNDERLYINGS,
        "instruments": len(market.instruments),
        "scenarios": len(market.state.model.data.rules.scenarios),
    }
    for name, mode in MODES.items():
        figures[name] = _mode(market, mode, counts if name == "portfolio" else COUNTS, report)
    report("chain")
    figures["portfolio"]["anvil"] = _chain(market)
    return figures


def _mode(market: Market, mode: int, counts: Sequence[int], report: Report) -> dict[str, Any]:
    """The figures of one margin mode."""
    sample = _drawn(market, SAMPLE, mode)
    exactly, roughly = exact.ExactEngine(market), floats.FloatEngine(market)
    mirror, agreed = 0.0, exactly.metrics(sample)
    ids = add_to_ledger(market.state, sample, market.instruments, now=market.now)
    for _ in range(ROUNDS):
        started = time.process_time()
        answers = [valuation.metrics(market.state, valuation.image(market.state, each), now=market.now) for each in ids]
        mirror = max(mirror, SAMPLE / (time.process_time() - started))
        _require_equal("the mirror", answers, agreed)
    for each in ids:
        del market.state.holders[each]
    found: dict[str, Any] = {"mirror": {"accounts": SAMPLE, "accounts_per_second": round(mirror)}}
    engines: dict[str, Callable[[Population], object]] = {
        "exact": lambda each: _drain(exactly, each),
        "floats": roughly.figures,
    }
    for name, run in engines.items():
        rows = []
        for count in counts:
            report(f"{name} {count}")
            rows.append(_timed(run, _drawn(market, count, mode)))
        best = max(each["accounts_per_second"] for each in rows)
        found[name] = {
            "rows": rows,
            "accounts_per_second": best,
            "times_mirror": round(best / mirror, 1),
            "scaling_exponent": _exponent([(each["accounts"], each["cpu_seconds"]) for each in rows]),
        }
    return found


def _drawn(market: Market, count: int, mode: int) -> Population:
    return draws.random_population(market, count, SEED)[0].in_mode(mode)


def _drain(engine: exact.ExactEngine, population: Population) -> None:
    for _ in engine.stream(population):
        pass


def _timed(run: Callable[[Population], object], population: Population) -> dict[str, Any]:
    """The best of several rounds, or one round for large populations."""
    seconds = float("inf")
    for _ in range(ROUNDS if len(population) <= COUNTS[2] else 1):
        started = time.process_time()
        run(population)
        seconds = min(seconds, time.process_time() - started)
    count = len(population)
    return {"accounts": count, "cpu_seconds": round(seconds, 4), "accounts_per_second": round(count / seconds)}


def _exponent(rows: Sequence[tuple[int, float]]) -> float:
    """Slope of the logarithm of the time over that of the count: 1 is linear."""
    pairs = [(log(count), log(seconds)) for count, seconds in rows]
    x, y = (sum(each) / len(pairs) for each in zip(*pairs, strict=True))
    slope: float = sum((a - x) * (b - y) for a, b in pairs) / sum((a - x) ** 2 for a, _ in pairs)
    return round(slope, 3)


def _chain(market: Market) -> dict[str, Any]:
    """The same books on Anvil: `metrics` one call at a time, and in batches."""
    population = _drawn(market, ON_CHAIN, PORTFOLIO)
    world, steps = market_steps.world_of(market), list(market_steps.steps_of(market, population))
    model, side = Model(world), Chain(world)
    try:
        for outcomes in (model.play(steps), side.play(steps)):
            refused = [str(each.refusal) for each in outcomes if each.refusal is not None]
            if refused:
                raise SweepFailed(f"a step is refused: {refused[0]}")
        ids, ledger = market_steps.accounts_of(population), model.vault.ledger
        same = Market(ledger, market.now, market.instruments)
        ours = exact.ExactEngine(same).metrics(population_of(ledger, ids, market.instruments, now=market.now))
        _require_equal("Anvil", side.metrics(ids, market.now), ours)
        calls = [(side.vault.call("metrics", {"account": each})) for each in ids]
        requests = [{"to": side.names.address("vault"), "input": each, "gas": hex(10**8)} for each in calls]
        one = _calls(lambda: [side.node.rpc("eth_call", each, "latest") for each in requests], len(requests))
        many = [("eth_call", [each, "latest"]) for each in requests]
        batch = side.node.encode(many * (CALLS // len(many)))
        all_at_once = _calls(lambda: side.node.decode(batch, side.node.post(batch)), CALLS)
    finally:
        side.close()
    return {"accounts": len(ids), "one_by_one_per_second": round(one), "batched_per_second": round(all_at_once)}


def _calls(run: Callable[[], object], count: int) -> float:
    best = 0.0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        best = max(best, count / (time.perf_counter() - started))
    return best


def _require_equal(who: str, theirs: Sequence[Metrics], ours: Sequence[Metrics]) -> None:
    for place, pair in enumerate(zip(theirs, ours, strict=True)):
        if pair[0] != pair[1]:
            raise SweepFailed(f"account {place}: {who} returns {pair[0]}, the exact sweep {pair[1]}")


def _numpy() -> str:
    from importlib.metadata import version

    return version("numpy")
