"""A result in; one HTML file out, which opens from disk and loads nothing.

The page holds the run's groups, merge trees and scored pairs, so it regroups at other thresholds by itself.
"""

from dedupe.report.page import write_report

__all__ = ["write_report"]
