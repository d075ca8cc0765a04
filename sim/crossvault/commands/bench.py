"""`crossvault bench`: speed of comparison and of margins, with rivals measured in the same run."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crossvault.differential.ending import DONE
from crossvault.report.console import show, table
from crossvault.setup.notices import notice

if TYPE_CHECKING:
    from crossvault.report.console import ReportTable

_ROWS = {
    "lockstep": "compared, state and events after every step",
    "web3_contract_layer": "web3.py's contract layer, a receipt awaited, nothing compared",
    "pyrevm_with_view": "pyrevm in process, the same calls and views, nothing compared",
    "pyrevm_bare": "pyrevm in process, the same calls without views, nothing compared",
}


def bench(arguments: Namespace) -> int:
    """Measures and prints the figures."""
    if arguments.what == "catalogue":
        from crossvault.commands.catalogue import catalogue

        return catalogue(arguments)
    if arguments.what == "rivals":
        from crossvault.commands.rivals import rivals

        return rivals(arguments)
    if arguments.what == "gas":
        from crossvault.commands.gas import gas

        return gas(arguments)
    measured = {"chain": _chain, "sweep": _sweep, "search": _search, "audit": _audit, "judge": _judge}
    return measured[arguments.what](arguments)


def _chain(arguments: Namespace) -> int:
    from crossvault.bench.chain_speed import chain

    figures = chain(arguments.steps, arguments.options)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return DONE
    made = table("engine", "what it does", "steps/s", "lockstep is")
    speed = figures["lockstep"]["steps_per_second"]
    for name, about in _ROWS.items():
        rate = figures[name]["steps_per_second"]
        made.add_row(name.replace("_", " "), about, f"{rate:,.0f}", f"{speed / rate:,.2f} x")
    show(made)
    print(_ageing(figures["lockstep"]))
    print(_versions(figures))
    return DONE


def _search(arguments: Namespace) -> int:
    from crossvault.bench.search_speed import RIVALS, search

    figures = search(arguments.steps, _silent if arguments.json else notice)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return DONE
    made = table("steps", "what is done", ">steps/s", ">compared is")
    for name, found in figures["stories"].items():
        for rival, about in RIVALS.items():
            rate = found[f"{rival}_per_second"]
            made.add_row(name, about, f"{rate:,}", f"{found['compared_per_second'] / rate:.2f} x")
    show(made)
    print("per second of the processor, the best of three rounds")
    print(_versions(figures))
    return DONE


def _judge(arguments: Namespace) -> int:
    from crossvault.bench.judge_speed import HOW, judge_benchmark

    figures = judge_benchmark(arguments.steps, _silent if arguments.json else notice)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return DONE
    made = table("judge", ">steps/s", ">costs")
    for how in HOW:
        cost = "" if how == "off" else f"{100 * figures[f'{how}_costs']:+.0f} %"
        made.add_row(how, f"{figures[f'{how}_per_second']:,}", cost)
    show(made)
    rules = table("rule", ">µs a step")
    for number, spent in sorted(figures["rules"].items(), key=lambda each: -each[1]):
        rules.add_row(number, f"{spent:,.1f}")
    show(rules)
    print(f"{figures['walks']} walks, {figures['steps']:,} steps, per second of the processor")
    print(_versions(figures))
    return DONE


def _audit(arguments: Namespace) -> int:
    from crossvault.bench.audit_speed import audit_benchmark

    figures = audit_benchmark(arguments.steps, _silent if arguments.json else notice)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return DONE
    made = table("history", ">steps with logs", ">blocks", ">margins", ">seconds", ">steps/s")
    for name in ("walk", "orders"):
        found = figures[name]
        numbers = (found["steps"], found["blocks"], found["metrics_compared"])
        made.add_row(name, *(f"{n:,}" for n in numbers), f"{found['audit_seconds']}", f"{found['steps_per_second']:,}")
    show(made)
    print("the model was equal to the chain at every block")
    follow = figures["follow"]
    usual, most = follow["median_lag_seconds"], follow["largest_lag_seconds"]
    print(f"followed: {follow['transactions']:,} transactions, {follow['transactions_per_second']:,.0f} a second")
    print(f"behind the head by {usual} s in the median, {most} s at most")
    print(_versions(figures))
    return DONE


def _sweep(arguments: Namespace) -> int:
    from crossvault.bench.sweep_speed import sweep

    note: Callable[[str], None] = _silent if arguments.json else notice
    figures = sweep(arguments.million, note)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return DONE
    made = table("margin", "engine", ">accounts", ">accounts/s", ">times the mirror")
    for mode in ("portfolio", "standard"):
        for engine in ("mirror", "exact", "floats"):
            _add_engine(made, mode, engine, figures[mode])
    anvil, mirror = figures["portfolio"]["anvil"], figures["portfolio"]["mirror"]["accounts_per_second"]
    for how in ("one_by_one", "batched"):
        rate = anvil[f"{how}_per_second"]
        about = f"eth_call on Anvil, {how.replace('_', ' ')}"
        made.add_row("portfolio", about, f"{anvil['accounts']:,}", f"{rate:,}", f"{rate / mirror:.2f}")
    show(made)
    print(f"{figures['instruments']} instruments, {figures['scenarios']} scenarios, {figures['machine']}")
    print("mirror, Anvil and the exact sweep agree to the wei")
    print(_versions(figures))
    return DONE


def _add_engine(made: ReportTable, mode: str, engine: str, figures: dict[str, Any]) -> None:
    """The rows of one engine."""
    mirror, found = figures["mirror"]["accounts_per_second"], figures[engine]
    for row in found.get("rows", [found]):
        rate = row["accounts_per_second"]
        made.add_row(mode, engine, f"{row['accounts']:,}", f"{rate:,}", f"{rate / mirror:.1f}")
    if "scaling_exponent" in found:
        made.add_row(mode, engine, "time ~ accounts^", f"{found['scaling_exponent']:.2f}", "")


def _versions(figures: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in figures["versions"].items())


def _silent(_: str) -> None: ...


def _ageing(lockstep: dict[str, Any]) -> str:
    ratio = lockstep["last_tenth_over_first"]
    return f"{lockstep['steps']:,} steps, {lockstep['accepted']:,} accepted; the last tenth cost {ratio} x the first"
