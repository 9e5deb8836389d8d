"""How often texts mention each of very many marks, counted in one pass over the words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Set

_FEW = 50  # marks, for which searching all texts is faster


def mentions(marks: Set[str], texts: Iterable[str], *, few: int = _FEW) -> Counter[str]:
    """Return how often each mark occurs in all texts, also inside of words, as the sum of `text.count(mark)`.

    The time does not grow with texts times marks: above `few` marks, words are looked up. A mark of several words starts within
    a word, holds whole words, and ends within one. `marks`: not empty, without line ends, and without spaces at their ends.
    """
    if len(marks) <= few:
        whole = "\n".join(texts) if marks else ""
        return Counter({mark: whole.count(mark) for mark in marks})
    single, phrases = (
        _Single(mark for mark in marks if " " not in mark),
        _Phrases(mark for mark in marks if " " in mark),
    )
    words, found = Counter[str](), Counter[str]()
    for text in texts:
        parts = text.split(" ")
        words.update(parts)
        phrases.count(parts, found)
    for word, times in words.items():
        for mark in single.inside(word):
            found[mark] += word.count(mark) * times
    return found


class _Single:
    """Marks of one word."""

    def __init__(self, marks: Iterable[str]) -> None:
        self._marks = frozenset(marks)
        self._lengths = sorted({len(mark) for mark in self._marks})

    def inside(self, word: str) -> set[str]:
        """Return the marks that a word contains."""
        return {
            word[start : start + length]
            for length in self._lengths
            for start in range(len(word) - length + 1)
            if word[start : start + length] in self._marks
        }


class _Phrases:
    """Marks of several words, by how their first word ends, the words between, and how their last word starts."""

    def __init__(self, marks: Iterable[str]) -> None:
        self._marks = {tuple(mark.split(" ")): mark for mark in marks}
        self._firsts, self._lasts = ({words[end] for words in self._marks} for end in (0, -1))
        self._counts = defaultdict[str, set[int]](set)  # how many words marks with a first word have
        for words in self._marks:
            self._counts[words[0]].add(len(words))
        self._longest = max((len(word) for words in self._marks for word in (words[0], words[-1])), default=0)
        self._ends, self._starts = dict[str, list[str]](), dict[str, list[str]]()

    def count(self, words: list[str], found: Counter[str]) -> None:
        """Add the marks in the words of a text; those of one mark do not overlap."""
        free = dict[str, tuple[int, int]]()  # the word, and the place in it, from which a mark may start again
        for place, word in enumerate(words[:-1] if self._marks else ()):
            for first in self._ending(word):
                for count in self._counts[first]:
                    last = place + count - 1
                    for start in self._starting(words[last]) if last < len(words) else ():
                        mark = self._marks.get((first, *words[place + 1 : last], start))
                        if mark is not None and (place, len(word) - len(first)) >= free.get(mark, (0, 0)):
                            found[mark] += 1
                            free[mark] = last, len(start)

    def _ending(self, word: str) -> list[str]:
        """Return the first words of marks that a word ends with."""
        if word not in self._ends:
            tails = (word[start:] for start in range(max(len(word) - self._longest, 0), len(word)))
            self._ends[word] = [tail for tail in tails if tail in self._firsts]
        return self._ends[word]

    def _starting(self, word: str) -> list[str]:
        """Return the last words of marks that a word starts with."""
        if word not in self._starts:
            heads = (word[:end] for end in range(1, min(len(word), self._longest) + 1))
            self._starts[word] = [head for head in heads if head in self._lasts]
        return self._starts[word]
