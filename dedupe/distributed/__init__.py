"""The steps of a run on many machines: each is the one-machine function, called on a partition of Parquet files."""

from dedupe.distributed.run import ROWS_PER_PART, JobSummary, deduplicate

__all__ = ["ROWS_PER_PART", "JobSummary", "deduplicate"]
