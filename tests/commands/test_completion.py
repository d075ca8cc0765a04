"""Shell completion: a real shell completes commands, options, names that ship and files."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cli import start
from crossvault.commands.completion import script
from crossvault.commands.completion_arguments import SHELLS
from crossvault.commands.parser import command_parsers


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The script of every shell, in a folder with a file and another folder."""
    folder = tmp_path_factory.mktemp("completion")
    (folder / "mine.yaml").write_text("")
    (folder / "contracts").mkdir()
    for shell in SHELLS:
        (folder / shell).write_text(script(shell))
    return {shell: folder / shell for shell in SHELLS}


def by_bash(path: Path, *words: str) -> set[str]:
    """The completions that bash has for the last word of a command line."""
    line = " ".join(f"'{word}'" for word in words)
    program = f"""
        source {path}
        COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; COMP_LINE="{" ".join(words)}"; COMP_POINT=${{#COMP_LINE}}
        function=$(complete -p crossvault | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        "$function" crossvault "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", program], cwd=path.parent, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return {line.strip() for line in done.stdout.splitlines()} - {""}


def by_fish(path: Path, *words: str) -> set[str]:
    """The completions that fish has."""
    program = f"source {path}; complete --do-complete '{' '.join(words)}'"
    done = subprocess.run(["fish", "-c", program], cwd=path.parent, capture_output=True, text=True, check=True)
    return {line.partition("\t")[0] for line in done.stdout.splitlines()}


LINES = (
    (("crossvault", "ru"), {"run"}, {"replay"}),
    (("crossvault", "run", "--con"), {"--contracts"}, {"--json"}),
    (("crossvault", "run", "qui"), {"quickstart"}, {"black-thursday"}),
    (("crossvault", "run", "mi"), {"mine.yaml"}, {"quickstart"}),
    (("crossvault", "margin", "del"), {"delta-neutral"}, {"strangle"}),
    (("crossvault", "completion", "f"), {"fish"}, {"bash"}),
)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(("words", "wanted", "other"), LINES, ids=lambda each: " ".join(each))
def test_bash_completes(scripts: dict[str, Path], words: tuple[str, ...], wanted: set[str], other: set[str]) -> None:
    found = by_bash(scripts["bash"], *words)
    assert wanted <= found and not other & found, found


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes_every_command(scripts: dict[str, Path]) -> None:
    assert set(command_parsers()) <= by_bash(scripts["bash"], "crossvault", "")
    assert by_bash(scripts["bash"], "crossvault", "run", "--contracts", "c") == {"contracts"}


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")
@pytest.mark.parametrize(("words", "wanted", "other"), LINES, ids=lambda each: " ".join(each))
def test_fish_completes(scripts: dict[str, Path], words: tuple[str, ...], wanted: set[str], other: set[str]) -> None:
    found = by_fish(scripts["fish"], *words)
    assert wanted <= found and not other & found, found


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
@pytest.mark.parametrize(("line", "completed"), [("crossvault sche", "schema"), ("crossvault run qui", "quickstart")])
def test_zsh_completes(scripts: dict[str, Path], line: str, completed: str) -> None:
    """A zsh in a terminal of its own, in which a tab is pressed."""
    program = f"""
        zmodload zsh/zpty
        zpty -b inner zsh -f -i
        zpty -w inner "PS1=; autoload -Uz compinit; compinit -D -u; eval \\"\\$(cat {scripts["zsh"]})\\"; print rea''dy"
        zpty -r inner out "*ready*"
        zpty -w -n inner $'{line}\t'
        sleep 1.5
        zpty -w -n inner $'\\C-u\\C-d'
        while zpty -r inner part; do print -r -- $part; done
    """
    done = subprocess.run(["zsh", "-f", "-c", program], cwd=scripts["zsh"].parent, capture_output=True, timeout=30)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stdout.decode(errors="replace"))
    assert f"{line.rpartition(' ')[0]} {completed}" in shown


def test_the_command_prints_the_script_and_knows_its_shells() -> None:
    assert "complete " in start("completion", "bash").stdout
    unknown = start("completion", "tcsh")
    assert unknown.returncode == 2 and "SHELL" in unknown.stderr
