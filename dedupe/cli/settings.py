"""The option `--settings`: a TOML file of options for batch jobs."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from dedupe.cli.shared import SETTINGS
from dedupe.errors import InputError


def _use(context: click.Context, option: click.Parameter, path: Path | None) -> None:
    """Let the file's values stand where the command line says nothing."""
    if path is not None:
        context.meta[SETTINGS] = path
        context.default_map = _options(context, _loaded(path), path)


settings = click.option(
    "--settings",
    type=click.Path(path_type=Path),
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_use,
    help="TOML file of options, as window = '72h'; those given here go before it.",
)


def _loaded(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"settings {path} cannot be read ({error.strerror}): check the path") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"settings {path} are not TOML ({error}): correct the file") from None


def _options(context: click.Context, given: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The options of this command: those of the file, then those of its table for the command.

    What only other commands know is left to them, so that one file can serve all. In its own table, an option has the name
    that it has on the command line, too, where that is another.
    """
    commands = context.parent.command.commands if context.parent and hasattr(context.parent.command, "commands") else {}
    own = given.get(context.info_name or "", {})
    others = {str(parameter.name) for command in commands.values() for parameter in command.params}
    known = {parameter.name: parameter for parameter in context.command.params if parameter.name != "settings"}
    spelled = {word.lstrip("-").replace("-", "_"): one for one in known.values() for word in one.opts} | known
    found = {}
    shared = {name: value for name, value in given.items() if name not in commands}
    values = {n: v for n, v in shared.items() if n.replace("-", "_") in known or n.replace("-", "_") not in others}
    for name, value in (values | dict(own)).items():
        parameter = (spelled if name in own else known).get(name.replace("-", "_"))
        if parameter is None:
            close = difflib.get_close_matches(name.replace("-", "_"), [str(one) for one in spelled], 1)
            hint = f", did you mean {close[0]!r}?" if close else f": see {context.command_path} --help"
            raise InputError(f"settings {path}: {context.info_name} has no option {name!r}{hint}")
        several = parameter.nargs == -1 or getattr(parameter, "multiple", False)
        found[str(parameter.name)] = [value] if several and isinstance(value, str) else value
    return found
