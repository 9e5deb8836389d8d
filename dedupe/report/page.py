"""The page itself: a template, and the style sheets and scripts that go into it, so that it needs nothing else.

The scripts are ES modules of one folder, put one after another, each in a scope of its own: a page that opens from disk
cannot load modules.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from dedupe.report.data import Report

_HERE = files("dedupe.report")
CHARTS = "plot.min.js"
STYLES = ("page.css", "stories.css", "pictures.css")
SCRIPTS = (
    *("unpacking", "grouping", "reasons", "searching", "state", "elements", "writing"),
    *(
        "story",
        "list",
        "verdicts",
        "card",
        "misses",
        "checking",
        "charts",
        "lanes",
        "followers",
        "figures",
        "controls",
        "main",
    ),
)
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:const|function) (\w+))", re.MULTILINE)


def render(report: Report, title: str) -> Iterator[str]:
    """Yield the parts of the page; `title` is its heading."""
    styles, scripts = Markup("\n".join(map(_asset, STYLES))), [Markup(_asset(CHARTS)), Markup(_own_scripts())]
    template = _environment().get_template("report.html.jinja")
    return template.generate(
        title=title,
        report=report,
        styles=styles,
        scripts=scripts,
        policy=_policy(scripts),
        level=report.settings["level"],
    )


def _policy(scripts: list[Markup]) -> str:
    """A content security policy: these scripts run and no others, and nothing is loaded from anywhere."""
    digests = " ".join(f"'sha256-{b64encode(sha256(code.encode()).digest()).decode()}'" for code in scripts)
    allowed = {"script-src": digests, "style-src": "'unsafe-inline'", "img-src": "data:", "base-uri": "'none'"}
    return "; ".join(["default-src 'none'", "form-action 'none'", *(f"{what} {who}" for what, who in allowed.items())])


def _own_scripts() -> str:
    return "\n".join(_in_scope(name, _asset(f"scripts/{name}.js")) for name in SCRIPTS)


def _in_scope(name: str, code: str) -> str:
    """A module as a constant that holds its exports; its imports are taken from such constants."""
    exports = ", ".join(found for _, found in _EXPORT.findall(code))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(r"const \1 = $\2;", code))
    return f"const ${name} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();"


def _asset(name: str) -> str:
    return _HERE.joinpath("assets", name).read_text("utf-8")


@lru_cache
def _environment() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("dedupe.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.policies["json.dumps_function"] = _compact
    found.policies["json.dumps_kwargs"] = {}
    found.filters |= {"count": lambda number: f"{number:,}", "span": _span}
    return found


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _span(hours: float) -> str:
    days, rest = divmod(hours, 24)
    return f"{days:g} days" if days > 1 and not rest else f"{hours:g} hours"
