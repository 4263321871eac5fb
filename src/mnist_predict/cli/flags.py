"""Flags that several commands share."""

from collections.abc import Callable
from typing import Any

import click

from mnist_predict.settings import SETTINGS

Command = Callable[..., Any]


def setting(name: str) -> Callable[[Command], Command]:
    """The flag of a setting; not given it is None, and the environment or the default holds."""
    one = next(s for s in SETTINGS if s.name == name)
    kind = click.IntRange(0) if one.default.isdecimal() else str
    shown = f" [{one.variable}; default {one.default}]" if one.default else f" [{one.variable}]"
    return click.option(f"--{name.replace('_', '-')}", type=kind, default=None, help=one.help + shown)
