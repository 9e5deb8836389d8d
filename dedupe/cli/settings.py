"""Settings files: a TOML file of options, which `--settings` reads and `tune` writes thresholds into."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.shared import SETTINGS
from dedupe.errors import InputError
from dedupe.runtime.files import check_output, writing

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def _use(context: click.Context, option: click.Parameter, path: Path | None) -> None:
    if path is not None:
        context.meta[SETTINGS] = path
        context.default_map = _options(context, _document(path).unwrap(), path)


settings = click.option(
    "--settings",
    type=click.Path(path_type=Path),
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_use,
    help="TOML file of options, such as window = '72h'; options on the command line override it.",
)


def _options(context: click.Context, values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The defaults for this command: the values at the top of the file, then those in the command's own table.

    At the top, options that only other commands have are skipped, so that one file can serve all commands. In the command's
    table, an option may also have the name that it has on the command line.
    """
    command, commands = str(context.info_name), _commands(context)
    own = values.get(command, {})
    if not isinstance(own, Mapping):
        raise InputError(f"settings {path}: {command} = {own!r} is not a table: put its options below [{command}]")
    anywhere = {parameter.name for each in commands.values() for parameter in each.params}
    by_name = {str(parameter.name): parameter for parameter in context.command.params if parameter.name != "settings"}
    by_flag = {flag.lstrip("-").replace("-", "_"): option for option in by_name.values() for flag in option.opts}
    options = {}
    for name, value in ({key: values[key] for key in values if key not in commands} | dict(own)).items():
        key = name.replace("-", "_")
        parameter = by_name.get(key) or (by_flag.get(key) if name in own else None)
        if parameter is None and name not in own and key in anywhere:
            continue
        if parameter is None:
            close = difflib.get_close_matches(key, by_flag | by_name, 1)
            hint = f", did you mean {close[0]!r}?" if close else f": see {context.command_path} --help"
            raise InputError(f"settings {path}: {command} has no option {name!r}{hint}")
        several = parameter.nargs == -1 or getattr(parameter, "multiple", False)
        options[str(parameter.name)] = [value] if several and isinstance(value, str) else value
    return options


def _commands(context: click.Context) -> Mapping[str, click.Command]:
    root = context.find_root().command
    return root.commands if isinstance(root, click.Group) else {}


def check_settings(path: str, inputs: Iterable[str]) -> None:
    """Raise where a threshold could not be written into `path`; `inputs` are never replaced. Call it before the work."""
    check_output(path, inputs, force=True)
    if Path(path).suffix != ".toml":
        raise InputError(f"{path} must end in .toml: name a settings file with -o")
    _document(Path(path), new=True)


def threshold_in(path: str, level: str) -> float | None:
    """Return the threshold of `level` in a settings file, None where it has none.

    The one at the top counts, else the first in a command's table. Raises `InputError` for a value that is not a number.
    """
    key = f"{level}_threshold"
    for place, table in _tables(_document(Path(path), new=True).unwrap(), key):
        value = table.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        if value is not None:
            raise InputError(f"settings {path}{place}: {key} = {value!r} is not a threshold: give a number up to 1")
    return None


def write_threshold(path: str, level: str, value: float) -> list[str]:
    """Set the threshold of `level` for all commands, and return a line for each change.

    It is also changed in each command's table that has it, since that would override the value. All else in the file stays,
    comments included.
    """
    document, key, lines = _document(Path(path), new=True), f"{level}_threshold", []
    for place, table in _tables(document, key):
        before = table.get(key)
        table[key] = value
        change = f"{key} = {value:g}" if before in (None, value) else f"{key} = {before} -> {value:g}"
        lines.append(f"{path}{place}: {change}{', unchanged' * (before == value)}")
    with writing(path) as stream:
        stream.write(document.as_string())
    return lines


def _document(path: Path, *, new: bool = False) -> TOMLDocument:
    """The file with its comments and line ends; `new`: it may be missing."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse("" if new and not path.exists() else path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise InputError(f"settings {path} cannot be read ({error.strerror}): check the path") from None
    except (UnicodeDecodeError, TOMLKitError) as error:
        raise InputError(f"settings {path} is not valid TOML ({error}): correct the file") from None


def _tables(document: MutableMapping[str, Any], key: str) -> Iterator[tuple[str, MutableMapping[str, Any]]]:
    """The top of the file, then each command's table that has the key, with its name for messages."""
    yield "", document
    for command in _commands(click.get_current_context()):
        table = document.get(command)
        if isinstance(table, MutableMapping) and key in table:
            yield f", [{command}]", table
