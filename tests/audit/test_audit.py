"""An audit rebuilds steps from logs alone, and its model equals the vault at every block."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from audits import AuditedVault, Played, Watched, by_time, words
from crossvault.__main__ import main
from crossvault.audit.account_rows import account_rows
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.audit.checkpoint import BadCheckpoint, Checkpoint
from crossvault.audit.log_steps import (
    DOOR_OF,
    INTERIM_EVENTS,
    OPENED,
    RENAMED_ARGUMENTS,
    DecodedLog,
    Tokens,
    UnknownLog,
    since_opening,
    steps_of,
)
from crossvault.audit.replica import Replica
from crossvault.audit.vault_source import OpeningUnreadable
from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.own_rules import OwnInvariant
from crossvault.differential.step import DOORS, EXCHANGE, TOKEN_ACTIONS, VAULT, Event, Step, World
from crossvault.evm.abi import Interface
from crossvault.evm.codec import AddressBook, Codec
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import diamond_abi, vault_abi
from crossvault.judge.judge import Judge
from crossvault.judge.own_invariants import OwnInvariants
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.fixed import WAD
from crossvault.report.audit import renderable
from crossvault.report.audit_page import audit_page
from crossvault.report.page_data import exact
from crossvault.rpc.client import RpcClient
from faults import Exchange, Fault, Faults
from pages import shown
from widths import all_faults


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    found = Watched("steps", 0, 250, tmp_path_factory.mktemp("walked"))
    yield found
    found.node.close()


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    found = Watched("orders", 2, 120, tmp_path_factory.mktemp("ordered"))
    yield found
    found.node.close()


def test_every_door_has_an_event_with_its_sender_and_all_its_arguments() -> None:
    fields = Interface(vault_abi(compile_contracts()), Codec(AddressBook())).event_fields()
    assert {*DOOR_OF, *INTERIM_EVENTS, OPENED} == fields.keys()
    assert sorted(DOOR_OF.values()) == sorted(DOORS)
    for event, door in DOOR_OF.items():
        assert fields[event][0] == "sender"
        wanted = {RENAMED_ARGUMENTS.get((event, name), name) for name in doors.arguments(door)}
        assert wanted <= set(fields[event]) or door == "batch", event


def accepted(story: Played) -> list[Step]:
    """The accepted door calls of a story, and its gifts to the vault."""
    found = []
    for step, outcome in zip(story.steps, story.outcomes, strict=True):
        gift = step.action in TOKEN_ACTIONS and step.args["to"] == VAULT and step.args["amount_raw"]
        if outcome.refusal is None and (gift or step.action in DOORS):
            found.append(step)
    return found


def test_the_steps_of_a_walk_are_rebuilt_from_logs_alone(walked: Watched) -> None:
    """All accepted steps in their order, each as it was sent; gifts are compared by token and amount."""
    rebuilt, sent = walked.rebuilt(), accepted(walked.story)
    through = [step for step in rebuilt if step.action in DOORS]
    assert through == [step for step in sent if step.action in DOORS]
    assert len(through) > 200 and {"batch", "trade", "bid", "settle", "enact_rules"} <= {
        step.action for step in through
    }
    gifts = [(s.args["token"], s.args["amount_raw"]) for s in rebuilt if s.action not in DOORS]
    given = [(s.args["token"], s.args["amount_raw"]) for s in sent if s.action not in DOORS]
    assert gifts == [each for each in given if each[0] != "OLD"]  # a token without Transfer logs
    assert gifts


def test_the_history_of_a_vault_begins_with_its_opening(walked: Watched) -> None:
    """What the constructor logs before the opening event is skipped; the same log after it is of no door."""
    source, opened = walked.replica.source, walked.replica.opened
    [logs] = source.block_logs([opened])
    table, *others = [source.decoded(log) for log in logs]
    known = Interface(diamond_abi(walked.node.build), walked.node.bindings.codec)
    assert table.event.values[0] == known.topic("DiamondCut")
    assert [each.event.name for each in others] == [OPENED]
    gift = DecodedLog(table.transaction, Event("Transfer", ("alice", VAULT, 1)), "USDC")
    assert list(since_opening([table, gift, *others])) == [gift, *others]
    assert list(since_opening([*others, table])) == [*others, table]
    assert [*steps_of(others, opened.at, Tokens("USDC"), source.fields)] == []
    with pytest.raises(UnknownLog, match=r"unknown in .*: is not an event of a vault"):
        list(steps_of([*others, table], opened.at, Tokens("USDC"), source.fields))


def test_the_model_equals_the_vault_after_every_block(walked: Watched) -> None:
    replica, model = walked.replica, Model(walked.story.world)
    for step in walked.story.steps:
        model.apply(step)
    accounts = list(replica.counts.accounts)
    assert len(accounts) > 8 and replica.block.number == walked.blocks[-1]
    mine, other = replica.model.snapshot(accounts), model.snapshot(accounts)
    assert mine.accounts == other.accounts
    assert mine.globals._replace(held_raw=()) == other.globals._replace(held_raw=())
    assert replica.model.vault.parameters() == model.vault.parameters()
    assert replica.model.vault.curves() == model.vault.curves()
    assert replica.counts.blocks > 20 and replica.counts.metrics > 100


@pytest.mark.slow
def test_fills_of_signed_orders_are_trades_of_the_exchange(ordered: Watched) -> None:
    rebuilt = ordered.rebuilt()
    fills = [step for step in rebuilt if step.sender == EXCHANGE]
    outcomes = zip(ordered.story.steps, ordered.story.outcomes, strict=True)
    done = [step for step, outcome in outcomes if step.action == "fill" and outcome.refusal is None]
    assert len(fills) == len(done) > 3 and all(step.action == "batch" for step in fills)
    for fill, batch in zip(done, fills, strict=True):
        calls = batch.args["calls"]
        assert [call.args["maker"] for call in calls] == [match.maker.account for match in fill.args["matches"]]
        assert all(isinstance(call, Call) and call.action == "trade" for call in calls)


def test_an_audit_resumes_from_a_checkpoint(walked: Watched, tmp_path: Path) -> None:
    """From half a checkpoint with an incomplete last line: the rest is compared and the result is equal."""
    lines = walked.path.read_text().splitlines(keepends=True)
    path = tmp_path / "half.jsonl"
    path.write_text("".join(lines[: len(lines) // 2]) + lines[len(lines) // 2][:40])
    replica = walked.node.replica(names=walked.node.addresses(walked.story.steps), checkpoint=Checkpoint(path))
    replica.catch_up()
    replica.compare_all()
    replica.close()
    assert 0 < replica.counts.resumed < replica.counts.steps == walked.replica.counts.steps
    accounts = list(walked.replica.counts.accounts)
    assert replica.model.snapshot(accounts) == walked.replica.model.snapshot(accounts)
    assert path.read_text() == walked.path.read_text()


CHANGES = {
    "a number": lambda text: text.replace('"chain_id":31337', '"chain_id":31338'),
    "a line more": lambda text: text.replace("\n", "\n{}\n", 1),
    "another head": lambda text: "nonsense\n" + text,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_checkpoint_that_was_changed_is_refused(walked: Watched, tmp_path: Path, change: str) -> None:
    path = tmp_path / "changed.jsonl"
    path.write_text(CHANGES[change](walked.path.read_text()))
    replica = walked.node.replica(checkpoint=Checkpoint(path))
    with pytest.raises(BadCheckpoint, match="was changed"):
        replica.catch_up()
    replica.close()


def test_a_checkpoint_of_other_names_or_in_use_is_refused(walked: Watched, tmp_path: Path) -> None:
    path = tmp_path / "same.jsonl"
    path.write_text(walked.path.read_text())
    replica = walked.node.replica(checkpoint=Checkpoint(path))
    with pytest.raises(BadCheckpoint, match="was written for names"):
        replica.catch_up()
    with pytest.raises(BadCheckpoint, match="is in use by another audit"):
        Checkpoint(path)
    replica.close()


def narrow(most: int) -> Fault:
    """A node that limits the block range of a log request, as many do."""

    def fault(exchange: Exchange) -> bool:
        filters = [request["params"][0] for request in exchange.requests if request["method"] == "eth_getLogs"]
        ranges = [(int(each["fromBlock"], 16), int(each["toBlock"], 16)) for each in filters if "toBlock" in each]
        if not any(high - low >= most for low, high in ranges):
            return False
        error = {"code": -32602, "message": f"block range is too wide, at most {most}"}
        exchange.answer(
            json.dumps([{"jsonrpc": "2.0", "id": r["id"], "error": error} for r in exchange.requests]).encode()
        )
        return True

    return fault


def test_log_ranges_shrink_to_what_the_node_accepts(walked: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossvault.audit.block_reading.NEAR", 4)
    monkeypatch.setattr("crossvault.audit.block_reading.MOST_BLOCKS", 2)
    monkeypatch.setattr("crossvault.audit.replica.MOST_BLOCKS", 2)
    proxy = Faults(walked.node.url)
    proxy.on("eth_getLogs", narrow(3))
    replica = walked.node.replica(proxy.url)
    replica.catch_up()
    proxy.close()
    assert replica.counts.steps == walked.replica.counts.steps
    assert proxy.seen["eth_getLogs"] > 10


def test_an_opening_outside_the_range_is_reported(
    walked: Watched, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    opened = walked.replica.opened.number
    remedy = f"it was created in block {opened}; use --from-block {opened} or omit the option"
    code = main(words(walked.node.url, walked.node.vault, tmp_path / "none.jsonl", "--from-block", str(opened + 1)))
    assert code == 2 and remedy in capsys.readouterr().err
    replica = walked.node.replica(from_block=opened)
    replica.catch_up(opened + 5)
    assert replica.block.number == opened + 5


@pytest.mark.parametrize(
    ("name", "message"), [("USDC", "has no VaultOpened event"), ("unused", "there is no contract")]
)
def test_an_address_without_a_vault_is_refused(walked: Watched, name: str, message: str) -> None:
    replica = Replica(RpcClient(walked.node.url), walked.node.names.address(name), build=walked.node.build)
    with pytest.raises(OpeningUnreadable, match=message):
        replica.catch_up()


BAD = [["--vault", "0x12"], ["--rpc", "ftp://a"], ["--deployment", "nowhere.json"]]


@pytest.mark.parametrize("more", BAD, ids=lambda more: more[0])
def test_invalid_options_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: Sequence[str]) -> None:
    given = words("http://127.0.0.1:9", "0x" + "1" * 40, tmp_path / "none.jsonl", *more)
    assert main(given) == 2 and more[0] in capsys.readouterr().err


def test_a_node_without_block_hashes_is_queried_by_number(walked: Watched) -> None:
    def strict(exchange: Exchange) -> bool:
        if not any(isinstance(place, dict) for request in exchange.requests for place in request["params"][1:]):
            return False
        error = {"code": -32602, "message": "invalid argument 1: cannot unmarshal object into string"}
        answers = [{"jsonrpc": "2.0", "id": request["id"], "error": error} for request in exchange.requests]
        exchange.answer(json.dumps(answers[0] if exchange.single else answers).encode())
        return True

    proxy = Faults(walked.node.url)
    proxy.on("eth_call", strict)
    replica = walked.node.replica(proxy.url)
    replica.catch_up()
    proxy.close()
    assert replica.source.is_by_number and replica.counts.steps == walked.replica.counts.steps


MANIFEST = {"chain_id": 31337, "addresses": {}, "vault": "", "block": {"number": 1, "hash": "", "at": 0}}


def test_a_deployment_manifest_names_the_vault_and_all_accounts(
    walked: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node, manifest = walked.node, tmp_path / "vault.json"
    content = MANIFEST | {"addresses": node.addresses(walked.story.steps) | {"vault": node.vault}, "vault": node.vault}
    manifest.write_text(json.dumps(content))
    given = ["audit", "--rpc", node.url, "--deployment", str(manifest), "--checkpoint", str(tmp_path / "kept.jsonl")]
    assert main(given) == 0
    assert "owner0" in capsys.readouterr().out
    manifest.write_text(json.dumps(content | {"chain_id": 5}))
    assert main(given) == 2 and "is of chain 31337, the deployment of chain 5" in capsys.readouterr().err
    del content["block"]
    manifest.write_text(json.dumps(content))
    assert main(given) == 2 and "it lacks 'block'" in capsys.readouterr().err


class Early(AuditedVault):
    """A node on which tokens are minted to the vault's address before its deployment."""

    def __init__(self, world: World, vault: str) -> None:
        self._vault_address = vault
        super().__init__(world)

    def deploy(self) -> None:
        create, code = self.node.create, self.build.artifacts["Vault"].bytecode

        def generous(sender: str, data: str, gas: str) -> str | None:
            if data.startswith("0x" + code):
                token = Interface(self.build.artifacts["Token"].abi, Codec(self.names))
                self.names.bind("future vault", self._vault_address)
                for name, amount_raw in (("USDC", 7), ("WETH", 8)):
                    given = token.call("mint", {"to": "future vault", "amount_raw": amount_raw})
                    self.node.send("0x" + "9" * 40, self.names.address(name), given, hex(10**6))
            return create(sender, data, gas)

        self.node.create = generous  # type: ignore[method-assign, assignment]  # one node of this test only
        super().deploy()


def test_tokens_sent_before_the_deployment_are_counted(walked: Watched) -> None:
    node = Early(walked.story.world, walked.node.vault)
    try:
        assert node.vault == walked.node.vault
        first = [step for group in list(by_time(walked.story.steps))[:3] for step in group]
        node.mine(first)
        replica = node.replica()
        replica.catch_up()
        replica.compare_all()
        held = {name: replica.model.tokens[node.names.address(name)].balances[VAULT] for name in ("USDC", "WETH")}
        plain = walked.node.replica()
        plain.catch_up(walked.blocks[len(first) - 1])
        for name, more in (("USDC", 7), ("WETH", 8)):
            assert held[name] == plain.model.tokens[node.names.address(name)].balances[VAULT] + more
    finally:
        node.close()


def test_one_json_document(walked: Watched, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    metrics = tmp_path / "vault.prom"
    more = ["--json", "--top", "3", "--metrics-file", str(metrics)]
    assert main(words(walked.node.url, walked.node.vault, tmp_path / "new.jsonl", *more)) == 0
    document = json.loads(capsys.readouterr().out)
    assert all(met["count"] > 0 and int(met["money_wad"]) >= 0 for met in document["known_weaknesses"].values())
    shown_healths = [row[-1] for row in shown(audit_page(document)).tables["margin of the accounts"]]
    assert shown_healths == [exact(int(each["health_wad"])) for each in document["accounts"]]
    assert document["difference"] is None and document["steps"] == walked.replica.counts.steps
    healths = [int(each["health_wad"]) for each in document["accounts"]]
    assert healths == sorted(healths) and len(healths) > 5
    rows = [line for line in metrics.read_text().splitlines() if line.startswith("crossvault_account_health{")]
    assert len(rows) == 3
    gauges = [(each["account"], int(each["health_wad"]) / WAD) for each in document["accounts"][:3]]
    wanted = {f'crossvault_account_health{{account="{account}"}} {health}' for account, health in gauges}
    assert set(rows) == wanted
    assert f"crossvault_steps {float(document['steps'])}" in metrics.read_text()


def test_the_nearest_liquidation_is_where_margin_is_zero(walked: Watched) -> None:
    """At the shocked price the account can be liquidated; one wad of the shock before it cannot."""
    model, at = walked.replica.model, walked.replica.block.at
    found = account_rows(model, walked.replica.counts.accounts, at, 50)
    assert all_faults(*renderable(walked.replica, found, 20)) == []
    closed = [(each, each.nearest) for each in found if each.nearest and each.nearest.shock]
    assert len(closed) > 3
    for each, (underlying, shock) in closed:
        before = shock - (1 if shock > 0 else -1)
        assert left_after(model, each.account, underlying, shock, at) < 0, each
        assert left_after(model, each.account, underlying, before, at) >= 0, each


def left_after(model: Model, account: AccountId, underlying: int, shock: int, at: int) -> int:
    """The margin above maintenance after a shock to a price and its forwards."""
    ledger = model.vault.ledger
    price = ledger.prices[underlying]
    price.index = price.index * (WAD + shock) // WAD
    price.premium = price.premium * (WAD + shock) // WAD
    price.stable = price.index
    for expiry in ledger.expiries[underlying]:
        curve = ledger.curves[market.term_of(underlying, expiry)]
        curve.forward = max(1, curve.forward * (WAD + shock) // WAD)
    metrics = model.vault.metrics(account, now=at)
    model.journal.undo()
    return metrics.maintenance_equity_wad - metrics.maintenance_requirement_wad


def test_a_rule_of_the_user_stops_an_audit_at_its_step(walked: Watched) -> None:
    def few_trades(step: Step) -> bool:
        return step.action != "trade"

    replica = walked.node.replica()
    replica.judge = Judge(OwnInvariants([OwnInvariant.of(few_trades)]))
    with pytest.raises(BlockDiffers) as found:
        replica.catch_up()
    seen = found.value.seen
    assert seen is not None and seen.step.action == "trade" and found.value.found[0].field.endswith("few_trades")
    assert replica.block.number < found.value.block.number
