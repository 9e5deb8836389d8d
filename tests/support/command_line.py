"""The command line as tests run it: in this process, with what it wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from dedupe import cli

ROOT = Path(__file__).parents[2]


def run(*args: str | Path, input: str | None = None) -> Result:
    return CliRunner().invoke(cli.cli, [str(a) for a in args], input=input, prog_name="headline-dedupe")


def one_error(outcome: Result) -> str:
    """The error line of a failed run, which must be all it said."""
    assert outcome.exit_code == 2, outcome.output
    assert outcome.stdout == ""
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("headline-dedupe: error: ")
    return line


def refused(*args: str | Path) -> str:
    """What the one error line of a command that must fail says."""
    return one_error(run(*args)).removeprefix("headline-dedupe: error: ")


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
