"""The commands about this installation: `info`, `cache` and `completion`."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from dedupe import __version__
from dedupe.cli.shared import PROGRAM, EngineOptions, GroupOptions, limit_threads, options_of, takes, warn
from dedupe.errors import ModelError, OutputError
from dedupe.runtime.files import write_lines

_PACKAGES = ("numpy", "scipy", "onnxruntime", "tokenizers", "faiss-cpu", "pyarrow", "sentence-transformers", "torch")


@click.command()
@takes(EngineOptions)
def info(engine: EngineOptions) -> None:
    """Print versions, model, cache and threads, for a bug report.

    Example: headline-dedupe info
    """
    from dedupe.embedding.cache import VectorCache, default_folder
    from dedupe.runtime.parallel import workers

    limit_threads(engine.threads)
    vectors = VectorCache(default_folder())
    write_lines(
        [
            f"{PROGRAM} {__version__}",
            f"python {platform.python_version()}, {platform.platform()}",
            f"packages: {', '.join(f'{name} {_version(name)}' for name in _PACKAGES)}",
            f"model: {_model(engine.model)}",
            f"cache: {vectors.path}, {vectors.count():,} vectors, {_mebibytes(vectors.size())}",
            f"threads: {workers()} of {os.cpu_count()} processors",
        ],
        "-",
    )


@click.command()
@click.argument("action", type=click.Choice(["show", "clear"]), default="show")
@options_of(GroupOptions, "cache")
def cache(action: str, cache: Path | None) -> None:
    """Show or clear the cache of vectors.

    The cache keeps vectors, so that no title is encoded twice. The environment variable HEADLINE_DEDUPE_CACHE sets its
    default folder.

    Example: headline-dedupe cache clear
    """
    from dedupe.embedding.cache import VectorCache, default_folder

    vectors = VectorCache(cache or default_folder())
    if action == "clear":
        lines = [f"{PROGRAM}: freed {_mebibytes(vectors.clear())} in {vectors.path}"]
    else:
        lines = [
            f"path: {vectors.path}",
            f"vectors: {vectors.count():,}",
            f"size: {_mebibytes(vectors.size())}",
            f"limit: {_mebibytes(vectors.limit)}",
        ]
    if vectors.trouble:
        raise OutputError(vectors.trouble)
    warn((), vectors)
    write_lines(lines, "-")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and options in a shell.

    Example: headline-dedupe completion bash >> ~/.bashrc
    """
    completer = get_completion_class(shell)
    assert completer is not None  # click has one for each of these shells
    variable = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
    write_lines([completer(context.find_root().command, {}, PROGRAM, variable).source()], "-")


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _model(name: str | None) -> str:
    from dedupe.embedding.encoders import load_encoder

    try:
        encoder = load_encoder(name)
    except ModelError as error:
        return f"{name or 'bundled'}: {error}"
    origin = "files verified by SHA-256" if hasattr(encoder, "folder") else "not made by headline-dedupe, not verified"
    return f"{name or 'bundled'}, {origin}, identity {str(getattr(encoder, 'identity', None))[:16]}"
