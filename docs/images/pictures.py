"""Make the pictures of the pages from the model that ships: `python docs/images/pictures.py [FOLDER]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from scipy.cluster.hierarchy import dendrogram

import dedupe

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
TITLES = (
    "Ferry sinks off Oslo, 3 dead",
    "FERRY SINKS OFF OSLO, 3 DEAD",
    "Three dead as ferry sinks off Oslo",
    "Oslo ferry disaster: divers search the fjord",
    "Minister promises inquiry into ferry accident",
    "Norway mourns victims of the Oslo fjord",
    "Bank of Norway raises rates",
    "Norway's central bank raises its interest rate",
    "Museum of Lisbon reopens after flood",
    "Lisbon museum reopens a year after flood",
    "Storm closes port of Rotterdam",
)
PAIRS = {
    "nearly the same words": ("Storm closes port of Rotterdam", "Storm closes the port of Rotterdam"),
    "the same news in other words": ("Mayor resigns over budget", "Mayor quits after budget row"),
    "another side of one event": (
        "Ferry sinks off Oslo, 3 dead",
        "Divers search fjord for missing after Oslo ferry sinks",
    ),
}
HOURS = (0, 1, 2, 4, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 96, 120, 168)
INK, SOFT, ACCENT = "#1b1b1a", "#5c5a55", "#a11d21"
STYLE = {"svg.hashsalt": "headline-dedupe", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}


def probability_by_hours(first: str, second: str) -> list[float]:
    """Return the probability of one story of two titles that were published so many hours apart."""
    rows = (
        [{"title": first, "published": START}, {"title": second, "published": START + timedelta(hours=h)}]
        for h in HOURS
    )
    return [dedupe.compare(*pair).p_story for pair in rows]


def draw_hours(axes: Axes) -> None:
    """Draw how the probability of pairs falls with the hours between both titles."""
    threshold = dedupe.deduplicate(["Ferry sinks"]).thresholds["story"]
    for (name, pair), style in zip(PAIRS.items(), ("-", "--", ":"), strict=True):
        axes.plot(HOURS, probability_by_hours(*pair), style, color=ACCENT, label=f"{name}: “{pair[0]}”, “{pair[1]}”")
    axes.axhline(threshold, color=SOFT, linewidth=0.8)
    axes.text(HOURS[-1], threshold + 0.02, f"threshold {threshold:g}", ha="right", color=SOFT)
    axes.set(xlabel="hours between both titles", ylabel="probability of one story", ylim=(0, 1.02), xlim=(0, HOURS[-1]))
    axes.set_xticks(range(0, HOURS[-1] + 1, 24))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), frameon=False)


def draw_levels(axes: Axes, result: dedupe.Deduplication) -> None:
    """Draw copies inside wordings inside stories as nested boxes."""
    y = 0.0
    for story in result.stories:
        top = y
        y += 0.55
        for wording in story.wordings:
            inner, copies = y, result.labels("exact")[wording.positions].tolist()
            for place, headline in enumerate(wording.headlines):
                mark = "★ " if headline is story.representative else ""
                axes.text(0.75, y + 0.32, f"{mark}{headline.title}", va="center", color=INK)
                y += 0.55
                if copies.count(copies[place]) > 1 and copies[place] not in copies[place + 1 :]:
                    height = 0.55 * copies.count(copies[place])
                    _box(axes, 0.55, y - height + 0.04, 6.4, height - 0.08, INK, "exact copies")
            _box(axes, 0.3, inner, 8.6, y - inner, SOFT, f"wording {wording.id}")
            y += 0.22
        _box(axes, 0, top, 11, y - top, ACCENT, f"story {story.id}")
        y += 0.25
    axes.set(xlim=(-0.1, 11.2), ylim=(y, -0.1))
    axes.axis("off")


def _box(axes: Axes, x: float, y: float, width: float, height: float, color: str, name: str) -> None:
    box = FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=0.1", fill=False, edgecolor=color)
    axes.add_patch(box)
    axes.text(x + width - 0.12, y + 0.08, name, ha="right", va="top", color=color, fontsize=8)


def draw_tree(axes: Axes, result: dedupe.Deduplication) -> None:
    """Draw the merge tree of stories, and the cut through it."""
    tree = result.trees["story"]
    titles = [result.headlines[row].title for row in result.nodes.title_row.tolist()]
    drawn = dendrogram(
        list(_linkage(result)),
        labels=titles,
        orientation="left",
        color_threshold=0,
        above_threshold_color=INK,
        no_plot=True,
    )
    for y, x in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        if max(x) < 1:  # groups that no threshold joins
            axes.plot([1 - value for value in x], y, color=INK, linewidth=1.2)
    threshold = result.thresholds["story"]
    axes.axvline(threshold, color=ACCENT, linestyle="--")
    axes.text(threshold - 0.01, 10 * len(titles) + 1, f"cut at {threshold:g}", color=ACCENT, ha="right")
    axes.set(
        xlabel=f"mean probability at which two groups join (the tree ends at {result.floor:g})",
        xlim=(0, 1),
        ylim=(0, 10 * len(titles) + 6),
    )
    axes.yaxis.tick_right()
    axes.set_yticks([5 + 10 * k for k in range(tree.nodes)], drawn["ivl"])
    axes.tick_params(axis="y", length=0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)


def _linkage(result: dedupe.Deduplication) -> Iterator[tuple[float, float, float, float]]:
    """Yield the merges as SciPy writes them, with 1 - probability as the distance; what never joins comes last, at 1."""
    tree = result.trees["story"]
    number, size = list(range(tree.nodes)), [1] * tree.nodes
    merges = [*zip(tree.left.tolist(), tree.right.tolist(), (1 - tree.height).tolist(), strict=True)]
    roots = sorted(set(range(tree.nodes)) - set(tree.right.tolist()))
    merges += [(roots[0], other, 1.0) for other in roots[1:]]
    for step, (left, right, distance) in enumerate(merges):
        size[left] += size[right]
        yield number[left], number[right], distance, size[left]
        number[left] = tree.nodes + step


def main(folder: Path) -> None:
    """Write the pictures into a folder."""
    rows = [{"title": title, "published": START + timedelta(hours=k)} for k, title in enumerate(TITLES)]
    result = dedupe.deduplicate(rows)
    with plt.rc_context(STYLE):
        for name, size, draw in (
            ("hours", (7.5, 4.6), draw_hours),
            ("levels", (7.5, 5.2), lambda axes: draw_levels(axes, result)),
            ("tree", (7.5, 3.2), lambda axes: draw_tree(axes, result)),
        ):
            figure, axes = plt.subplots(figsize=size, layout="constrained")
            draw(axes)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            plt.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
