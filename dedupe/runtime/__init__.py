"""What every step may use: threads, progress, files written whole, array types, Arrow tables.

Nothing that needs NumPy is imported here, so that `dedupe --help` stays fast: use the modules.
"""

from dedupe.runtime.parallel import set_threads
from dedupe.runtime.progress import Progress, reporting, silent

__all__ = ["Progress", "reporting", "set_threads", "silent"]
