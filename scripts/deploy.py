"""`ape run deploy plan|apply|status|resume|verify`: a vault onto a chain, without a question asked.

Endpoints and accounts are ape's; an account is unlocked by $APE_ACCOUNTS_<alias>_PASSPHRASE.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

Command = Callable[..., None]

_WIDTH = 120


def asked(command: Command) -> Command:
    """The options that every command takes."""
    options = (
        click.option("--network", required=True, help="such as ethereum:sepolia, base:sepolia, ethereum:local"),
        click.option("--params", required=True, type=click.Path(path_type=Path), help="file of parameters"),
        click.option("--account", default=None, help="alias of the account that deploys"),
        click.option("--allow-mainnet", is_flag=True, help="let a chain be asked for that may hold money"),
        click.option("--json", "as_json", is_flag=True, help="one document instead of tables"),
    )
    for option in reversed(options):
        command = option(command)
    return command


def sending(command: Command) -> Command:
    """The options of commands that send."""
    options = (
        click.option("--accept-as", default=None, help="alias of the new owner, who accepts the ownership"),
        click.option("--wait", is_flag=True, help="wait for what takes effect after the delay"),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def cli() -> None:
    """Puts a vault onto a chain, goes on where it was interrupted, and checks what stands there."""


@cli.command()
@asked
def plan(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool) -> None:
    """Steps, addresses, gas and cost; sends nothing."""
    with _venture(network, params, account, allow_mainnet) as venture:
        from crossvault.report import deployment as report

        told = venture.expected()
        _show(as_json, report.plan_data, report.print_plan, venture, *told)


def _apply(
    network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool, *, accept_as: str | None,
    wait: bool,
) -> None:  # fmt: skip
    with _venture(network, params, account, allow_mainnet) as venture:
        from crossvault.commands.progress import bar
        from crossvault.deployment.deployment import AccountNeeded, ApplyOptions
        from crossvault.differential.ending import INTERRUPTED
        from crossvault.report import deployment as report
        from crossvault.rpc import ape_networks as networks

        if account is None:
            raise AccountNeeded("expected --account, who deploys")
        signer, owner = networks.signer(account), networks.signer(accept_as) if accept_as else None
        with bar(venture.asked.params.name, len(venture.plan.steps), "done") as tick:
            options = ApplyOptions(wait, lambda text: click.echo(text, err=True), tick)
            ended, done = venture.apply(signer, options, owner)
        _show(as_json, report.applied_data, report.print_applied, venture, ended, done)
        if ended.waiting:
            sys.exit(INTERRUPTED)


@cli.command()
@asked
@sending
def apply(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool, **more: Any) -> None:
    """Does what is missing; may be started again after anything."""
    _apply(network, params, account, allow_mainnet, as_json, **more)


@cli.command()
@asked
@sending
def resume(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool, **more: Any) -> None:
    """The same as apply: what is done is read from the chain."""
    _apply(network, params, account, allow_mainnet, as_json, **more)


@cli.command()
@asked
def status(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool) -> None:
    """What of every step stands on the chain; sends nothing."""
    with _venture(network, params, account, allow_mainnet) as venture:
        from crossvault.report import deployment as report

        _show(as_json, report.standing_data, report.print_standing, venture, venture.standing())


@cli.command()
@asked
def verify(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool) -> None:
    """Compares code and every parameter with the chain, and writes what explorers take; exit 1 on a difference."""
    with _venture(network, params, account, allow_mainnet) as venture:
        from crossvault.deployment import explorer
        from crossvault.report import deployment as report

        checked, made = venture.verify(), explorer.publications(venture.plan)
        explorer.write(venture.folder / "standard-json", made)
        checked.notes.extend(_published(network, made))
        _show(as_json, report.checked_data, report.print_checked, venture, checked)
        if checked.differences:
            sys.exit(1)


def _published(network: str, made: list[Any]) -> list[str]:
    from crossvault.rpc import ape_networks as networks

    if not networks.has_explorer_key():
        return ["not published to an explorer: $ETHERSCAN_API_KEY is not set"]
    return [networks.publish(network, each) for each in made]


@contextmanager
def _venture(network: str, params: Path, account: str | None, allow_mainnet: bool) -> Iterator[Any]:
    """The deployment that is meant; an expected end becomes one line and its exit code."""
    from crossvault.differential.ending import exit_code

    try:
        from crossvault.deployment.deployment import Deployment
        from crossvault.deployment.params import load
        from crossvault.rpc import ape_networks as networks
        from crossvault.rpc.client import RpcClient

        load(params)  # what is wrong with the file is told before anything is asked of a network
        wire = RpcClient(networks.endpoint(network))
        yield Deployment(params, wire, networks.address(account) if account else None, allow_mainnet)
    except (Exception, KeyboardInterrupt) as ended:
        code = exit_code(ended)
        if code is None:
            raise
        click.echo(str(ended) or "interrupted; resume goes on from what stands on the chain", err=True)
        sys.exit(code)


def _show(as_json: bool, data: Callable[..., dict[str, Any]], show: Callable[..., None], *told: Any) -> None:
    if as_json:
        click.echo(json.dumps(data(*told), indent=1))
        return
    from rich.console import Console

    show(Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH), *told)
