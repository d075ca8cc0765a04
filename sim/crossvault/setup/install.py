"""Installs the tools: the locked npm packages, and a solc in the folder where py-solc-x and ape look for it."""

import fcntl
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossvault.setup.notices import notice, timed
from crossvault.setup.toolchain import (
    NPM_FILES,
    SOLC,
    SOLC_WASM,
    ToolchainMissing,
    anvil,
    contracts_dir,
    dependencies,
    is_linked,
    is_set_up,
    is_stamped,
    native_solc,
    node,
    node_modules,
    npm_digest,
    output,
    package_version,
    setup_command,
    solc,
    solc_base,
    solc_key,
    stamp,
    state_dir,
    unwritable,
)

NODE_FLAGS = ("--stack-size=4000", "--wasm-tiering-budget=20000000")
_SYSTEM_ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")


def ensure() -> None:
    """Installs missing tools; several processes may call it at once. Raises ToolchainMissing."""
    if not is_set_up():
        install()


def install() -> None:
    """Installs the tools without a current stamp, one process at a time. Raises ToolchainMissing."""
    with _writable(), _locked("setup"):
        if not is_stamped("npm", npm_digest()):
            _install_npm()
        elif not is_linked():
            _link_sources()
            _link_anvil()
        if not is_stamped("solc", solc_key()):
            _install_solc()


def _report(message: str) -> None:
    notice(f"crossvault: {message}")


@contextmanager
def _writable() -> Iterator[None]:
    """Raises ToolchainMissing, with what to do, where the state folder cannot be written."""
    try:
        state_dir().mkdir(parents=True, exist_ok=True)
        yield
    except OSError as refused:
        raise ToolchainMissing(unwritable(refused)) from refused


@contextmanager
def _locked(name: str) -> Iterator[None]:
    with (state_dir() / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with timed("another process installs the tools", "another process installed the tools"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install_npm() -> None:
    """Runs `npm ci` in a new folder, which replaces the old one only when complete."""
    fresh = state_dir() / "npm.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in NPM_FILES:
        shutil.copyfile(contracts_dir() / name, fresh / name)
    packages = "the locked npm packages (Anvil, solc, OpenZeppelin, Solady)"
    with timed(f"installing {packages}", f"installed {packages}"):
        _npm_ci(fresh)
    stamp("npm").unlink(missing_ok=True)
    shutil.rmtree(state_dir() / "npm", ignore_errors=True)
    fresh.rename(state_dir() / "npm")
    _link_sources()
    _link_anvil()
    stamp("npm").write_text(npm_digest(), encoding="utf8")


def _npm_ci(folder: Path) -> None:
    import subprocess

    env = {**os.environ, "PATH": os.pathsep.join([str(node().parent), os.environ.get("PATH", "")])}
    if _SYSTEM_ROOTS.is_file():  # behind a private certificate authority; node has only its own roots
        env.setdefault("NODE_EXTRA_CA_CERTS", str(_SYSTEM_ROOTS))
    npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        output_text = done.stderr.strip()[-2000:]
        raise ToolchainMissing(
            f"the npm packages could not be installed:\n{output_text}\nwith a network, run: {setup_command()}"
        )


def _link_sources() -> None:
    shutil.rmtree(solc_base(), ignore_errors=True)
    for package, unit in dependencies().items():
        link = solc_base() / unit
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(node_modules() / package, link.parent))  # relative: a clone may be moved


def _link_anvil() -> None:
    """Links `anvil` into a folder of its own, which is on PATH."""
    link = state_dir() / "bin" / "anvil"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    try:
        found = anvil()
        is_ours = found.is_relative_to(state_dir())
        link.symlink_to(os.path.relpath(found, link.parent) if is_ours else found)
    except ToolchainMissing as missing:
        _report(str(missing))


def _install_solc() -> None:
    shutil.rmtree(solc().parent, ignore_errors=True)
    solc().parent.mkdir(parents=True)
    native = native_solc()
    if native:
        _report(f"solc {SOLC}: the native {native}")
        solc().symlink_to(native)
    else:
        write_wasm_solc(solc())
    stamp("solc").write_text(solc_key(), encoding="utf8")


def write_wasm_solc(target: Path) -> None:
    """Writes an executable that wraps the npm package as a native solc. Raises ToolchainMissing."""
    if package_version("solc") != SOLC:
        raise ToolchainMissing(f"the npm package solc {SOLC} is not installed; run: {setup_command()}")
    script, package = str(SOLC_WASM), str(node_modules() / "solc")
    reported = output([str(node()), script, package, "--version"])
    version = re.search(r"Version: (\S+)", reported)
    if version is None:
        raise ToolchainMissing(f"node cannot run the npm package solc; run: {setup_command()}")
    flags = [flag for flag in NODE_FLAGS if output([str(node()), flag, "-p", "1"]).strip() == "1"]
    command = shlex.join([str(node()), *flags, script, package])
    cache = shlex.quote(str(state_dir() / "wasm"))
    target.write_text(
        "#!/bin/sh\n"
        "# generated: the npm package solc in the place of a native one; --version starts no node\n"
        'if [ "$*" = "--version" ]; then\n'
        f"  printf 'solc, the solidity compiler commandline interface\\nVersion: {version[1]}\\n'\n"
        "  exit 0\n"
        "fi\n"
        f'SOLC_WASM_TRIM=1 SOLC_WASM_CACHE={cache} exec {command} "$@"\n',
        encoding="utf8",
    )
    target.chmod(0o755)
