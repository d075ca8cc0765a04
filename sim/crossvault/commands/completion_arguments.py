"""The arguments of `crossvault completion`."""

from __future__ import annotations

from crossvault.commands.argument_kinds import Commands

SHELLS = ("bash", "zsh", "fish")


def declare(commands: Commands) -> None:
    """Declares the command."""
    parser = commands.add_parser("completion", help="the script with which a shell completes command lines")
    parser.set_defaults(module="completion")
    parser.description = (
        "Prints a script for a shell: of commands, options, names that ship, and files.\n\n"
        '  bash   eval "$(crossvault completion bash)" in ~/.bashrc\n'
        '  zsh    eval "$(crossvault completion zsh)" in ~/.zshrc, after compinit\n'
        "  fish   crossvault completion fish > ~/.config/fish/completions/crossvault.fish"
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")
