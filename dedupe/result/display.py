"""How a result prints: three lines, or a small table in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.levels import LEVELS
from dedupe.result.lasting import names_of

if TYPE_CHECKING:
    from dedupe.result.deduplication import Deduplication

_MAX_TITLE = 80  # characters
_TOP = 10  # stories in the table
_TEMPLATE = """<div>
<p><b>{{ counts }}</b><br>{{ settings }}</p>
{% if warnings %}<ul>{% for message in warnings %}<li>{{ message }}</li>{% endfor %}</ul>{% endif %}
<table><thead><tr><th>story</th><th>headlines</th><th>wordings</th><th>representative</th></tr></thead>
<tbody>{% for row in stories %}
<tr>{% for cell in row %}<td style="text-align: left">{{ cell }}</td>{% endfor %}</tr>{% endfor %}
</tbody></table>
</div>"""


def summary(result: Deduplication) -> str:
    """Return three lines: the counts, the settings, and the number of warnings with the largest story."""
    largest = "no story"
    for _, size, _, title in _largest_stories(result, 1):
        largest = f"largest story: {counted(size, 'headline')}, {title!r}"
    return f"{_counts(result)}\n{_settings(result)}\n{counted(len(result.warnings), 'warning')}; {largest}"


def html(result: Deduplication) -> str:
    """Return the counts, the settings, the warnings and the ten largest stories as HTML, with all text escaped."""
    import jinja2

    template = jinja2.Environment(autoescape=True).from_string(_TEMPLATE)
    return template.render(
        counts=_counts(result),
        settings=_settings(result),
        warnings=[caution.message for caution in result.warnings],
        stories=_largest_stories(result, _TOP),
    )


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 headline", "2,000 headlines"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def shortened(title: str) -> str:
    """Return a title on one line, cut to about 80 characters."""
    line = " ".join(title[: 2 * _MAX_TITLE].split())
    return line if len(line) <= _MAX_TITLE else line[: _MAX_TITLE - 1] + "…"


def _counts(result: Deduplication) -> str:
    exact, wordings, stories = (int(result.labels(level).max(initial=-1)) + 1 for level in LEVELS)
    copies = counted(len(result) - exact, "exact copy", "exact copies")
    groups = f"{counted(stories, 'story', 'stories')}, {counted(wordings, 'wording')}, {copies}"
    return f"{counted(len(result), 'headline')}: {groups}"


def _settings(result: Deduplication) -> str:
    thresholds = [f"{level}_threshold {result.thresholds[level]:g}" for level in reversed(result.settings.levels)]
    window = "no window" if result.settings.window is None else f"window {result.settings.window:g} h"
    return ", ".join([*thresholds, window, f"level {result.level}"])


def _largest_stories(result: Deduplication, count: int) -> list[tuple[int | str, int, int, Any]]:
    """Return id, headlines, wordings and title of the largest stories."""
    labels, wordings = result.labels("story"), result.labels("wording")
    sizes, representatives = np.bincount(labels), result.representatives("story")
    largest = np.argsort(-sizes, kind="stable")[:count].tolist()
    titles = {story: shortened(result.headlines[representatives[story]].title) for story in largest}
    names = names_of(result, "story")
    return [(names[k], int(sizes[k]), len(np.unique(wordings[labels == k])), titles[k]) for k in largest]
