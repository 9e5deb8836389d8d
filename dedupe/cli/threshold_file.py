"""A threshold in a settings file: only its value changes, all else stays as it is written, comments included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe.errors import InputError
from dedupe.runtime.files import check_output, writing

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def check_settings(path: str, read: Iterable[str]) -> None:
    """Raise where a threshold could not be written into `path` later: call it before the work.

    The file may exist, and then must be settings. `read` names the inputs.
    """
    if path == "-":
        raise InputError("the threshold goes into a settings file: name one by -o")
    check_output(path, read, force=True)
    if Path(path).suffix != ".toml":
        raise InputError(f"{path} must end in .toml: name a settings file by -o")
    _document(Path(path))


def threshold_in(path: str, commands: Iterable[str], level: str) -> float | None:
    """Return the threshold of `level` in a settings file, None where it has none.

    That for all commands, else that of the first of `commands` whose table has one. Raises `InputError` for what is no number.
    """
    key = _key(level)
    for where, table in _places(_document(Path(path)), commands, key):
        value = table.get(key)
        if value is None:
            continue
        try:
            return float("no number" if isinstance(value, bool) else value)
        except (TypeError, ValueError):
            raise InputError(
                f"settings {path}{where}: {key} = {value!r} is no threshold: give a number up to 1"
            ) from None
    return None


def write_threshold(path: str, commands: Iterable[str], level: str, value: float) -> list[str]:
    """Set the threshold of `level`, for all commands, and return what was done, a line for each place.

    Where the table of one of `commands` sets it as well, that is changed, too: it would go before.
    """
    document, key = _document(Path(path)), _key(level)
    said = []
    for where, table in _places(document, commands, key):
        before = table.get(key)
        table[key] = value
        change = f"{key} = {value:g}" if before in (None, value) else f"{key} = {before} -> {value:g}"
        said.append(f"{path}{where}: {change}{', as it was' * (before == value)}")
    with writing(path) as stream:
        stream.write(document.as_string())
    return said


def _key(level: str) -> str:
    return f"{level}_threshold"


def _document(path: Path) -> TOMLDocument:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        text = path.read_bytes().decode("utf-8") if path.exists() else ""  # line ends as they are
        return tomlkit.parse(text)
    except OSError as error:
        raise InputError(f"settings {path} cannot be read ({error.strerror}): check the path") from None
    except (UnicodeDecodeError, TOMLKitError) as error:
        raise InputError(f"settings {path} are not TOML ({error}): correct the file, or name another by -o") from None


def _places(
    document: TOMLDocument, commands: Iterable[str], key: str
) -> Iterator[tuple[str, MutableMapping[str, Any]]]:
    yield "", document
    for command in commands:
        table = document.get(command)
        if isinstance(table, MutableMapping) and key in table:
            yield f", [{command}]", table
