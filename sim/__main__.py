"""The command line. Everything that costs time to import is imported by the command that needs it."""

import argparse
import sys
from collections.abc import Sequence

DONE, USAGE, MISSING, INTERRUPTED = 0, 2, 3, 4


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except KeyboardInterrupt:
        print("crossvault: interrupted", file=sys.stderr)
        return INTERRUPTED


def _run(words: Sequence[str]) -> int:
    from sim.toolchain import ToolchainMissing

    try:
        if words[:1] == ["test"]:  # pytest's arguments are its own, options included
            return _test(words[1:])
        command = _parser().parse_args(words).command
        return _doctor() if command == "doctor" else _setup()
    except ToolchainMissing as missing:
        print(f"crossvault: {missing}", file=sys.stderr)
        return MISSING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="crossvault", description="A margin vault beside its exact mirror.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="install everything that is missing")
    commands.add_parser("doctor", help="what is there, what is missing, and what mends it")
    commands.add_parser("test", help="run the tests; takes pytest's arguments", add_help=False)
    return parser


def _setup() -> int:
    from sim.toolchain import ensure

    ensure()
    print("crossvault: ready", file=sys.stderr)
    return DONE


def _doctor() -> int:
    from sim.doctor import doctor

    findings = doctor()
    for finding in findings:
        print(f"{'ok     ' if finding.ok else 'MISSING'}  {finding.what:<16} {finding.detail}")
        if not finding.ok:
            print(f"         {'':<16} mend: {finding.mend}")
    return DONE if all(finding.ok for finding in findings) else MISSING


def _test(words: Sequence[str]) -> int:
    import os
    import subprocess

    from sim.toolchain import ToolchainMissing, clone, ensure

    root = clone()
    if root is None:
        raise ToolchainMissing(
            "the tests are not in the package; in a clone of the repository: ./crossvault test"
        )
    ensure()
    command = [sys.executable, "-m", "pytest", *words]
    return subprocess.run(command, cwd=root, env=dict(os.environ), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
