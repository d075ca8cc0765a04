"""`ape run deploy plan|apply|status|resume|verify`: deploys a vault to a chain without prompts.

Endpoints and accounts are ape's; $APE_ACCOUNTS_<alias>_PASSPHRASE unlocks an account.
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


def shared_options(command: Command) -> Command:
    """Adds the options that every command has."""
    options = (
        click.option("--network", required=True, help="such as ethereum:sepolia, base:sepolia, ethereum:local"),
        click.option("--params", required=True, type=click.Path(path_type=Path), help="parameter file"),
        click.option("--account", default=None, help="alias of the deploying account"),
        click.option("--allow-mainnet", is_flag=True, help="allow a chain that may hold real funds"),
        click.option("--json", "as_json", is_flag=True, help="print one JSON document instead of tables"),
        click.option("-q", "--quiet", callback=_chosen, expose_value=False, is_flag=True, help="no progress, no notes"),
        click.option("-v", "--verbose", callback=_chosen, expose_value=False, is_flag=True, help="note what is used"),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _chosen(context: click.Context, option: click.Parameter, is_set: bool) -> None:
    """Sets how much is printed on stderr."""
    if is_set:
        from crossvault.setup.notices import Verbosity, choose

        choose(Verbosity.QUIET if option.name == "quiet" else Verbosity.VERBOSE)


def sending_options(command: Command) -> Command:
    """Adds the options of commands that send transactions."""
    options = (
        click.option("--accept-as", default=None, help="alias of the new owner, which accepts the ownership"),
        click.option("--wait", is_flag=True, help="wait for changes that take effect after the delay"),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def cli() -> None:
    """Deploys a vault to a chain, resumes an interrupted deployment, and verifies the deployed contracts."""


@cli.command()
@shared_options
def plan(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool) -> None:
    """Shows steps, addresses, gas and cost; sends nothing."""
    with _deployment(network, params, account, allow_mainnet, as_json) as deployment:
        from crossvault.report import deployment as report

        _show(as_json, report.plan_data, report.print_plan, deployment, *deployment.expected())


def _apply(
    network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool, *, accept_as: str | None,
    wait: bool,
) -> None:  # fmt: skip
    with _deployment(network, params, account, allow_mainnet, as_json) as deployment:
        from crossvault.commands.progress import bar
        from crossvault.deployment.deployment import ApplyOptions, DeployerRequired
        from crossvault.differential.ending import INTERRUPTED
        from crossvault.report import deployment as report
        from crossvault.rpc import ape_networks as networks

        if account is None:
            raise DeployerRequired("expected --account, the account that deploys")
        signer, owner = networks.signer(account), networks.signer(accept_as) if accept_as else None
        with bar(deployment.params_file.params.name, len(deployment.plan.steps), "done") as tick:
            options = ApplyOptions(wait, lambda text: click.echo(text, err=True), tick)
            ended, done = deployment.apply(signer, options, owner)
        _show(as_json, report.applied_data, report.print_applied, deployment, ended, done)
        if ended.waiting:
            sys.exit(INTERRUPTED)


@cli.command()
@shared_options
@sending_options
def apply(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool, **more: Any) -> None:
    """Executes the missing steps; can be started again after any interruption."""
    _apply(network, params, account, allow_mainnet, as_json, **more)


@cli.command()
@shared_options
@sending_options
def resume(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool, **more: Any) -> None:
    """Same as apply: progress is read from the chain."""
    _apply(network, params, account, allow_mainnet, as_json, **more)


@cli.command()
@shared_options
def status(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool) -> None:
    """Shows the state of every step on the chain; sends nothing."""
    with _deployment(network, params, account, allow_mainnet, as_json) as deployment:
        from crossvault.report import deployment as report

        _show(as_json, report.status_data, report.print_status, deployment, deployment.status())


@cli.command()
@shared_options
def verify(network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool) -> None:
    """Compares code and all parameters with the chain, and writes explorer input; exit 1 on a difference."""
    with _deployment(network, params, account, allow_mainnet, as_json) as deployment:
        from crossvault.deployment import explorer
        from crossvault.report import deployment as report

        checked, made = deployment.verify(), explorer.publications(deployment.plan)
        explorer.write(deployment.folder / "standard-json", made)
        checked.notes.extend(_published(network, made))
        _show(as_json, report.checked_data, report.print_checked, deployment, checked)
        if checked.differences:
            sys.exit(1)


def _published(network: str, made: list[Any]) -> list[str]:
    from crossvault.rpc import ape_networks as networks

    if not networks.has_explorer_key():
        return ["not published to an explorer: $ETHERSCAN_API_KEY is not set"]
    return [networks.publish(network, each) for each in made]


@contextmanager
def _deployment(
    network: str, params: Path, account: str | None, allow_mainnet: bool, as_json: bool = False
) -> Iterator[Any]:
    """The deployment of the options; an expected error becomes one line and an exit code."""
    from crossvault.commands.failure import reported

    try:
        from crossvault.deployment.deployment import Deployment
        from crossvault.deployment.params import load
        from crossvault.rpc import ape_networks as networks
        from crossvault.rpc.client import RpcClient

        load(params)  # reports problems of the file before any network request
        client = RpcClient(networks.endpoint(network))
        yield Deployment(params, client, networks.address(account) if account else None, allow_mainnet)
    except (Exception, KeyboardInterrupt) as ended:
        if isinstance(ended, KeyboardInterrupt):
            click.echo("resume continues from the state of the chain", err=True)
        sys.exit(reported(ended, as_json))


def _show(as_json: bool, data: Callable[..., dict[str, Any]], show: Callable[..., None], *values: Any) -> None:
    if as_json:
        click.echo(json.dumps(data(*values), indent=1))
        return
    from crossvault.report.console import page

    show(page(_WIDTH), *values)
