"""Count in how many titles each stem occurs, and how often it is a name: `dedupe/text/document_frequencies.tsv.gz`.

    python -m dedupe.training.document_frequencies --data DIR [--out FILE]

Counts over the unlabelled titles of `DIR/scale` and `DIR/stream`, without the titles of `DIR/gold`.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from dedupe.readers.inputs import read_headlines
from dedupe.text.document_frequencies import DocumentFrequencies
from dedupe.text.normalize import normalize
from dedupe.text.words import WORD, content_stem

_MIN_COUNT = 5  # titles with a stem for it to be kept
_MAX_CAPITALISED = 0.7  # a title with a larger share of capitalised words capitalises for style


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("dedupe/text/document_frequencies.tsv.gz"))
def main(data: Path, out: Path) -> None:
    """Count and write."""
    gold = {normalize(row.title) for row in read_headlines(sorted((data / "gold").glob("*.jsonl"))).headlines}
    sources = [data / name / "headlines.jsonl.gz" for name in ("scale", "stream")]
    titles = {normalize(row.title) for row in read_headlines(sources).headlines} - gold
    frequencies = count_documents(sorted(titles), min_count=_MIN_COUNT)
    lines = [str(frequencies.documents)]
    for stem, count in sorted(frequencies.counts.items()):
        share = frequencies.capitalised.get(stem)
        lines.append(f"{stem}\t{count}\t{'' if share is None else round(100 * share)}")
    with out.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(("\n".join(lines) + "\n").encode())


def count_documents(titles: Iterable[str], *, min_count: int) -> DocumentFrequencies:
    """Count in how many of the normalized titles each stem occurs; drop stems that occur in fewer than `min_count`."""
    counts, capitalised, plain = Counter[str](), Counter[str](), Counter[str]()
    documents = 0
    for title in titles:
        documents += 1
        counts.update({content_stem(word) for word in WORD.findall(title)} - {""})
        names, others = capitalised_stems(title)
        capitalised.update(names)
        plain.update(others)
    kept = {stem: count for stem, count in counts.items() if count >= min_count}
    totals = {stem: capitalised[stem] + plain[stem] for stem in kept}
    return DocumentFrequencies(kept, documents, {s: capitalised[s] / total for s, total in totals.items() if total})


def capitalised_stems(title: str) -> tuple[set[str], set[str]]:
    """Return the stems that a title capitalises and those that it does not, without its first word.

    Both are empty where capitals say nothing about names: in a title that capitalises most of its words, or none.
    """
    words = [word for word in WORD.findall(title)[1:] if content_stem(word)]
    capitalised = [word for word in words if word[0].isupper()]
    if not 0 < len(capitalised) <= _MAX_CAPITALISED * len(words):
        return set(), set()
    names = {content_stem(word) for word in capitalised}
    return names, {content_stem(word) for word in words} - names


if __name__ == "__main__":
    main()
