"""Count the words whose rarity is evidence, and how often each is a name: `dedupe/text/document_frequencies.tsv.gz`.

    python -m dedupe.training.document_frequencies --data DIR [--out FILE]

Counts over the unlabelled titles of `DIR/scale` and `DIR/stream`, without the titles of `DIR/gold`.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import click

from dedupe.readers.inputs import read_headlines
from dedupe.text.normalize import normalize
from dedupe.text.words import count_documents

_LEAST = 5  # documents a word must be in to be counted


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("dedupe/text/document_frequencies.tsv.gz"))
def main(data: Path, out: Path) -> None:
    """Count and write."""
    gold = {normalize(row.title) for row in read_headlines(sorted((data / "gold").glob("*.jsonl"))).headlines}
    sources = [data / name / "headlines.jsonl.gz" for name in ("scale", "stream")]
    titles = {normalize(row.title) for row in read_headlines(sources).headlines} - gold
    counted = count_documents(sorted(titles), least=_LEAST)
    lines = [str(counted.documents)]
    for word, count in sorted(counted.counts.items()):
        share = counted.capitalised.get(word)
        lines.append(f"{word}\t{count}\t{'' if share is None else round(100 * share)}")
    with out.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
