"""`crossvault seed` and `crossvault run --network`: a story on a deployed vault, compared as on Anvil."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.commands.failure import after_finding
from crossvault.commands.interrupts import Interrupts
from crossvault.commands.progress import bar
from crossvault.deployment.manifest import TokenRecord
from crossvault.differential.ending import DONE, FAILED, INTERRUPTED, MISSING, exit_code
from crossvault.differential.step import EXCHANGE, VAULT
from crossvault.differential.story import Story
from crossvault.live.actors import PAYER, LiveNetwork
from crossvault.live.deployed_vault import DeployedVault, LiveRoles, VaultAddresses
from crossvault.live.player import LivePlayer
from crossvault.live.preflight import (
    PreparedStory,
    StoryMismatch,
    governors,
    require_feeders,
    require_same_rules,
    require_todays_interface,
)
from crossvault.live.seeding import held, missing, opening, owed, paid, people, played
from crossvault.lockstep.run import Diverged, RunResult, drive
from crossvault.report.console import RunPage, show, show_lines
from crossvault.report.run import RunSummary
from crossvault.report.run_json import document
from crossvault.report.run_watch import RunWatch
from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import Signer
from crossvault.rpc.transactions import TransactionLimits, require_chain
from crossvault.scenario import load, quantity
from crossvault.setup.notices import notice

_DECIMALS = {"ether": 18, "gwei": 9}
_ETHER = 10**18
_MOST_WEI = {"ether": 1_000 * _ETHER, "gwei": 1_000_000 * 10**9}  # no test needs more, and a slip could cost it
_LEAD_SECS = 1


def seed(arguments: Namespace) -> int:
    """Puts the opening of a scenario onto a deployed vault; what is there already is left out."""
    return _perform(arguments, arguments.cast or f"seed of {arguments.scenario}", opened_part)


def play(arguments: Namespace, scenario: str, overrides: Mapping[str, str]) -> int:
    """Plays a scenario on a deployed vault with accounts of its own."""
    arguments.scenario, arguments.overrides = scenario, overrides
    return _perform(
        arguments, arguments.cast or f"run of {scenario} at {datetime.now(UTC):%Y-%m-%d %H:%M:%S}", _full_story
    )


Fit = Callable[[DeployedVault, Story, Mapping[str, str]], PreparedStory]


def _perform(arguments: Namespace, cast: str, fit: Fit) -> int:
    venue = _venue(arguments, cast)
    names = {person for step in opening(_story(arguments, venue)) for person in people(step)}
    venue.bind_names(names)
    venue.actors.await_quiet(names - {VAULT, EXCHANGE})
    venue.replica.catch_up()
    require_todays_interface(venue.replica.source)
    story = _story(arguments, venue)
    if story.invariants:
        notice(f"{arguments.scenario}: invariants: not checked on a deployed vault; `audit --invariant` checks them")
    aliases = {name: PAYER for name in governors(story) if name not in venue.roles.signers}
    require_same_rules(story, venue.replica.model)
    require_feeders(story, venue.replica.model, aliases)
    fitted = fit(venue, story, aliases)
    ran = RunPage(story, RunWatch(), RunResult(), engine=f"chain {venue.network.chain_id}")
    code = _attempt(ran, venue.player(arguments.confirmations, [ran.watch], ran.result), fitted)
    returned_wei = 0
    if not (arguments.keep_gas or code in (MISSING, INTERRUPTED)):
        with after_finding(code == FAILED):
            returned_wei = venue.actors.refund()
    _show(arguments, ran, venue, fitted, returned_wei)
    return code


def _attempt(ran: RunPage, player: LivePlayer, fitted: PreparedStory) -> int:
    expected, began = fitted.until or ran.story.expected_steps, time.perf_counter()
    try:
        with bar(ran.story.name, expected) as tick:
            drive(fitted.as_story(), player, tick)
    except Diverged as diverged:
        ran.result.failure = diverged
    except (Exception, KeyboardInterrupt) as cut:
        interrupted = Interrupts.came or isinstance(cut, KeyboardInterrupt)
        code = INTERRUPTED if interrupted else exit_code(cut)
        if code is None:
            raise
        ran.failure = f"{'interrupted' if interrupted else cut}; {ran.result.compared} steps were compared until then"
        return code
    finally:
        ran.result.seconds = time.perf_counter() - began
    if ran.result.failure is None:
        return DONE
    ran.failure = str(ran.result.failure)
    return ran.result.failure.exit_code


def _full_story(venue: DeployedVault, story: Story, aliases: Mapping[str, str]) -> PreparedStory:
    """All of a story, for accounts that were never used."""
    return PreparedStory(story, aliases)


def opened_part(venue: DeployedVault, story: Story, aliases: Mapping[str, str]) -> PreparedStory:
    """The opening of a story, as far as it is not on the vault."""
    due = owed(opening(story), aliases)
    had = held(venue.network.client, venue.bindings, due)
    venue.fund_model(had)
    for place, amount_raw in paid(venue.sent.history, venue.replica.model).items():
        had[place] = had.get(place, 0) + amount_raw
    actors = {person for step in opening(story) for person in people(step)} | {PAYER}
    done = played(venue.sent.history, actors)
    return PreparedStory(story, aliases, done, missing(due, had), story.opening_steps)


def _story(arguments: Namespace, venue: DeployedVault) -> Story:
    """The scenario, starting now, within the limits. Raises ScenarioError, StoryMismatch."""
    starts = int(venue.network.client.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + _LEAD_SECS
    now = {"starts": f"{datetime.fromtimestamp(starts, UTC):%Y-%m-%dT%H:%M:%SZ}"}
    story = load(arguments.scenario, arguments.seed, {**arguments.overrides, **now})
    if story.opening_steps == 0:
        raise StoryMismatch(
            f"{story.name} is a repro: expected a scenario, whose opening and clock can be fitted to the vault"
        )
    if story.expected_steps > arguments.most_steps:
        raise StoryMismatch(
            f"{story.name} has about {story.expected_steps:,} steps: more than --most-steps {arguments.most_steps:,}"
        )
    if story.ends_at - starts > arguments.most_time:
        raise StoryMismatch(
            f"{story.name} takes {story.ends_at - starts:,} s, more than --most-time {arguments.most_time:,} s"
        )
    return story


def _venue(arguments: Namespace, cast: str) -> DeployedVault:
    """The deployed vault, with its actors. Raises UsageError, ScenarioError, WrongChain, ChainLost."""
    from crossvault.deployment import chains, manifest
    from crossvault.rpc import ape_networks as networks

    for name in ("deployment", "account"):
        if not getattr(arguments, name):
            raise UsageError(f"--{name}: is needed with --network")
    deployed = manifest.load(Path(arguments.deployment))
    chains.require_test(deployed.chain_id, arguments.allow_mainnet)
    require_test_tokens(deployed.tokens)
    roles: dict[str, Signer] = {}
    for text in arguments.players:
        name, _, alias = text.partition("=")
        if not name or not alias:
            raise UsageError(f"--as: {text!r}: expected NAME=ALIAS, as feeder=my-feeder")
        roles[name] = networks.signer(alias)
    fee_wei = _wei("--fee-limit", arguments.fee_limit, "gwei") if arguments.fee_limit else None
    wire = RpcClient(networks.endpoint(arguments.network))
    require_chain(wire, deployed.chain_id)
    tokens = {each.name: each.address for each in deployed.tokens}
    place = VaultAddresses(deployed.vault, deployed.exchange, tokens, deployed.block.number)
    budget_wei = _wei("--budget", arguments.budget, "ether")
    live_roles = LiveRoles(networks.signer(arguments.account), cast, roles, budget_wei)
    return DeployedVault(
        LiveNetwork(wire, deployed.chain_id, deployed.vault, TransactionLimits(fee_wei)), place, live_roles
    )


def require_test_tokens(tokens: Iterable[TokenRecord]) -> None:
    """Requires tokens that a story's actors can be given, of the plain kind. Raises StoryMismatch."""
    for each in tokens:
        if not each.ours:
            raise StoryMismatch(
                f"{each.name} is not a test token of crossvault: the actors of a story cannot be funded with it"
            )
        if each.kind != "plain":
            raise StoryMismatch(
                f"{each.name} is a '{each.kind}' token: on a deployed vault stories take plain ones only"
            )


def _wei(option: str, text: str, unit: str) -> int:
    try:
        amount = quantity.quantity(f"{text} {unit}", f"1.5 {unit}").scaled(_DECIMALS[unit])
    except ValueError as wrong:
        raise UsageError(f"{option}: {wrong}") from None
    if not 0 < amount <= _MOST_WEI[unit]:
        most = _MOST_WEI[unit] // 10 ** _DECIMALS[unit]
        raise UsageError(f"{option}: expected more than 0 and at most {most:,} {unit}, got {text}: a slip of the pen")
    return amount


def _show(arguments: Namespace, ran: RunPage, venue: DeployedVault, fitted: PreparedStory, returned_wei: int) -> None:
    spent_wei = venue.actors.spent_wei
    costs = {
        "chain": venue.network.chain_id,
        "vault": venue.network.vault,
        "cast": venue.roles.cast,
        "left_out": fitted.left_out,
        "given_for_gas_wei": str(spent_wei),
        "given_back_wei": str(returned_wei),
    }
    if arguments.json:
        print(json.dumps({**document(ran), **costs}, indent=2))
        return
    show(RunSummary(ran))
    show_lines(ran)
    gas = _ether(spent_wei - returned_wei)
    print(f"{fitted.left_out} steps were on the vault already; the actors' gas cost {gas} ether")
    print(f"cast: {venue.roles.cast!r}; with `--cast` the same accounts play again")


def _ether(wei: int) -> str:
    return f"{wei / 10 ** _DECIMALS['ether']:.6f}"
