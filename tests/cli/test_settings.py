"""Settings files: any TOML is used, or refused on one line that names the key."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe import cli
from tests.support.command_line import one_error, refused, run

pytestmark = pytest.mark.usefixtures("fake_encoder")
COMMANDS = ("cluster", "dedupe", "evaluate", "tune")
NAMES = sorted(
    {str(option.name) for name in COMMANDS for option in cli.cli.commands[name].params} - {"settings", "help"}
)
READ = {
    "inputs",
    "corrections",
    "labels",
    "model",
    "cache",
    "output",
    "target",
    "plots",
    "rejects",
    "explain",
    "report",
}


@pytest.fixture
def news(tmp_path: Path) -> Path:
    path = tmp_path / "news.csv"
    path.write_text("title,story\nFerry sinks off Oslo,a\nFerry sinks in Oslo,a\nRates rise,b\n", "utf-8")
    return path


def settings_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.toml"
    path.write_text(text, "utf-8")
    return path


WRONG = {
    "window": ["[1]", "true", "{a = 1}", "2020-01-01"],
    "story_threshold": ["'0.5'", "true", "[0.5]", f"1{'0' * 400}"],
    "keep_formulas": ["1", "'yes'", "[]", "0.0"],
    "title_column": ["1", "true", "['a']", "{}", '"a\\u0000b"', "12:00:00"],
    "corrections": ["3", "[1]", "[['a']]", "{}", '["\\u0000"]'],
    "threads": ["1.5", "'2'", "[2]", "true", f"1{'0' * 30}"],
    "keep": ["1", "['typical']", "false"],
    "inputs": ["1", "[false]", "{}"],
    "cache": ["1", "[]", "true"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_of_another_type_names_the_key(news: Path, tmp_path: Path, name: str, value: str) -> None:
    path = settings_file(tmp_path, f"{name} = {value}\n")
    arguments = () if name == "inputs" else (news,)
    line = refused("cluster", *arguments, "--settings", path)
    assert f"settings {path}" in line and name in line.replace("-", "_")
    own_table = settings_file(tmp_path, f"[cluster]\n{name} = {value}\n")
    assert name in refused("cluster", *arguments, "--settings", own_table).replace("-", "_")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = " + "[" * 5000, "is not valid TOML"),
        ("a = 1\na = 2", "is not valid TOML"),
        (f"story_threshold = {'9' * 5000}", "is not valid TOML"),
        ("window = 2020-13-01", "is not valid TOML"),
        ("[cluster]\n[cluster]", "is not valid TOML"),
        ('title_column = ""', "'--title-column': it is empty"),
        ('cluster = ["a"]', "cluster = ['a'] is not a table"),
        ('"\\u001b[2J" = 1', "cluster has no option"),
    ],
)
def test_what_is_no_settings_file_is_refused(news: Path, tmp_path: Path, text: str, message: str) -> None:
    line = refused("cluster", news, "--settings", settings_file(tmp_path, text))
    assert message in line and line.isprintable()


_scalars = st.text(max_size=5) | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes() | st.times()
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from([*NAMES, *COMMANDS, "other"]), _values, max_size=3), st.sampled_from(COMMANDS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_toml_is_used_or_refused_on_one_line(
    news: Path, tmp_path: Path, values: dict[str, Any], command: str
) -> None:
    values = {name: value for name, value in values.items() if not (name in READ and _is_text(value))}
    path = settings_file(tmp_path, tomlkit.dumps(values))
    outcome = run(command, news, "--settings", path, "--dry-run")
    if outcome.exit_code:
        line = one_error(outcome)
        known = any(reason in line for reason in ("has no effect", "no column"))
        assert known or any(name in line.replace("-", "_") for name in values), line


def _is_text(value: Any) -> bool:
    """Whether a value may name a file that is then read or written."""
    return isinstance(value, str) or (isinstance(value, list) and any(map(_is_text, value)))


@pytest.mark.parametrize("value", [True, "0.5", -1, 1.5, float("nan"), 10**400, [0.5], date(2020, 1, 1)])
def test_a_threshold_to_change_that_is_none_is_refused(news: Path, tmp_path: Path, value: Any) -> None:
    path = settings_file(tmp_path, tomlkit.dumps({"cluster": {"story_threshold": value}}))
    line = refused("tune", news, "-o", path)
    assert f"{path}, [cluster]: story_threshold = " in line and "is not a threshold: give a number from 0 to 1" in line


@pytest.mark.parametrize("value", [datetime(2020, 1, 1, 12), time(12)])
def test_other_values_stay_as_they_are(news: Path, tmp_path: Path, value: Any) -> None:
    """Whoever else reads the file may use them."""
    path = settings_file(tmp_path, f"# ours\n[other]\nwhen = {value.isoformat()}\n")
    assert "has no option 'other'" in refused("cluster", news, "--settings", path)
    before = path.read_text("utf-8")
    news.write_text(
        "title,story\n" + "".join(f"Ferry {k // 2} sinks off Oslo {k},{k // 2}\n" for k in range(12)), "utf-8"
    )
    outcome = run("tune", news, "-o", path, "--f1")
    after = path.read_text("utf-8")
    assert outcome.exit_code == 0 and "story_threshold" in after, outcome.output
    assert before.splitlines()[-1] in after and "# ours" in after
