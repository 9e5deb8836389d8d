"""The options of commands on labelled headlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.cli.dry_run import plan
from dedupe.cli.shared import GroupOptions, count, option

if TYPE_CHECKING:
    from dedupe.evaluation import LabelColumns
    from dedupe.readers.inputs import Source


@dataclass(frozen=True)
class LabelOptions(GroupOptions):
    """Where the labels are, and how the headlines are grouped."""

    story_column: str | None = option(
        "--story-column", metavar="NAME", help="Column with the label of the story; default: story."
    )
    wording_column: str | None = option(
        "--wording-column",
        metavar="NAME",
        help="Column with the label of the wording in its story; default: wording or variant, if present.",
    )
    slice_column: str | None = option(
        "--slice-column", metavar="NAME", help="Column of parts to group separately; default: slice, if present."
    )

    @property
    def columns(self) -> LabelColumns:
        """The columns of labels that were named."""
        from dedupe.evaluation import LabelColumns

        return LabelColumns(self.story_column, self.wording_column, self.slice_column)

    def plan(
        self, source: Source, output: str, format: str, values: Mapping[str, object], answers: Path | None = None
    ) -> list[str]:
        """Return the lines of a dry run; `values`: of options that only this command has."""
        from dedupe.evaluation.labelled import read_labels

        if answers:
            labels = f"the answers in {answers}"
        else:
            labelled = read_labels(source.headlines, self.columns)
            counts = [
                f"{level} {labelled.scored(level):,} headlines, {labelled.pairs(level):,} pairs that belong together"
                for level in labelled.labels
            ]
            labels = "; ".join([*counts, count(len(labelled.slices), "slice")])
        shared = {
            "window": self.window,
            "story threshold": self.story_threshold,
            "wording threshold": self.wording_threshold,
            "corrections": len(self.read_corrections()) if self.corrections else None,
        }
        return [f"labels: {labels}", *plan(source, self.model, self.vectors, output, format, {**values, **shared})]
