"""Writes what the documents repeat of the code: the settings in README.md and the commands in docs/cli.md.

Run it with `make docs`; a test fails when a document is behind the code.
"""

import re
from dataclasses import fields
from pathlib import Path

import click

from mnist_predict.cli.main import main
from mnist_predict.settings import Settings, variable

ROOT = Path(__file__).parent.parent


def readme(text: str) -> str:
    """README.md with the settings of the code."""
    rows = [
        f"| `{variable(field.name)}` | `{field.default}` | {field.metadata['help']} |".replace("| `` |", "| |")
        for field in fields(Settings)
    ]
    table = "\n".join(["| variable | default | |", "|---|---|---|", *rows])
    return re.sub(r"(?s)(<!-- settings -->\n).*(<!-- /settings -->)", lambda m: f"{m[1]}{table}\n{m[2]}", text)


def commands() -> str:
    """docs/cli.md: the help of every command."""
    parts = ["# Commands\n\nWritten by `make docs` from the code.\n"]

    def describe(command: click.Command, parent: click.Context | None, name: str) -> None:
        context = click.Context(command, parent, name, **command.context_settings, terminal_width=100)
        parts.append(f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n")
        if isinstance(command, click.Group):
            for below in command.list_commands(context):
                describe(command.commands[below], context, below)

    describe(main, None, "mnist-predict")
    return "\n".join(parts)


if __name__ == "__main__":
    (ROOT / "README.md").write_text(readme((ROOT / "README.md").read_text()))
    (ROOT / "docs/cli.md").write_text(commands())
