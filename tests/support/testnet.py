"""An Anvil in place of a testnet: another chain id, blocks at intervals or with each transaction, real fees."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crossvault.evm.compiler import EVM_VERSION
from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import KeySigner
from crossvault.setup import toolchain
from crossvault.setup.watcher import Watcher

SEPOLIA = 11_155_111
RICH = 10**20


def key(name: str) -> bytes:
    """The key of a test account, derived from its name."""
    return name.encode().rjust(32, b"\1")


@contextmanager
def stand_in(chain_id: int = SEPOLIA, block_secs: int | None = None, *options: str) -> Iterator[RpcClient]:
    """A running node; without an interval each transaction is mined at once. No account has a balance: see `funded`."""
    port = toolchain.free_port()
    command = [str(toolchain.anvil()), "--accounts", "1", "--port", str(port), "--silent", "--hardfork", EVM_VERSION]
    command += ["--chain-id", str(chain_id), *(["--block-time", str(block_secs)] if block_secs else []), *options]
    watcher = Watcher()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    watcher.watch(process)
    try:
        RpcClient(f"http://127.0.0.1:{port}", tries=12, wait_secs=0.02).rpc("eth_chainId")
        yield RpcClient(f"http://127.0.0.1:{port}", tries=4, wait_secs=0.05)
    finally:
        watcher.close()
        process.kill()
        process.wait()


def funded(client: RpcClient, name: str) -> KeySigner:
    """A test account that can pay for gas."""
    signer = KeySigner(key(name))
    client.rpc("anvil_setBalance", signer.address, hex(RICH))
    return signer


@contextmanager
def mining(client: RpcClient, every_secs: float = 0.05) -> Iterator[None]:
    """Mines blocks inside the context, faster than the clock: timestamps are one second apart."""
    over = threading.Event()

    def mine() -> None:
        while not over.wait(every_secs):
            client.rpc("evm_mine")

    client.rpc("evm_setAutomine", False)
    thread = threading.Thread(target=mine)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        client.rpc("evm_setAutomine", True)
