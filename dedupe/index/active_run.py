"""`ActiveRun`: `deduplicate` over the active headlines of an index, which keeps what it can for the next time.

Everything about a pair of titles depends on these titles alone, but for two things: the outlets that the input makes known,
by which titles lose their marks, and context. So a run takes over the titles, vectors, pairs and readings of the run before,
makes those of new titles, and changes the sums of which context is made. What is left is cheap and done in full: what the
context makes of each pair, and the linkage.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dedupe.candidates import PairTable, TimeBand
from dedupe.candidates.join import EXACT
from dedupe.clustering import Constraints, Copies, Correction, collapse_crowds, constraints_of, link
from dedupe.clustering.merge_tree import MergeTree
from dedupe.embedding import Encoder, VectorStore
from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.index import kept_context, kept_crowds, kept_nodes, kept_pairs
from dedupe.index.kept_context import KeptContext, Since
from dedupe.index.kept_nodes import KeptNodes
from dedupe.index.kept_outcome import Asked, Outcome, asked_of
from dedupe.index.kept_pairs import KeptPairs
from dedupe.index.kept_titles import KeptTitles
from dedupe.index.near_run import NearRun
from dedupe.index.saved_run import Kept, load, save
from dedupe.pipeline import cleaned_addresses, grouped, match
from dedupe.result.cautions import input_cautions, run_cautions
from dedupe.result.deduplication import Deduplication
from dedupe.result.matches import Matches, matches_of
from dedupe.result.publishers import linked_owners
from dedupe.result.settings import Settings
from dedupe.runtime.arrays import Bools, Ints, pairs_within
from dedupe.runtime.parallel import in_order
from dedupe.runtime.progress import Progress, silent
from dedupe.scoring import IDENTITY, ReadingStore, Scorer, judge_of
from dedupe.scoring.model import crowdedness, to_json

_MOST_NEW = 4  # a run in which more than one in so many titles is new takes nothing over


@dataclass(frozen=True)
class _Change:
    """What changed since the run before: the place of each node there, -1 for a new one; and the node of each of its nodes."""

    before: Kept
    place: Ints
    renumber: Ints

    @classmethod
    def of(cls, before: Kept, place: Ints) -> _Change:
        renumber = np.full(len(before.nodes), -1)
        renumber[place[place >= 0]] = np.flatnonzero(place >= 0)
        return cls(before, place, renumber)

    @property
    def new(self) -> Ints:
        """The nodes that the run before did not have."""
        return np.flatnonzero(self.place < 0)


class _Found(NamedTuple):
    """The candidate pairs of new nodes, and to how many others each node is similar, see `kept_crowds`."""

    pairs: PairTable
    similar: Ints

    @classmethod
    def of(cls, change: _Change, scorer: Scorer, band: TimeBand | None) -> _Found:
        pairs = kept_pairs.pairs_with_new(change.new, scorer, band)
        return cls(pairs, kept_crowds.renewed_similar(change.before.pairs.similar, change.place, pairs))


class ActiveRun:
    """Groups headlines again and again as some are added and others removed.

    `settings`: of all runs. `vectors`, `readings`: where vectors and what the reader said of pairs are kept. `corrections`:
    may be replaced between runs.
    """

    def __init__(
        self,
        encoder: Encoder,
        settings: Settings,
        *,
        vectors: VectorStore | None = None,
        readings: ReadingStore | None = None,
        corrections: Sequence[Correction] = (),
    ) -> None:
        self.encoder, self.settings = encoder, settings
        self.vectors, self.readings, self.corrections = vectors, readings, corrections
        self.last: Deduplication | None = None
        self._judge, self._titles = judge_of(encoder), KeptTitles()
        self._kept: Kept | None = None
        self._asked: bytes | None = None  # of `asked_of`, what the run of another process was asked, before one of this
        self._near: NearRun | None = None

    @classmethod
    def load(
        cls,
        path: Path,
        encoder: Encoder,
        settings: Settings,
        *,
        vectors: VectorStore | None = None,
        readings: ReadingStore | None = None,
        corrections: Sequence[Correction] = (),
    ) -> ActiveRun:
        """Return the run that `save` kept in a file, or one from nothing where this is missing, damaged or of others."""
        run = cls(encoder, settings, vectors=vectors, readings=readings, corrections=corrections)
        if run._about is not None:
            saved = load(path, run._about, run._judge)
            if saved is not None:
                run._kept, asked = saved
                run._asked = asked.key
                run._titles.know(asked.tell, run._kept.outcome.copies.outlets)
        return run

    def save(self, path: Path) -> None:
        """Write what the next run takes over to a file, whole or not at all; raises `OutputError` where it cannot be written.

        The file is left as it is where nothing is to be taken over.
        """
        if self._kept is not None and self._about is not None:
            outcome = self._kept.outcome
            titles = self._titles.said if self._titles.outlets == outcome.copies.outlets else ()
            asked = self._asked or asked_of(outcome.copies.headlines, outcome.corrections)
            save(self._kept, Asked(asked, lambda: titles), path, self._about)

    @property
    def _about(self) -> dict[str, Any] | None:
        """What all that is taken over depends on, besides headlines; None where the encoder has no identity."""
        identity, settings = getattr(self.encoder, "identity", None), self.settings
        if not isinstance(identity, str):
            return None
        about = {"level": settings.level, "window": settings.window, "reader": settings.reader}
        version = import_module("dedupe").__version__
        return about | {"encoder": identity, "judge": to_json(self._judge), "version": version}

    def run(self, rows: Sequence[Headline], progress: Progress = silent) -> Deduplication:
        """Return what `deduplicate` returns for these rows, whatever rows the runs before had; may be empty.

        What fails leaves the run before as it was. Raises what `deduplicate` raises.
        """
        kept, asked = self._kept, self._asked
        if kept is not None and asked is not None and asked == asked_of(rows, self.corrections):
            copies, scorer = replace(kept.outcome.copies, headlines=rows), self._scorer(kept.nodes)
            outcome = replace(kept.outcome, copies=copies, corrections=tuple(self.corrections))
            self._asked, self._kept = None, replace(kept, outcome=outcome)
            return self._goes_on(outcome.result(self.settings, scorer, kept.context.scored), copies, scorer)
        copies, numbers = self._titles.copies(rows, self.settings.window)
        renewed = self._renewed(copies, numbers, progress)
        if renewed is None:
            self.last = self._in_full(rows, progress)
            self._asked = self._kept = self._near = None
            return self.last
        self._asked, (result, self._kept, scorer) = None, renewed
        return self._goes_on(result, copies, scorer)

    def _goes_on(self, result: Deduplication, copies: Copies, scorer: Scorer) -> Deduplication:
        """Take over a run of which everything is kept."""
        assert self._kept is not None
        nodes, context, doubt = self._kept.nodes, self._kept.context, self._kept.pairs.least_doubt
        generic = copies.generic[copies.nodes.title_row]
        self._near = NearRun(result, copies.fingerprints, generic, nodes, context, scorer, doubt, self.vectors)
        self.last = result
        return result

    def _in_full(self, rows: Sequence[Headline], progress: Progress) -> Deduplication:
        return grouped(
            rows,
            self._judge,
            self.settings,
            self.encoder,
            progress,
            store=self.vectors,
            readings=self.readings,
            corrections=self.corrections,
        )

    def _renewed(self, copies: Copies, numbers: Ints, progress: Progress) -> tuple[Deduplication, Kept, Scorer] | None:
        """Return the run and what it leaves, or None where there is what concerns all titles at once."""
        settings, rows, of_row = self.settings, copies.headlines, copies.nodes.of_row
        if not self._judge.calibrated or crowdedness(len(copies.nodes)) < 1 or not any(copies.texts):
            return None
        constraints = constraints_of(self.corrections, copies)
        with ThreadPoolExecutor(1) as background:
            oddities = background.submit(lambda: [*input_cautions(copies, True, settings.window)])
            nodes, change = self._nodes(copies, numbers, progress)
            scorer, band = self._scorer(nodes), copies.nodes.band(settings.window)
            if not isinstance(scorer.vectors, np.ndarray) or pairs_within(len(nodes)) > EXACT:
                return None  # too many titles for all pairs
            found = None if change is None else _Found.of(change, scorer, band)
            at_most = None if found is None else kept_crowds.at_most(found.similar, scorer, band)
            crowds = collapse_crowds(copies.nodes, scorer, settings.window, of_row[constraints.rows], at_most=at_most)
            if crowds.absorbed.any() or crowds.sparse:
                return None
            generic = copies.generic[copies.nodes.title_row]
            scorer = scorer.with_addresses(cleaned_addresses(rows), of_row, band, generic)
            scorer = scorer.with_records([row.record for row in rows], of_row, band)
            pairs, origin = self._pairs(scorer, change, found, band, progress)
            pairs, table, read = kept_pairs.as_read(pairs, scorer, progress)
            context = self._in_context(scorer, table, pairs, change, origin)
            scored = context.scored
            trees = self._linked(scored, copies, constraints, generic, progress)
        violated = constraints.violated(trees, copies.nodes)
        cautions = *oddities.result(), *run_cautions(crowds, 0, context.sampled, violated)
        outcome = Outcome(copies, tuple(self.corrections), constraints, cautions, read, trees)
        return outcome.result(settings, scorer, scored), Kept(nodes, pairs, context, outcome), scorer

    def _linked(
        self, scored: PairTable, copies: Copies, constraints: Constraints, generic: Bools, progress: Progress
    ) -> dict[str, MergeTree]:
        """Return the merge tree of each level, which are made at the same time."""
        settings, nodes = self.settings, copies.nodes
        owners = linked_owners(copies.headlines, settings.sources, nodes.of_row, generic, scored)

        def linked(level: str) -> dict[str, MergeTree]:
            return link(scored, nodes, constraints, (level,), settings.window, settings.floor, silent, owners)

        trees = dict[str, MergeTree]()
        for level, tree in zip(settings.levels, in_order(linked, settings.levels), strict=True):
            progress(f"grouping {level}", 1, 1)
            trees |= tree
        return trees

    def _nodes(self, copies: Copies, numbers: Ints, progress: Progress) -> tuple[KeptNodes, _Change | None]:
        """Return the nodes, and what changed since the run before, None where nothing is taken over from it."""
        keys, kept, change = kept_nodes.keys_of(copies, numbers), self._kept, None
        if kept is not None:
            place = kept_nodes.places_before(keys, kept.nodes.keys)
            known = place[place >= 0]
            if (np.diff(known) > 0).all() and (len(place) - len(known)) * _MOST_NEW <= len(place):
                change = _Change.of(kept, place)
        place = np.full(len(keys.titles), -1) if change is None else change.place
        before = None if change is None else change.before.nodes
        nodes = kept_nodes.nodes_of(copies, keys, place, before, self._judge, self.encoder, self.vectors, progress)
        return nodes, change

    def _scorer(self, nodes: KeptNodes) -> Scorer:
        settings = self.settings
        run = self._judge, nodes.titles, nodes.vectors, nodes.wording, IDENTITY, settings.level
        return Scorer(*run, self.encoder, settings.reader, self.readings)

    def _pairs(
        self, scorer: Scorer, change: _Change | None, found: _Found | None, band: TimeBand | None, progress: Progress
    ) -> tuple[KeptPairs, Ints]:
        """Return the pairs, and the place of each in the run before."""
        if change is None or found is None:
            pairs = kept_pairs.pairs_of(scorer, band, progress)
            return pairs, np.full(len(pairs), -1)
        return kept_pairs.renewed(change.before.pairs, change.renumber, found.pairs, found.similar, scorer)

    def _in_context(
        self, scorer: Scorer, table: PairTable, pairs: KeptPairs, change: _Change | None, origin: Ints
    ) -> KeptContext:
        difference, floor = pairs.difference, self._judge.floor
        if change is None:
            return kept_context.context_of(scorer, table, difference, floor)
        before, forced = change.before, pairs.forced
        if before.pairs.forced.any():
            forced = forced | (before.pairs.forced.take(origin, mode="clip") & (origin >= 0))
        since = Since(before.context, origin, change.renumber, change.place)
        return kept_context.renewed(scorer, table, forced, difference, floor, since)

    def match(self, rows: Sequence[Headline]) -> Matches:
        """Return for each row the one of the last run that it repeats; `Match.row` is its place there.

        `Matches.run` also groups the new rows among themselves: they come last in it. Raises `InputError` where no run was.
        """
        if self.last is None or not self.last.headlines:
            raise InputError("there are no active headlines: add some before you match")
        if self._near is None:
            return self._matched_in_full(rows, self.last)
        run, near = self._near.of(rows, self.corrections)
        matches = matches_of(run, np.arange(len(near)), run.headlines[: len(near)])
        return replace(
            matches,
            matches=tuple(match and replace(match, row=int(near[match.row])) for match in matches.matches),
        )

    def _matched_in_full(self, rows: Sequence[Headline], last: Deduplication) -> Matches:
        thresholds = self.settings.thresholds
        return match(
            rows,
            reference=last.headlines,
            encoder=self.encoder,
            window=self.settings.window,
            story_threshold=thresholds["story"],
            wording_threshold=thresholds["wording"],
            reader=self.settings.reader,
            corrections=self.corrections,
        )
