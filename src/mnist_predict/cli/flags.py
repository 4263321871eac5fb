"""Flags that several commands share."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click

from mnist_predict.settings import Settings, variable

Command = Callable[..., Any]


def setting(name: str) -> Callable[[Command], Command]:
    """The flag of a setting; without it the value is None, and the environment or the default holds."""
    field = next(f for f in fields(Settings) if f.name == name)
    kind = str if field.type is str else click.IntRange(0, field.metadata["maximum"])
    default = "" if field.default == "" else f"; default {field.default}"
    shown = f"{field.metadata['help']} [{variable(name)}{default}]"
    return click.option(f"--{name.replace('_', '-')}", type=kind, default=None, help=shown)


def all_settings(command: Command) -> Command:
    """The flags of all settings."""
    for field in reversed(fields(Settings)):
        command = setting(field.name)(command)
    return command
