"""What every step may use: threads, progress, files that appear whole or not at all, array types, Arrow tables.

It knows nothing of headlines. What needs NumPy or Arrow is not imported here, so that `dedupe --help` stays fast: use the
modules `arrays` and `arrow`.
"""

from dedupe.runtime.files import check_output, discard_standard_output, write_lines, writing, writing_bytes
from dedupe.runtime.parallel import in_order, limit_torch, set_threads, workers
from dedupe.runtime.progress import Progress, reporting, silent

__all__ = [
    "Progress",
    "check_output",
    "discard_standard_output",
    "in_order",
    "limit_torch",
    "reporting",
    "set_threads",
    "silent",
    "workers",
    "write_lines",
    "writing",
    "writing_bytes",
]
