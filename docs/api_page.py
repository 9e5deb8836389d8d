"""Make api.md, the reference of the public names, from their docstrings: `python docs/api_page.py`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent / "api.md"
MODULES = {
    "dedupe": "Group, compare, match, read and write.",
    "dedupe.evaluation": "Measure groups against labels, and choose thresholds.",
    "dedupe.training": "Make a model of your own labels.",
    "dedupe.distributed": "Group on a Ray cluster.",
}
HEAD = """# Python reference

All public names, with their docstrings. `python docs/api_page.py` writes this page; `make docs` builds the same as HTML. To learn
the library, start with [tables](table.md) or [the notebook](../examples/headlines.ipynb).
"""
_SECTION = re.compile(r"^(Args|Raises|Returns):$")
_ITEM = re.compile(r"^ {4}(\w+): ")
_WIDTH = 100  # of a signature on one line


def page() -> str:
    """Return the page as Markdown."""
    return (
        "\n".join([HEAD, *(line for module, what in MODULES.items() for line in _module(module, what))]).rstrip() + "\n"
    )


def _module(name: str, what: str) -> Iterator[str]:
    module = import_module(name)
    yield f"## {name}\n\n{what}\n"
    for public in module.__all__:
        value = getattr(module, public)
        yield f"### {name}.{public}\n"
        yield from _class(value) if inspect.isclass(value) else _function(public, value)


def _function(name: str, value: Any) -> Iterator[str]:
    if not callable(value):
        yield f"```text\n{value!r}\n```\n"
        return
    yield f"```text\n{_signature(name, value)}\n```\n"
    yield f"{_prose(value)}\n"


def _class(kind: type[Any]) -> Iterator[str]:
    yield f"{_prose(kind)}\n"
    if is_dataclass(kind):
        yield f"Fields: {', '.join(f'`{field.name}: {field.type}`' for field in fields(kind))}.\n"
    members = {
        name: value
        for owner in reversed(kind.__mro__)
        for name, value in vars(owner).items()
        if owner.__module__.startswith("dedupe")
    }
    for name, value in members.items():
        if name.startswith("_"):
            continue
        if isinstance(value, (property, cached_property)):
            yield f"- `{name}`: {_summary(value)}"
        elif inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod)):
            yield f"- `{_signature(name, getattr(kind, name), one_line=True)}`: {_summary(getattr(kind, name))}"
    yield ""


def _signature(name: str, value: Any, *, one_line: bool = False) -> str:
    """Return a call with annotations and defaults, on one line if it fits."""
    signature, parts = inspect.signature(value), list[str]()
    parameters = [parameter for parameter in signature.parameters.values() if parameter.name not in ("self", "cls")]
    for parameter in parameters:
        if parameter.kind == parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(_parameter(parameter))
        if parameter.kind == parameter.POSITIONAL_ONLY:
            parts.append("/")
    returned = "" if signature.return_annotation is signature.empty else f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(parts)}){returned}"
    if one_line or len(line) <= _WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){returned}"])


def _parameter(parameter: inspect.Parameter) -> str:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    annotation = "" if parameter.annotation is parameter.empty else f": {parameter.annotation}"
    if parameter.default is parameter.empty:
        return f"{stars}{parameter.name}{annotation}"
    return f"{parameter.name}{annotation} = {getattr(parameter.default, '__name__', repr(parameter.default))}"


def _summary(value: Any) -> str:
    return inspect.cleandoc(value.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _prose(value: Any) -> str:
    """Return a docstring with its sections as lists."""
    lines: list[str] = []
    inside = False
    for line in inspect.cleandoc(value.__doc__ or "").splitlines():
        if section := _SECTION.match(line):
            lines.append(f"{section[1]}:\n")
            inside = True
        elif inside and (item := _ITEM.match(line)):
            lines.append(f"- `{item[1]}`: {line[item.end() :]}")
        else:
            inside = inside and (line.startswith("    ") or not line)
            lines.append(f"  {line.strip()}" if inside and line else line)
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
