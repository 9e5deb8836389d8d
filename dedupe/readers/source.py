"""`Source`: the headlines of inputs, and what there is to say about how they were read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dedupe.headlines import Headline
from dedupe.readers.pages import PageReport, joined

FORMATS = ("lines", "csv", "tsv", "jsonl", "parquet", "xlsx", "sqlite", "feed", "opml", "page")


@dataclass(frozen=True, slots=True)
class Source:
    """The headlines that were read, and how.

    `format`: one of `FORMATS`, or "mixed" for inputs of several. `columns`: of a table, in order. `rejects`: raw lines
    that could not be read. `notes`: messages of one line for people.
    `warnings`: the same about what is missing from the headlines: of inputs that were cut off, and feeds of a list.
    `header`: whether a table names its columns. `cut`: whether the end of the input is missing.
    `report`: of pages, what was taken and what was left out, None for other inputs.
    """

    headlines: list[Headline]
    format: str
    columns: list[str] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    report: PageReport | None = None
    header: bool = True
    cut: bool = False

    @property
    def skipped_lines(self) -> int:
        """How many lines of pages are no headlines."""
        return len(self.report.left_out) if self.report else 0


def joined_source(names: list[str], sources: list[Source]) -> Source:
    """Return one source of several; the `file` of each headline is the name of its input."""
    formats = {source.format for source in sources}
    return Source(
        [replace(h, file=name) for name, source in zip(names, sources, strict=True) for h in source.headlines],
        sources[0].format if len(formats) == 1 else "mixed",
        list(dict.fromkeys(column for source in sources for column in source.columns)),
        [line for source in sources for line in source.rejects],
        [note for source in sources for note in source.notes],
        [warning for source in sources for warning in source.warnings],
        joined([source.report for source in sources if source.report]),
        any(source.header for source in sources),
        any(source.cut for source in sources),
    )


def incomplete(source: Source, problem: str, rest: str) -> Source:
    """Return a source of whose input the end is missing; `rest`: what is left of it and could not be read."""
    warning = f"{problem}: only the {len(source.headlines):,} headlines before that are used"
    rejects = [*source.rejects, rest] if rest.strip() else source.rejects
    return replace(source, rejects=rejects, warnings=[*source.warnings, warning], cut=True)
