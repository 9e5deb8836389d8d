"""Frames, and a web server of one folder."""

from __future__ import annotations

import http.server
import threading

import pandas as pd
import pytest

from tests.support.headline_files import TITLES


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "headline": TITLES,
            "published": pd.to_datetime(["2025-08-16 09:30", "2025-08-17 00:00", None]).tz_localize("UTC"),
            "tags": [["a"], [], ["b", "c"]],
        }
    )


@pytest.fixture
def server(tmp_path):
    """Serves a folder of its own on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, directory=str(folder), **kwargs)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
