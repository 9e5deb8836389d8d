"""Settings files: a TOML file of options, which `--settings` reads and `tune` writes thresholds into."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click

from dedupe.cli.shared import SETTINGS, Option
from dedupe.errors import InputError
from dedupe.runtime.files import check_output, writing

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def _use(context: click.Context, option: click.Parameter, path: Path | None) -> None:
    if path is not None:
        context.meta[SETTINGS] = path
        context.default_map = _options(context, _values(_text(path), path), path)


settings = click.option(
    "--settings",
    cls=Option,
    type=click.Path(path_type=Path),
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_use,
    help="TOML file of options, such as window = '72h'; options on the command line override it.",
)


def _options(context: click.Context, values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The defaults for this command: the values at the top of the file, then those in the command's own table.

    At the top, options that only other commands have are skipped, so that one file can serve all commands; so they are in the
    table of a group, such as `[index]`. In the command's table, such as `[index.add]`, an option may also have the name that it
    has on the command line.
    """
    by_name = {str(parameter.name): parameter for parameter in context.command.params if parameter.name != "settings"}
    by_flag = {flag.lstrip("-").replace("-", "_"): option for option in by_name.values() for flag in option.opts}
    group: click.Command = context.find_root().command
    options: dict[str, Any] = {}
    for command in [*_path(context), ""]:
        commands = group.commands if isinstance(group, click.Group) else {}
        anywhere = {parameter.name for each in _all_commands(group) for parameter in each.params}
        tables = {key: value for key, value in values.items() if key in commands and isinstance(value, Mapping)}
        for name, value in values.items():
            key = name.replace("-", "_")
            parameter = by_name.get(key) or (None if command else by_flag.get(key))
            if name in tables or (parameter is None and command and name not in commands and key in anywhere):
                continue
            if parameter is None:
                raise InputError(f"settings {path}: {_unknown(name, value, context, commands, by_flag | by_name)}")
            options[str(parameter.name)] = _checked(value, parameter, f"settings {path}: {name}")
        values, group = tables.get(command, {}), commands.get(command, group)
    return options


def _path(context: click.Context) -> list[str]:
    """The names of the command, from the outermost group inwards."""
    names: list[str] = []
    place: click.Context | None = context
    while place is not None and place.parent is not None:
        names.insert(0, str(place.info_name))
        place = place.parent
    return names


def _all_commands(command: click.Command) -> Iterator[click.Command]:
    """A command and, of a group, those in it."""
    yield command
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        yield from _all_commands(each)


def _unknown(
    name: str, value: Any, context: click.Context, commands: Mapping[str, Any], known: Mapping[str, Any]
) -> str:
    """What is wrong with a key that is no option of the command."""
    if name in commands:
        return f"{name} = {reprlib.repr(value)} is not a table: put its options below [{name}]"
    close = difflib.get_close_matches(name.replace("-", "_"), known, 1)
    hint = f", did you mean {close[0]!r}?" if close else f": see {context.command_path} --help"
    return f"{' '.join(_path(context))} has no option {name!r}{hint}"


def _checked(value: Any, parameter: click.Parameter, place: str) -> Any:
    """Return the value for an option where it has one of the types that TOML can give it; else raise `InputError`."""
    import msgspec

    several = parameter.nargs == -1 or getattr(parameter, "multiple", False)
    items = value if several and isinstance(value, list) else [value]
    type_, what = _expected(parameter.type)
    try:
        checked = [msgspec.convert(item, type_) for item in items]
    except msgspec.ValidationError:
        checked = ["\0"]
    if any("\0" in item for item in checked if isinstance(item, str)):
        expected = f"{what}, or a list of them" if several else what
        raise InputError(f"{place} = {reprlib.repr(value)} cannot be used: give {expected}")
    return checked if several else checked[0]


def _expected(kind: click.ParamType[Any]) -> tuple[Any, str]:
    """The type of TOML for an option, and what it is in words; choices and ranges are checked where the value is used."""
    if isinstance(kind, click.types.BoolParamType):
        return bool, "true or false"
    if isinstance(kind, click.types.IntParamType):
        return int, "a whole number"
    if isinstance(kind, click.types.FloatParamType):
        return float, "a number"
    if isinstance(kind, click.types.FuncParamType):  # of time spans
        return str | float, "a text such as '72h', or a number of hours"
    return str, "a text without null characters"


def _commands(context: click.Context) -> Mapping[str, click.Command]:
    root = context.find_root().command
    return root.commands if isinstance(root, click.Group) else {}


def check_settings(path: str, inputs: Iterable[str]) -> None:
    """Raise where a threshold could not be written into `path`; `inputs` are never replaced. Call it before the work."""
    check_output(path, inputs, force=True)
    if Path(path).suffix != ".toml":
        raise InputError(f"{path} must end in .toml: name a settings file with -o")
    _document(Path(path))


def threshold_in(path: str, level: str) -> float | None:
    """Return the threshold of `level` in a settings file, None where it has none.

    The one at the top counts, else the first in a command's table. Raises `InputError` for a value that is no threshold.
    """
    import msgspec

    key = f"{level}_threshold"
    for place, table in _tables(_values(_text(Path(path), new=True), Path(path)), key):
        if key in table:
            try:
                return float(msgspec.convert(table[key], Annotated[float, msgspec.Meta(ge=0, le=1)]))
            except msgspec.ValidationError:
                problem = f"settings {path}{place}: {key} = {reprlib.repr(table[key])} is not a threshold"
                raise InputError(f"{problem}: give a number from 0 to 1") from None
    return None


def write_threshold(path: str, level: str, value: float) -> list[str]:
    """Set the threshold of `level` for all commands, and return a line for each change.

    It is also changed in each command's table that has it, since that would override the value. All else in the file stays,
    comments included.
    """
    document, key, lines = _document(Path(path)), f"{level}_threshold", []
    for place, table in _tables(document, key):
        before = table.get(key)
        table[key] = value
        change = f"{key} = {value:g}" if before in (None, value) else f"{key} = {before} -> {value:g}"
        lines.append(f"{path}{place}: {change}{', unchanged' * (before == value)}")
    with writing(path) as stream:
        stream.write(document.as_string())
    return lines


def _text(path: Path, *, new: bool = False) -> str:
    """The content of a settings file with its line ends; `new`: it may be missing."""
    try:
        return "" if new and not path.exists() else path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(f"settings {path} cannot be read ({error.strerror}): check the path") from None
    except UnicodeDecodeError as error:
        raise InputError(f"settings {path} is not valid TOML ({error}): correct the file") from None


def _values(text: str, path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # the latter for lists in lists in lists
        raise InputError(f"settings {path} is not valid TOML ({error}): correct the file") from None


def _document(path: Path) -> TOMLDocument:
    """The file with its comments and line ends, empty where it is missing."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    text = _text(path, new=True)
    _values(text, path)
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError) as error:
        raise InputError(f"settings {path} cannot be edited ({error}): simplify the file, or name another") from None


def _tables(document: MutableMapping[str, Any], key: str) -> Iterator[tuple[str, MutableMapping[str, Any]]]:
    """The top of the file, then each command's table that has the key, with its name for messages."""
    yield "", document
    for command in _commands(click.get_current_context()):
        table = document.get(command)
        if isinstance(table, MutableMapping) and key in table:
            yield f", [{command}]", table
