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
    """Make the file's values the defaults of the command."""
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
    """The options of this command: those of the whole file, then those of the command's own table.

    Options that only other commands have are skipped, so one file can serve all commands. In its own table, an option may
    also have the name that it has on the command line.
    """
    command, others = str(context.info_name), _commands(context)
    own = values.get(command, {})
    foreign = {str(parameter.name) for other in others.values() for parameter in other.params}
    known = {str(parameter.name): parameter for parameter in context.command.params if parameter.name != "settings"}
    spelled = {word.lstrip("-").replace("-", "_"): option for option in known.values() for word in option.opts} | known
    shared = {name: value for name, value in values.items() if name not in others}
    options = {}
    for name, value in (shared | dict(own)).items():
        key = name.replace("-", "_")
        parameter = (spelled if name in own else known).get(key)
        if parameter is None:
            if name not in own and key in foreign:
                continue
            close = difflib.get_close_matches(key, list(spelled), 1)
            hint = f", did you mean {close[0]!r}?" if close else f": see {context.command_path} --help"
            raise InputError(f"settings {path}: {command} has no option {name!r}{hint}")
        several = parameter.nargs == -1 or getattr(parameter, "multiple", False)
        options[str(parameter.name)] = [value] if several and isinstance(value, str) else value
    return options


def _commands(context: click.Context) -> Mapping[str, click.Command]:
    root = context.find_root().command
    return root.commands if isinstance(root, click.Group) else {}


def check_settings(path: str, inputs: Iterable[str]) -> None:
    """Raise where a threshold could not be written into `path`; call it before the work.

    An existing file must hold settings. `inputs` are never written over.
    """
    check_output(path, inputs, force=True)
    if Path(path).suffix != ".toml":
        raise InputError(f"{path} must end in .toml: name a settings file by -o")
    _document(Path(path), new=True)


def threshold_in(path: str, level: str) -> float | None:
    """Return the threshold of `level` in a settings file, None where it has none.

    The one for all commands comes first, then that of the first command whose table has one. Raises `InputError` for a
    value that is not a number.
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

    Where a command's own table sets it as well, it is changed too, since it would override the value. Everything else in the
    file stays, comments included.
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
    """The file as it is, with its line ends; `new`: it may be missing."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse("" if new and not path.exists() else path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise InputError(f"settings {path} cannot be read ({error.strerror}): check the path") from None
    except (UnicodeDecodeError, TOMLKitError) as error:
        raise InputError(f"settings {path} are not TOML ({error}): correct the file") from None


def _tables(document: MutableMapping[str, Any], key: str) -> Iterator[tuple[str, MutableMapping[str, Any]]]:
    """The whole file, then each command's table that has the key, with its name for messages."""
    yield "", document
    for command in _commands(click.get_current_context()):
        table = document.get(command)
        if isinstance(table, MutableMapping) and key in table:
            yield f", [{command}]", table
