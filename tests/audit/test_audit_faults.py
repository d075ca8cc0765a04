"""An audit survives reorganisations, node failures and kills."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audits import AuditedVault, Played, arguments, by_time, played, words
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.audit.checkpoint import BadCheckpoint, Checkpoint
from crossvault.audit.replica import Replica
from crossvault.commands.audit import AuditView
from crossvault.evm.abi import Interface
from crossvault.evm.deploy import GAS, diamond_abi
from crossvault.rpc.client import RpcClient
from crossvault.setup import toolchain
from faults import Exchange, Faults, cut

pytestmark = pytest.mark.slow  # each has a node of its own, and waits for it

DEEP = 5


@pytest.fixture(scope="module")
def story() -> Played:
    return played("steps", 4, 250)


@pytest.fixture
def vault_node(story: Played) -> Iterator[AuditedVault]:
    found = AuditedVault(story.world)
    yield found
    found.close()


class Fork:
    """A fork of the test chain: blocks that a reorganisation drops, and a longer branch that replaces them."""

    def __init__(self, vault_node: AuditedVault, story: Played) -> None:
        self.vault_node = vault_node
        groups = list(by_time(story.steps))
        self.common, rest = groups[:-16], groups[-16:]
        self.gone = rest[:DEEP]
        self.stay = [[replace(step, at=step.at + 1) for step in group] for group in rest[1:]]  # the first is left out
        for group in self.common:
            vault_node.mine(group)
        self.base = vault_node.head()
        self._mark = vault_node.node.rpc("evm_snapshot")

    def away(self) -> None:
        """Mines the branch that is dropped later."""
        for group in self.gone:
            self.vault_node.mine(group)

    def back(self, *_: object) -> None:
        """Reorganises to the longer branch."""
        assert self.vault_node.node.rpc("evm_revert", self._mark)
        for group in self.stay:
            self.vault_node.mine(group)


def same(mine: Replica, other: Replica) -> bool:
    """Whether two audits reached the same state."""
    accounts = list({*mine.counts.accounts, *other.counts.accounts})
    one, two = mine.model, other.model
    return (
        mine.block == other.block
        and mine.counts.steps == other.counts.steps
        and one.snapshot(accounts) == two.snapshot(accounts)
        and one.vault.parameters() == two.vault.parameters()
        and one.vault.curves() == two.vault.curves()
    )


@pytest.mark.parametrize("remembered", [512, 2], ids=["rolled back", "restarted"])
def test_a_reorganisation_of_five_blocks_is_followed(
    vault_node: AuditedVault, story: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr("crossvault.audit.replica.REMEMBERED", remembered)
    fork, path = Fork(vault_node, story), tmp_path / "kept.jsonl"
    replica = vault_node.replica(checkpoint=Checkpoint(path))
    fork.away()
    replica.catch_up()
    steps, tip = replica.counts.steps, replica.block
    assert tip.number == fork.base + DEEP
    fork.back()
    replica.catch_up()
    replica.compare_all()
    fresh = vault_node.replica()
    fresh.catch_up()
    assert replica.block.number == fork.base + len(fork.stay) and same(replica, fresh)
    assert (replica.counts.reorganisations, replica.counts.deepest >= DEEP) == (1, True) and steps
    replica.close()
    again = vault_node.replica(checkpoint=Checkpoint(path))
    again.catch_up()
    again.close()
    assert same(again, fresh) and again.counts.resumed == again.counts.steps


def test_a_block_dropped_during_comparison_is_no_difference(vault_node: AuditedVault, story: Played) -> None:
    """The chain reorganises between the log requests and the state requests of the last blocks."""
    fork = Fork(vault_node, story)
    replica = vault_node.replica()
    replica.catch_up()
    fork.away()
    proxy = Faults(vault_node.url)

    def turn(exchange: Exchange) -> bool:
        fork.back()
        return False

    proxy.on("eth_call", turn, times=1)
    replica.source.client = RpcClient(proxy.url, tries=3, wait_secs=0.02)
    replica.catch_up()
    proxy.close()
    replica.compare_all()
    fresh = vault_node.replica()
    fresh.catch_up()
    replica.catch_up()
    assert proxy.seen["eth_call"] > 1 and same(replica, fresh)


def test_a_difference_in_a_dropped_block_is_ignored(vault_node: AuditedVault, story: Played) -> None:
    """The chain reorganises during a wrong response: the block of the response no longer exists."""
    fork = Fork(vault_node, story)
    replica = vault_node.replica()
    replica.catch_up()
    fork.away()
    proxy = Faults(vault_node.url)

    def lie(exchange: Exchange) -> bool:
        replies = json.loads(exchange.forward())
        for each in [replies] if exchange.single else replies:
            each["result"] = each["result"][:-1] + ("1" if each["result"][-1] == "0" else "0")
        fork.back()
        exchange.answer(json.dumps(replies).encode())
        return True

    proxy.on("eth_call", lie, times=1)
    replica.source.client = RpcClient(proxy.url, tries=3, wait_secs=0.02)
    replica.catch_up()
    replica.catch_up()
    proxy.close()
    fresh = vault_node.replica()
    fresh.catch_up()
    assert same(replica, fresh)


def test_a_wrong_response_for_a_kept_block_is_a_difference(vault_node: AuditedVault, story: Played) -> None:
    """So the test above fails unless the block is queried again."""
    vault_node.mine(story.steps[:120])
    proxy = Faults(vault_node.url)

    def lie(exchange: Exchange) -> bool:
        replies = json.loads(exchange.forward())
        for each in [replies] if exchange.single else replies:
            each["result"] = each["result"][:-1] + ("1" if each["result"][-1] == "0" else "0")
        exchange.answer(json.dumps(replies).encode())
        return True

    replica = vault_node.replica()
    replica.catch_up(vault_node.head() - 1)
    proxy.on("eth_call", lie, times=1)
    replica.source.client = RpcClient(proxy.url, tries=3, wait_secs=0.02)
    with pytest.raises(BlockDiffers):
        replica.catch_up()
    proxy.close()


def test_confirmations_keep_behind_the_head(vault_node: AuditedVault, story: Played) -> None:
    fork = Fork(vault_node, story)
    replica = vault_node.replica(confirmations=DEEP)
    fork.away()
    replica.catch_up()
    assert replica.block.number == fork.base
    fork.back()
    replica.catch_up()
    assert replica.block.number == fork.base + len(fork.stay) - DEEP and replica.counts.reorganisations == 0


def test_an_audit_waits_for_a_lagging_node(vault_node: AuditedVault, story: Played) -> None:
    fork = Fork(vault_node, story)
    fork.away()
    replica, proxy = vault_node.replica(), Faults(vault_node.url)
    replica.catch_up()
    block = replica.block
    proxy.lag(3)
    replica.source.client = RpcClient(proxy.url, tries=3, wait_secs=0.02)
    replica.catch_up()
    assert replica.block == block and replica.counts.reorganisations == 0
    proxy.close()


def test_follow_mode_survives_a_node_outage(
    vault_node: AuditedVault, story: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fork, proxy = Fork(vault_node, story), Faults(vault_node.url)
    last = fork.base + DEEP
    given = arguments(proxy.url, vault_node.vault, tmp_path / "kept.jsonl", "--follow", "--until-block", str(last))
    replica = vault_node.replica(proxy.url)
    replica.catch_up()
    proxy.on("*", cut, times=8)
    fork.away()
    assert AuditView(given, replica).watch() == 0
    proxy.close()
    output = capsys.readouterr()
    assert (
        "does not respond" in output.err
        and "trying again" in output.err
        and "a-secret-token" not in output.out + output.err
    )
    assert replica.block.number == last and "no difference" in output.out


IMPATIENT = """
import sys
from crossvault.__main__ import main
from crossvault.rpc.client import RpcClient
RpcClient.__init__.__defaults__ = (3, 0.01)
sys.exit(main(sys.argv[1:]))
"""


def test_access_tokens_never_reach_the_output(vault_node: AuditedVault, tmp_path: Path) -> None:
    """In a separate process, so that output of libraries counts too, with connections cut and refused."""
    proxy = Faults(vault_node.url)
    proxy.on("*", cut)
    for url in (proxy.url, f"http://127.0.0.1:{toolchain.free_port()}/v3/a-secret-token"):
        command = [sys.executable, "-c", IMPATIENT, *words(url, vault_node.vault, tmp_path / "kept.jsonl")]
        done = subprocess.run(command, capture_output=True, text=True, cwd=toolchain.clone(), check=False)
        assert done.returncode == 3 and "does not respond" in done.stderr
        assert "secret" not in done.stdout + done.stderr
    proxy.close()


def started(vault_node: AuditedVault, path: Path, *more: str) -> subprocess.Popen[str]:
    """An audit in follow mode in a separate process."""
    command = [sys.executable, "-m", "crossvault", *words(vault_node.url, vault_node.vault, path, "--follow", *more)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=toolchain.clone())


def wait_for(path: Path, lines: int) -> None:
    """Waits until a checkpoint has so many lines."""
    until = time.monotonic() + 60
    while not path.exists() or path.read_text().count("\n") < lines:
        assert time.monotonic() < until, f"{path} did not grow"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_an_interrupted_audit_resumes(vault_node: AuditedVault, story: Played, tmp_path: Path, how: int) -> None:
    fork, path = Fork(vault_node, story), tmp_path / "kept.jsonl"
    process = started(vault_node, path)
    wait_for(path, 10)
    fork.away()
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (4 if how == signal.SIGINT else -how), errors
    assert how == signal.SIGKILL or "the next start goes on there" in errors
    kept = path.read_text()
    path.write_text(kept + '{"block":[99,"0x')
    replica = vault_node.replica(checkpoint=Checkpoint(path))
    replica.catch_up()
    replica.compare_all()
    replica.close()
    fresh = vault_node.replica()
    fresh.catch_up()
    assert same(replica, fresh) and path.read_text().startswith(kept)
    assert 0 < replica.counts.resumed <= replica.counts.steps


def test_a_checkpoint_of_other_code_or_chain_is_refused(
    vault_node: AuditedVault, story: Played, tmp_path: Path
) -> None:
    path = tmp_path / "kept.jsonl"
    vault_node.mine(story.steps[:60])
    first = vault_node.replica(checkpoint=Checkpoint(path))
    first.catch_up()
    first.close()
    code = vault_node.node.rpc("eth_getCode", vault_node.vault, "latest")
    vault_node.node.rpc("anvil_setCode", vault_node.vault, code + "00")
    changed = vault_node.replica(checkpoint=Checkpoint(path))
    with pytest.raises(BadCheckpoint, match="was written for code of the vault"):
        changed.catch_up()
    changed.close()
    vault_node.node.rpc("anvil_setCode", vault_node.vault, code)
    vault_node.node.rpc("anvil_setChainId", 99)
    other = vault_node.replica(checkpoint=Checkpoint(path))
    with pytest.raises(BadCheckpoint, match="was written for chain 31337, but this is 99"):
        other.catch_up()
    other.close()


def test_a_state_change_without_a_log_is_a_difference(vault_node: AuditedVault, story: Played, tmp_path: Path) -> None:
    """A wei added to the insurance fund in storage is reported at the next block with vault logs, with its field."""
    groups = list(by_time(story.steps))
    for group in groups[:-4]:
        vault_node.mine(group)
    replica = vault_node.replica()
    replica.catch_up()
    slot = slot_of(vault_node, replica.model.vault.ledger.cash.insurance_wad)
    vault_node.node.rpc(
        "anvil_setStorageAt", vault_node.vault, hex(slot), f"0x{replica.model.vault.ledger.cash.insurance_wad + 1:064x}"
    )
    vault_node.node.rpc("evm_mine", groups[-4][0].at)
    replica.catch_up()
    touched = [vault_node.mine(group)[0] for group in groups[-3:]]  # one of them has logs of the vault
    with pytest.raises(BlockDiffers) as found:
        replica.catch_up()
    assert found.value.block.number in touched
    [difference] = [each for each in found.value.found if each.field.endswith("insurance_wad")][:1]
    assert difference.wei == 1


def test_another_table_of_facets_after_the_opening_is_a_difference(vault_node: AuditedVault, story: Played) -> None:
    """A vault that logs the event of a cut of EIP-2535 once it is open is none of ours."""
    groups = list(by_time(story.steps[:40]))
    for group in groups[:-1]:
        vault_node.mine(group)
    replica = vault_node.replica()
    replica.catch_up()
    topic = Interface(diamond_abi(vault_node.build), vault_node.bindings.codec).topic("DiamondCut")
    code = vault_node.node.rpc("eth_getCode", vault_node.vault, "latest")
    logs = f"0x7f{topic[2:]}5f5fa100"  # PUSH32 topic, PUSH0 PUSH0 LOG1 STOP
    vault_node.node.rpc("anvil_setCode", vault_node.vault, logs)
    vault_node.node.send(vault_node.names.address("carol"), vault_node.vault, "0x", GAS)
    vault_node.node.rpc("anvil_setCode", vault_node.vault, code)
    vault_node.mine(groups[-1])
    with pytest.raises(BlockDiffers) as found:
        replica.catch_up()
    assert found.value.found[0].field == "events" and "is not an event of a vault" in found.value.found[0].chain


def slot_of(vault_node: AuditedVault, value: int) -> int:
    """The storage slot that holds a unique value."""
    assert value
    found = [
        slot
        for slot in range(40)
        if int(vault_node.node.rpc("eth_getStorageAt", vault_node.vault, hex(slot), "latest"), 16) == value
    ]
    assert len(found) == 1, found
    return found[0]


def test_metrics_are_served(vault_node: AuditedVault, story: Played, tmp_path: Path) -> None:
    vault_node.mine(story.steps[:120])
    port = toolchain.free_port()
    last = int(vault_node.node.rpc("eth_blockNumber"), 16)
    served = ["--metrics", str(port), "--top", "2", "--follow", "--until-block", str(last)]
    given = arguments(vault_node.url, vault_node.vault, tmp_path / "kept.jsonl", *served)
    replica = vault_node.replica()
    assert AuditView(given, replica).watch() == 0
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        metrics = answer.read().decode()
    assert f"crossvault_last_block {float(replica.block.number)}" in metrics
    assert metrics.count("crossvault_account_equity{") == 2
