"""The command line. Everything that costs time to import is imported by the command that needs it."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from crossvault import __version__
from crossvault.commands.failure import reported
from crossvault.commands.interrupts import Interrupts, interruptible
from crossvault.commands.parser import parse
from crossvault.commands.streams import output_streams
from crossvault.differential.ending import DONE, MISSING, exit_code
from crossvault.setup.notices import Verbosity, choose, detail, notice


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    with output_streams() as streams, interruptible():
        return streams.exit_code(_ended(words))


def _ended(words: Sequence[str]) -> int:
    """The exit code of a command, however it ends."""
    try:
        return _run(words)
    except SystemExit as help_shown:  # argparse has printed help or the version
        return help_shown.code if isinstance(help_shown.code, int) else DONE
    except (Exception, KeyboardInterrupt) as error:
        # a signal may come out of a library as an error of any kind
        ending = KeyboardInterrupt() if Interrupts.came and exit_code(error) is None else error
        return reported(ending, as_json="--json" in words and words[:1] != ["test"])


def _run(words: Sequence[str]) -> int:
    if words[:1] == ["test"]:  # pytest's arguments are its own, options included
        return _test(words[1:]) if "--watch" not in words else _watch(words)
    arguments = parse(words, with_settings=True)
    choose(getattr(arguments, "verbosity", Verbosity.NORMAL))
    detail(f"crossvault {__version__}, Python {sys.version.split()[0]} at {sys.executable}")
    if getattr(arguments, "watch", False):
        return _watch(words, arguments)
    if arguments.command == "setup":
        return _setup()
    if arguments.command == "test":
        return _test([])
    if arguments.command == "doctor":
        return _doctor(arguments.json)
    return _play(arguments)


def _watch(words: Sequence[str], arguments: Namespace | None = None) -> int:
    """A command again at each change; without arguments the tests."""
    from crossvault.commands.watch import watch, watched, watched_by_tests

    return watch(words, watched(arguments) if arguments else watched_by_tests())


def _play(arguments: Namespace) -> int:
    from importlib import import_module

    module = import_module(f"crossvault.commands.{arguments.module}")
    code: int = getattr(module, arguments.command)(arguments)
    return code


def _setup() -> int:
    from crossvault.evm.compiler import compile_contracts
    from crossvault.setup.install import ensure

    ensure()
    compile_contracts()  # the next command need not wait for it
    notice("crossvault: ready")
    return DONE


def _doctor(as_json: bool) -> int:
    from crossvault.commands.doctor import doctor, document

    findings = doctor()
    if as_json:
        print(document(findings))
    for finding in () if as_json else findings:
        print(f"{'ok     ' if finding.ok else 'MISSING'}  {finding.what:<16} {finding.detail}")
        if not finding.ok:
            print(f"         {'':<16} mend: {finding.mend}")
    return DONE if all(finding.ok for finding in findings) else MISSING


def processors(words: Sequence[str]) -> list[str]:
    """Arguments of pytest for all processors: for the whole suite and its fast part."""
    is_whole = set(words) <= {"-m", "slow", "not slow", "-q", "-v", "-x"}
    return ["-n", "auto", "--dist", "loadgroup", "--no-loadscope-reorder"] if is_whole else []


def _test(words: Sequence[str]) -> int:
    import os

    from crossvault.evm.compiler import compile_contracts
    from crossvault.setup.toolchain import ToolchainMissing, clone

    root = clone()
    if root is None:
        raise ToolchainMissing("the tests are not in the package; in a clone of the repository: ./crossvault test")
    compile_contracts()  # once, with its progress, before processes of tests wait for it
    command = [sys.executable, "-m", "crossvault.commands.pytest_run", *processors(words), *words]
    os.chdir(root)
    os.execv(sys.executable, command)  # a signal to this process is one to pytest


if __name__ == "__main__":
    sys.exit(main())
