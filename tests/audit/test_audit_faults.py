"""An audit of a chain that changes its mind, of a node that goes away, and after a kill."""

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

from audits import Played, Town, arguments, by_time, played, words
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.audit.checkpoint import BadCheckpoint, Checkpoint
from crossvault.audit.replica import Replica
from crossvault.commands.audit import AuditView
from crossvault.rpc.client import RpcClient
from crossvault.setup import toolchain
from faults import Faults, Talk, cut

DEEP = 5


@pytest.fixture(scope="module")
def story() -> Played:
    return played("steps", 4, 250)


@pytest.fixture
def town(story: Played) -> Iterator[Town]:
    found = Town(story.world)
    yield found
    found.close()


class Fork:
    """A town at a place from which it goes on in two ways: blocks that will be gone, and more blocks that stay."""

    def __init__(self, town: Town, story: Played) -> None:
        self.town = town
        groups = list(by_time(story.steps))
        self.common, rest = groups[:-16], groups[-16:]
        self.gone = rest[:DEEP]
        self.stay = [[replace(step, at=step.at + 1) for step in group] for group in rest[1:]]  # the first is left out
        for group in self.common:
            town.mine(group)
        self.base = town.head()
        self._mark = town.node.rpc("evm_snapshot")

    def away(self) -> None:
        """Mines the blocks that will be gone."""
        for group in self.gone:
            self.town.mine(group)

    def back(self, *_: object) -> None:
        """Has the chain go another way, and further."""
        assert self.town.node.rpc("evm_revert", self._mark)
        for group in self.stay:
            self.town.mine(group)


def same(mine: Replica, other: Replica) -> bool:
    """Whether two audits came to the same."""
    accounts = list({*mine.tally.accounts, *other.tally.accounts})
    one, two = mine.model, other.model
    return (
        mine.block == other.block
        and mine.tally.steps == other.tally.steps
        and one.snapshot(accounts) == two.snapshot(accounts)
        and one.vault.parameters() == two.vault.parameters()
        and one.vault.curves() == two.vault.curves()
    )


@pytest.mark.parametrize("remembered", [512, 2], ids=["by memory", "from the beginning"])
def test_a_reorganisation_of_five_blocks_is_followed(
    town: Town, story: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr("crossvault.audit.replica.REMEMBERED", remembered)
    fork, path = Fork(town, story), tmp_path / "kept.jsonl"
    replica = town.replica(checkpoint=Checkpoint(path))
    fork.away()
    replica.catch_up()
    steps, tip = replica.tally.steps, replica.block
    assert tip.number == fork.base + DEEP
    fork.back()
    replica.catch_up()
    replica.compare_all()
    fresh = town.replica()
    fresh.catch_up()
    assert replica.block.number == fork.base + len(fork.stay) and same(replica, fresh)
    assert (replica.tally.reorganisations, replica.tally.deepest >= DEEP) == (1, True) and steps
    replica.close()
    again = town.replica(checkpoint=Checkpoint(path))
    again.catch_up()
    again.close()
    assert same(again, fresh) and again.tally.resumed == again.tally.steps


def test_a_block_that_goes_while_it_is_compared_is_no_difference(town: Town, story: Played) -> None:
    """The chain changes between the logs of the last blocks and the questions about their state."""
    fork = Fork(town, story)
    replica = town.replica()
    replica.catch_up()
    fork.away()
    proxy = Faults(town.url)

    def turn(talk: Talk) -> bool:
        fork.back()
        return False

    proxy.on("eth_call", turn, times=1)
    replica.source.wire = RpcClient(proxy.url, tries=3, wait_secs=0.02)
    replica.catch_up()
    proxy.close()
    replica.compare_all()
    fresh = town.replica()
    fresh.catch_up()
    replica.catch_up()
    assert proxy.seen["eth_call"] > 1 and same(replica, fresh)


def test_a_difference_in_a_block_that_is_gone_is_none(town: Town, story: Played) -> None:
    """The chain changes while it answers, and what it answers is wrong: nobody will ever see that block again."""
    fork = Fork(town, story)
    replica = town.replica()
    replica.catch_up()
    fork.away()
    proxy = Faults(town.url)

    def lie(talk: Talk) -> bool:
        told = json.loads(talk.forward())
        for each in [told] if talk.single else told:
            each["result"] = each["result"][:-1] + ("1" if each["result"][-1] == "0" else "0")
        fork.back()
        talk.answer(json.dumps(told).encode())
        return True

    proxy.on("eth_call", lie, times=1)
    replica.source.wire = RpcClient(proxy.url, tries=3, wait_secs=0.02)
    replica.catch_up()
    replica.catch_up()
    proxy.close()
    fresh = town.replica()
    fresh.catch_up()
    assert same(replica, fresh)


def test_a_wrong_answer_about_a_block_that_stays_is_a_difference(town: Town, story: Played) -> None:
    """So the test above would fail if the block were not asked for again."""
    town.mine(story.steps[:120])
    proxy = Faults(town.url)

    def lie(talk: Talk) -> bool:
        told = json.loads(talk.forward())
        for each in [told] if talk.single else told:
            each["result"] = each["result"][:-1] + ("1" if each["result"][-1] == "0" else "0")
        talk.answer(json.dumps(told).encode())
        return True

    replica = town.replica()
    replica.catch_up(town.head() - 1)
    proxy.on("eth_call", lie, times=1)
    replica.source.wire = RpcClient(proxy.url, tries=3, wait_secs=0.02)
    with pytest.raises(BlockDiffers):
        replica.catch_up()
    proxy.close()


def test_confirmations_keep_behind_the_head(town: Town, story: Played) -> None:
    fork = Fork(town, story)
    replica = town.replica(confirmations=DEEP)
    fork.away()
    replica.catch_up()
    assert replica.block.number == fork.base
    fork.back()
    replica.catch_up()
    assert replica.block.number == fork.base + len(fork.stay) - DEEP and replica.tally.reorganisations == 0


def test_a_node_that_is_behind_is_waited_for(town: Town, story: Played) -> None:
    fork = Fork(town, story)
    fork.away()
    replica, proxy = town.replica(), Faults(town.url)
    replica.catch_up()
    block = replica.block
    proxy.lag(3)
    replica.source.wire = RpcClient(proxy.url, tries=3, wait_secs=0.02)
    replica.catch_up()
    assert replica.block == block and replica.tally.reorganisations == 0
    proxy.close()


def test_who_follows_survives_a_node_that_goes_away(
    town: Town, story: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fork, proxy = Fork(town, story), Faults(town.url)
    last = fork.base + DEEP
    given = arguments(proxy.url, town.vault, tmp_path / "kept.jsonl", "--follow", "--until-block", str(last))
    replica = town.replica(proxy.url)
    replica.catch_up()
    proxy.on("*", cut, times=8)
    fork.away()
    assert AuditView(given, replica).watch() == 0
    proxy.close()
    said = capsys.readouterr()
    assert "does not respond" in said.err and "trying again" in said.err and "a-secret-token" not in said.out + said.err
    assert replica.block.number == last and "no difference" in said.out


IMPATIENT = """
import sys
from crossvault.__main__ import main
from crossvault.rpc.client import RpcClient
RpcClient.__init__.__defaults__ = (3, 0.01)
sys.exit(main(sys.argv[1:]))
"""


def test_no_token_is_told_to_anybody(town: Town, tmp_path: Path) -> None:
    """In a process of its own, whose libraries write where they like: connections cut, and refused."""
    proxy = Faults(town.url)
    proxy.on("*", cut)
    for url in (proxy.url, f"http://127.0.0.1:{toolchain.free_port()}/v3/a-secret-token"):
        command = [sys.executable, "-c", IMPATIENT, *words(url, town.vault, tmp_path / "kept.jsonl")]
        done = subprocess.run(command, capture_output=True, text=True, cwd=toolchain.clone(), check=False)
        assert done.returncode == 3 and "does not respond" in done.stderr
        assert "secret" not in done.stdout + done.stderr
    proxy.close()


def started(town: Town, path: Path, *more: str) -> subprocess.Popen[str]:
    """An audit that follows, in a process of its own."""
    command = [sys.executable, "-m", "crossvault", *words(town.url, town.vault, path, "--follow", *more)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=toolchain.clone())


def wait_for(path: Path, lines: int) -> None:
    """Waits until a checkpoint has so many lines."""
    until = time.monotonic() + 60
    while not path.exists() or path.read_text().count("\n") < lines:
        assert time.monotonic() < until, f"{path} did not grow"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_an_audit_that_is_ended_goes_on_where_it_was(town: Town, story: Played, tmp_path: Path, how: int) -> None:
    fork, path = Fork(town, story), tmp_path / "kept.jsonl"
    process = started(town, path)
    wait_for(path, 10)
    fork.away()
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (4 if how == signal.SIGINT else -how), said
    assert how == signal.SIGKILL or "the next start goes on there" in said
    kept = path.read_text()
    path.write_text(kept + '{"block":[99,"0x')
    replica = town.replica(checkpoint=Checkpoint(path))
    replica.catch_up()
    replica.compare_all()
    replica.close()
    fresh = town.replica()
    fresh.catch_up()
    assert same(replica, fresh) and path.read_text().startswith(kept)
    assert 0 < replica.tally.resumed <= replica.tally.steps


def test_other_code_or_another_chain_ends_what_a_checkpoint_began(town: Town, story: Played, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    town.mine(story.steps[:60])
    first = town.replica(checkpoint=Checkpoint(path))
    first.catch_up()
    first.close()
    code = town.node.rpc("eth_getCode", town.vault, "latest")
    town.node.rpc("anvil_setCode", town.vault, code + "00")
    changed = town.replica(checkpoint=Checkpoint(path))
    with pytest.raises(BadCheckpoint, match="another code of the vault"):
        changed.catch_up()
    changed.close()
    town.node.rpc("anvil_setCode", town.vault, code)
    town.node.rpc("anvil_setChainId", 99)
    other = town.replica(checkpoint=Checkpoint(path))
    with pytest.raises(BadCheckpoint, match="another chain: 31337, not 99"):
        other.catch_up()
    other.close()


def test_state_that_no_log_tells_of_is_a_difference(town: Town, story: Played, tmp_path: Path) -> None:
    """A wei of insurance appears from nowhere: found at the next block that touches the vault, with its field."""
    groups = list(by_time(story.steps))
    for group in groups[:-4]:
        town.mine(group)
    replica = town.replica()
    replica.catch_up()
    slot = slot_of(town, replica.model.vault.ledger.cash.insurance_wad)
    town.node.rpc(
        "anvil_setStorageAt", town.vault, hex(slot), f"0x{replica.model.vault.ledger.cash.insurance_wad + 1:064x}"
    )
    town.node.rpc("evm_mine", groups[-4][0].at)
    replica.catch_up()
    touched = town.mine(groups[-3])[0]
    with pytest.raises(BlockDiffers) as found:
        replica.catch_up()
    assert found.value.block.number == touched
    [difference] = [each for each in found.value.found if each.field == "globals.insurance_wad"]
    assert difference.wei == 1


def slot_of(town: Town, value: int) -> int:
    """The slot that holds a number that nothing else is."""
    assert value
    found = [
        slot
        for slot in range(40)
        if int(town.node.rpc("eth_getStorageAt", town.vault, hex(slot), "latest"), 16) == value
    ]
    assert len(found) == 1, found
    return found[0]


def test_metrics_are_served(town: Town, story: Played, tmp_path: Path) -> None:
    town.mine(story.steps[:120])
    port = toolchain.free_port()
    given = arguments(town.url, town.vault, tmp_path / "kept.jsonl", "--metrics", str(port), "--top", "2")
    replica = town.replica()
    assert AuditView(given, replica).watch() == 0
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        told = answer.read().decode()
    assert f"crossvault_last_block {float(replica.block.number)}" in told
    assert told.count("crossvault_account_equity{") == 2
