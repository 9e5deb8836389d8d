"""Lists of feeds (OPML) -> a `Source`: each feed is fetched and parsed; one that cannot be read does not end the others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from dedupe.errors import InputError
from dedupe.readers.feeds import FEED_COLUMNS, addresses_of_opml
from dedupe.readers.names import is_address, suffix
from dedupe.readers.opening import Content
from dedupe.readers.options import ReadOptions
from dedupe.readers.source import Source
from dedupe.readers.unpacking import unpack
from dedupe.readers.visits import Unchanged, Unreachable

if TYPE_CHECKING:
    from dedupe.readers.web import Download

Parse = Callable[[Content, ReadOptions], Source]
"""Parses what an address has sent, as a feed."""


def opml_source(text: str, name: str, options: ReadOptions, parse: Parse) -> Source:
    """Return the entries of the feeds that OPML lists; feeds that cannot be read are named in the warnings."""
    addresses = addresses_of_opml(text, name)
    if not addresses:
        raise InputError(f"{name} lists no feeds: give OPML with outlines that have an xmlUrl")
    if not options.fetch:
        raise InputError(f"{name} lists feeds ({len(addresses):,}): add --fetch to fetch them")
    feeds = feeds_at(addresses, options, parse)
    unchanged = sum(isinstance(feed, Unchanged) for feed in feeds)
    feeds = [feed for feed in feeds if not isinstance(feed, Unchanged)]
    failures = [feed for feed in feeds if isinstance(feed, InputError)]
    if len(failures) == len(feeds) > 0 == unchanged and not (options.visits and options.visits.go_on):
        raise Unreachable(f"{name}: none of {len(feeds):,} feeds could be read; the first: {failures[0]}")
    read = [feed for feed in feeds if isinstance(feed, Source)]
    headlines = [headline for feed in read for headline in feed.headlines]
    count = f"{len(headlines):,} entries of {len(read)} of {len(feeds) + unchanged} feeds"
    count += f", {unchanged} without anything new" * (unchanged > 0)
    return Source(
        headlines,
        "feed",
        list(FEED_COLUMNS),
        rejects=[line for feed in read for line in feed.rejects],
        notes=[f"read {name} as OPML: {count}", *(note for feed in read for note in feed.notes[1:])],
        warnings=[line for feed in feeds for line in (feed.warnings if isinstance(feed, Source) else [str(feed)])],
    )


def feeds_at(addresses: list[str], options: ReadOptions, parse: Parse) -> list[Source | InputError]:
    """Return the feed at each address, or why it cannot be read. Each is parsed as it arrives, while others are on their way."""
    from dedupe.readers.web import downloads

    advice = "is not an http or https address: correct it in the list of feeds"
    feeds: dict[str, Source | InputError] = {each: InputError(f"{each} {advice}") for each in addresses}
    web = [address for address in addresses if is_address(address)]
    visits = options.visits
    arriving = downloads(web, timeout=options.timeout, allow_private=options.allow_private, visits=visits)
    with closing(arriving):
        for position, result in arriving:
            feeds[web[position]] = _feed_at(web[position], result, options, parse)
    for address, feed in feeds.items():
        if visits and isinstance(feed, InputError):
            visits.note(address, feed)
    return list(feeds.values())


def _feed_at(address: str, result: Download | InputError, options: ReadOptions, parse: Parse) -> Source | InputError:
    if isinstance(result, InputError):
        return result
    try:
        data, damage = unpack(result.content, address, options.limit, skip_bad=options.skip_bad)
        content = Content(address, data, suffix(address), result.charset, damage, answer=result.answer)
        return parse(content, options)
    except InputError as error:
        return error
