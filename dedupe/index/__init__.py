"""`StoryIndex`: the steps of `deduplicate` for headlines that come in batches, kept on disk, with ids that last."""

from dedupe.index.batches import Batch, Event, IndexedStory, Item, Repeat
from dedupe.index.story_index import StoryIndex

__all__ = ["Batch", "Event", "IndexedStory", "Item", "Repeat", "StoryIndex"]
