"""The connection to a Ray cluster, or to one of this machine's processors."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dedupe.errors import InputError, one_line
from dedupe.runtime.parallel import workers

_SECONDS = 10  # for a cluster to answer
# Milliseconds for a node to say that it lives: a busy machine may need more than the ten seconds of Ray.
_PATIENCE = "100000"


@contextmanager
def connected(address: str | None) -> Iterator[str]:
    """Connect to the cluster at an address, or start one here, and yield the link to its dashboard, "" where there is none.

    A connection that is there already is used, and left open. Raises `InputError` where Ray is missing or does not answer.
    """
    if address is None:
        _keep_to_itself()
        os.environ.setdefault("RAY_health_check_timeout_ms", _PATIENCE)
    try:
        import ray
    except ImportError:
        raise InputError("Ray is not installed: pip install 'headline-dedupe[ray]'") from None
    if ray.is_initialized():
        yield ""
        return
    if address is not None:
        _check_answers(address)
    processors = workers() if address is None else None
    try:
        session = ray.init(address or "local", num_cpus=processors, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = _called(address) if address else "a cluster of this machine"
        raise InputError(f"{where} cannot be used ({one_line(error)}): start it, or name another") from None
    try:
        yield f"http://{session.dashboard_url}" if session.dashboard_url else ""
    finally:
        ray.shutdown()


def _keep_to_itself() -> None:
    """Let a cluster that starts here report nothing to its makers, and obey nobody who lacks its password, a new one.

    Ray listens on all networks, and runs what it is sent. What the user has set stays, and so does what Ray read when it was
    imported before.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if "RAY_AUTH_MODE" not in os.environ and "ray" not in sys.modules:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _check_answers(address: str) -> None:
    """Raise `InputError` where nothing listens at the host and port of an address: Ray would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):  # such as "auto"
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS).close()
    except (OSError, OverflowError) as error:
        raise InputError(f"{_called(address)} does not answer ({one_line(error)}): start it, or name another") from None


def _called(address: str) -> str:
    return f"the cluster at {address}"
