"""The page itself: a template with style sheets and scripts inlined, so that it loads nothing.

The scripts are ES modules, which a page opened from disk cannot load. So they are put one after another, each in a scope of
its own.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

import jinja2
from markupsafe import Markup

from dedupe.errors import InputError
from dedupe.report.data import page_data
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.files import writing

STYLES = ("page.css", "stories.css", "pictures.css")
SCRIPTS = tuple(
    "payload format groups reasons state elements lasting search titles verdicts story list card misses check charts timeline "
    "firsts figures controls main".split()
)
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:const|function) (\w+))", re.MULTILINE)


def write_report(
    result: Deduplication,
    path: str,
    *,
    title: str = "Headlines",
    unread: Sequence[str] = (),
    max_rows: int = 50_000,
    max_pairs: int = 400_000,
) -> tuple[str, ...]:
    """Write a run as one HTML file, to read, search, regroup and check offline in a browser.

    Args:
        result: the run.
        path: the file, written whole or not at all; an existing one is replaced. `-` is standard output.
        title: the heading of the page.
        unread: a message for each part of the input that could not be read, as `Source.warnings` has them.
        max_rows: the most headlines that the page lists, largest groups first.
        max_pairs: the most scored pairs that it holds, most probable first, besides those that connect groups.

    Returns a sentence for each thing left out, none for most runs; the page shows them too. Raises `InputError` for a bad
    argument and `OutputError` where the file cannot be written.
    """
    if not isinstance(result, Deduplication):
        raise InputError(f"result is of type {type(result).__name__}: give what deduplicate returned")
    for name, value in (("max_rows", max_rows), ("max_pairs", max_pairs)):
        if not isinstance(value, int) or value < 1:
            raise InputError(f"{name} must be a positive integer, not {value!r}")
    data = page_data(result, max_rows, max_pairs)
    scripts = [Markup(_asset("plot.min.js")), Markup("\n".join(map(_in_scope, SCRIPTS)))]
    page = _environment().get_template("report.html.jinja")
    data |= {"result": result, "title": title, "unread": unread, "styles": Markup("\n".join(map(_asset, STYLES)))}
    with writing(str(path)) as stream:
        stream.writelines(page.generate(data, scripts=scripts, policy=_policy(scripts)))
    return tuple(data["left_out"])


def _policy(scripts: list[Markup]) -> str:
    """Return a content security policy: only these scripts run, and nothing is loaded."""
    digests = " ".join(f"'sha256-{b64encode(sha256(code.encode()).digest()).decode()}'" for code in scripts)
    allowed = {"script-src": digests, "style-src": "'unsafe-inline'", "img-src": "data:", "base-uri": "'none'"}
    return "; ".join(["default-src 'none'", "form-action 'none'", *map(" ".join, allowed.items())])


def _in_scope(name: str) -> str:
    """Return a module as a constant that holds its exports; its imports become lookups in such constants."""
    code = _asset(f"scripts/{name}.js")
    exports = ", ".join(name for _, name in _EXPORT.findall(code))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(r"const \1 = $\2;", code))
    return f"const ${name} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();"


def _asset(name: str) -> str:
    return files("dedupe.report").joinpath("assets", name).read_text("utf-8")


@lru_cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dedupe.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
    environment.filters |= {"count": lambda number: f"{number:,}", "span": _span}
    return environment


def _span(hours: float) -> str:
    days, rest = divmod(hours, 24)
    return f"{days:g} days" if days > 1 and not rest else f"{hours:g} hour{'' if hours == 1 else 's'}"
