"""Environment of every process that needs the tools: the folder of solc, Anvil on PATH, a port for ape's node.

In a clone each Python of `.venv` calls `prepare` as it starts, so it must be cheap and import almost nothing.
"""

import os
import sys
from collections.abc import Mapping

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def prepare() -> None:
    """Sets the environment variables of the clone's tools, except those already set."""
    state = os.path.join(os.path.dirname(sys.prefix), ".toolchain")
    os.environ.setdefault("SOLCX_BINARY_PATH", os.path.join(state, "solc"))
    have = os.environ.get("PATH", "").split(os.pathsep)
    wanted = [os.path.join(sys.prefix, "bin"), os.path.join(state, "bin")]
    os.environ["PATH"] = os.pathsep.join([folder for folder in wanted if folder not in have] + have)
    os.environ.update(direct_to_loopback(os.environ))
    if any(os.path.basename(word) == "ape" for word in sys.orig_argv[:4]):
        prepare_ape()


def direct_to_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which no proxy stands between the processes of this machine."""
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    hosts = [host for host in (each.strip() for each in spared.split(",")) if host]
    if "*" in hosts:
        return dict(environment)
    text = ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])
    return {**environment, "no_proxy": text, "NO_PROXY": text}


def prepare_ape() -> None:
    """Chooses a port for the node that ape starts, because ape's choice may collide with an outgoing connection."""
    if "APE_FOUNDRY_HOST" not in os.environ:
        from crossvault.setup.toolchain import free_port

        os.environ["APE_FOUNDRY_HOST"] = f"http://127.0.0.1:{free_port()}"
