"""The deployment commands as text: tables of steps, costs and differences; and the same as plain data."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console

from crossvault.audit.interface_versions import interface_of
from crossvault.deployment import chains
from crossvault.deployment.apply import ApplyResult, utc_text
from crossvault.deployment.blueprint import ACCEPT, DeploymentStep
from crossvault.deployment.deployment import Deployment, DeploymentStatus
from crossvault.deployment.estimate import Estimate
from crossvault.deployment.onchain import ChainSnapshot
from crossvault.deployment.verify import VerifyResult
from crossvault.evm.abi import selector_of
from crossvault.evm.deploy import vault_abi
from crossvault.report.console import table

_ETHER_DECIMALS, _GWEI_DECIMALS = 18, 9


def plan_data(deployment: Deployment, snapshot: ChainSnapshot, expected: Estimate) -> dict[str, Any]:
    """A plan as plain data."""
    steps = []
    for step in deployment.plan.steps:
        found = expected.steps.get(step.key)
        gas = {"gas": found.gas, **({"refused": found.why} if found.why else {})} if found else {}
        steps.append({**_step(step), "state": snapshot.found[step.key].state, **gas})
    return {
        **_head(deployment), "steps": steps, "gas": expected.gas, "gas_how": expected.how,
        "base_fee_wei": expected.base_wei, "tip_wei": expected.tip_wei, "cost_wei": expected.cost_wei,
        "most_wei": expected.most_wei, "not_included": not_included(deployment), "balance_wei": expected.balance_wei,
        "enough": expected.balance_wei >= expected.most_wei,
    }  # fmt: skip


def print_plan(console: Console, deployment: Deployment, snapshot: ChainSnapshot, expected: Estimate) -> None:
    """A plan as a table."""
    made = table("step", "address", "state", ">gas")
    for step in deployment.plan.steps:
        found = expected.steps.get(step.key)
        gas = "" if found is None else f"{found.gas:,}" if found.gas is not None else found.why
        made.add_row(_short(step.key), step.address or step.to, snapshot.found[step.key].state, gas)
    _print_head(console, deployment)
    console.print(made)
    fee = _decimal(expected.base_wei + expected.tip_wei, _GWEI_DECIMALS)
    console.print(f"{expected.gas:,} gas, {expected.how}")
    console.print(f"{_ether(expected.cost_wei)} at {fee} gwei, {_ether(expected.most_wei)} while the base fee doubles")
    if left_out := not_included(deployment):
        console.print(f"not included: {left_out}")
    enough = "enough" if expected.balance_wei >= expected.most_wei else "not enough"
    console.print(f"the deployer has {_ether(expected.balance_wei)}: {enough}")


def not_included(deployment: Deployment) -> str:
    """The fee of a chain that the estimate does not include, or nothing."""
    kind = chains.ROLLUPS.get(deployment.params_file.params.chain)
    return f"the fee of this chain ({kind}) for data on Ethereum" if kind else ""


def status_data(deployment: Deployment, status: DeploymentStatus) -> dict[str, Any]:
    """The state of every step as plain data."""
    steps = []
    for step in deployment.plan.steps:
        found = status.now.found[step.key]
        due = {"due_at": found.due_at} if found.due_at and found.state != "done" else {}
        steps.append({**_step(step), "state": state(deployment, status, step), "block": found.block, **due})
    done = all(status.deep.is_done(step) for step in deployment.plan.steps)
    return {**_head(deployment), "block": status.now.number, "complete": done, "steps": steps,
            "in_the_way": list(status.now.taken)}  # fmt: skip


def state(deployment: Deployment, status: DeploymentStatus, step: DeploymentStep) -> str:
    """State of a step: done, confirming, pending, reverted, missing, wrong; or the time at which it is due."""
    now = status.now.found[step.key]
    if now.state == "done":
        return "done" if status.deep.is_done(step) else "confirming"
    if now.state == "wrong":
        return "wrong"
    if step.by != deployment.plan.deployer:
        return f"pending: of {step.by}"
    last = [line for line in deployment.journal().lines if line.get("hash") == step.hash]
    if last and last[-1]["kind"] == "sending":
        return "pending" if last[-1]["nonce"] >= status.now.nonce else "missing"
    if last and last[-1]["kind"] == "reverted":
        return "reverted"
    return "missing" if now.due_at <= status.now.at else f"due at {utc_text(now.due_at)}"


def print_status(console: Console, deployment: Deployment, status: DeploymentStatus) -> None:
    """The state of every step as a table."""
    made = table("step", "address", "state", ">block")
    for step in deployment.plan.steps:
        block = status.now.found[step.key].block
        shown = f"{block:,}" if block is not None else ""
        made.add_row(_short(step.key), step.address or step.to, state(deployment, status, step), shown)
    _print_head(console, deployment)
    console.print(made)
    for each in status.now.taken:
        console.print(f"in the way: {each}")
    done = sum(status.deep.is_done(step) for step in deployment.plan.steps)
    console.print(f"{done} of {len(deployment.plan.steps)} steps done, seen at block {status.now.number:,}")


def checked_data(deployment: Deployment, checked: VerifyResult) -> dict[str, Any]:
    """A verification as plain data."""
    found = [{"what": each.field, "expected": each.model, "found": each.chain} for each in checked.differences]
    return {**_head(deployment), "block": checked.block, "checked": checked.checked, "differences": found,
            "notes": checked.notes, **_interface(deployment, checked)}  # fmt: skip


def print_checked(console: Console, deployment: Deployment, checked: VerifyResult) -> None:
    """A verification: what differs, if anything does."""
    _print_head(console, deployment)
    if checked.differences:
        made = table("what", "expected", "found on the chain")
        for each in checked.differences:
            made.add_row(each.field, str(each.model), str(each.chain))
        console.print(made)
    for note in checked.notes:
        console.print(note)
    versions = _interface(deployment, checked)
    orders = versions["order_version"] or "unknown: the exchange states none"
    console.print(f"interface of the vault: {versions['interface_text']}; version of signed orders: {orders}")
    count = len(checked.differences)
    result = f"{count} differ" if count else "no difference"
    console.print(f"{checked.checked} things compared at block {checked.block:,}: {result}")


def _interface(deployment: Deployment, checked: VerifyResult) -> dict[str, Any]:
    """The version of the vault's interface, None where it is of no known one, and of the orders of its exchange."""
    today = [each for each in vault_abi(deployment.plan.build) if each["type"] == "function"]
    number, text = interface_of(checked.functions, {selector_of(each): each["name"] for each in today})
    return {"interface": number, "interface_text": text, "order_version": checked.order_version}


def _head(deployment: Deployment) -> dict[str, Any]:
    params, plan = deployment.params_file.params, deployment.plan
    return {"name": params.name, "chain_id": params.chain, "deployer": plan.deployer, "owner": plan.owner,
            "vault": plan.vault, "exchange": plan.addresses()["exchange"]}  # fmt: skip


def _print_head(console: Console, deployment: Deployment) -> None:
    params, plan = deployment.params_file.params, deployment.plan
    console.print(
        f"{params.name} on {chains.name_of(params.chain)} (chain {params.chain}), deployed by {plan.deployer}"
    )


def _step(step: DeploymentStep) -> dict[str, Any]:
    made = {"address": step.address} if step.makes else {"to": step.to}
    return {"step": step.key, **made, "hash": step.hash}


def _short(key: str) -> str:
    return re.sub("(0x[0-9a-f]{6})[0-9a-f]{30}([0-9a-f]{4})", r"\1…\2", key)


def _ether(wei: int) -> str:
    return f"{_decimal(wei, _ETHER_DECIMALS)} ether"


def _decimal(value: int, decimals: int, shown: int = 6) -> str:
    """A number with some of its decimals, rounded up."""
    cut = -(-value // 10 ** (decimals - shown))
    whole, part = divmod(cut, 10**shown)
    return f"{whole:,}.{part:0{shown}d}".rstrip("0").rstrip(".")


def applied_data(deployment: Deployment, ended: ApplyResult, done: bool) -> dict[str, Any]:
    """The result of a deployment as plain data."""
    waiting = ended.waiting
    due = {"step": waiting.step.key, "why": waiting.why, "due_at": waiting.due_at or None} if waiting else None
    manifest = None if waiting else str(deployment.manifest_path)
    return {
        **_head(deployment),
        "complete": done,
        "waiting": due,
        "manifest": manifest,
        "accept": _accept(deployment, done),
    }


def print_applied(console: Console, deployment: Deployment, ended: ApplyResult, done: bool) -> None:
    """The result of a deployment."""
    _print_head(console, deployment)
    count = sum(ended.snapshot.is_done(step) for step in deployment.plan.steps)
    blocks = deployment.params_file.params.confirmations
    console.print(
        f"{count} of {len(deployment.plan.steps)} steps done, under {blocks} blocks at {ended.snapshot.number:,}"
    )
    console.print(f"vault {deployment.plan.vault}")
    if waiting := ended.waiting:
        due = f"due at {utc_text(waiting.due_at)}" if waiting.due_at else f"not yet: {waiting.why}"
        console.print(f"{waiting.step.key}: {due}; then resume")
        return
    console.print(f"manifest {deployment.manifest_path}")
    if accept := _accept(deployment, done):
        console.print(f"ownership is offered to {accept['by']}, who accepts it by calling {accept['to']}")
        console.print(f"with {accept['data']}, or from a Safe with {accept['safe_file']}")


def _accept(deployment: Deployment, done: bool) -> dict[str, str] | None:
    """The call that is left to the new owner."""
    step = deployment.plan.step(ACCEPT)
    if step is None or done:
        return None
    return {"by": step.by, "to": step.to, "data": step.data, "safe_file": str(deployment.handover_path)}
