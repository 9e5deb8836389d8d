"""The commands about this installation: `info`, `cache` and `completion`."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from dedupe.cli.shared import PROGRAM, engine, limit_threads
from dedupe.errors import ModelError, OutputError
from dedupe.runtime.files import write_lines

_PACKAGES = ("numpy", "scipy", "onnxruntime", "tokenizers", "faiss-cpu", "pyarrow", "sentence-transformers", "torch")


@click.command()
@engine
def info(model: str | None, threads: int | None) -> None:
    """Print versions, model, cache and threads, for a bug report.

    Example: headline-dedupe info
    """
    from dedupe.embedding.cache import VectorCache, default_folder
    from dedupe.runtime.parallel import workers

    limit_threads(threads)
    vectors = VectorCache(default_folder())
    write_lines(
        [
            f"{PROGRAM} {_version(PROGRAM)}",
            f"python {platform.python_version()}, {platform.platform()}",
            f"packages: {', '.join(f'{name} {_version(name)}' for name in _PACKAGES)}",
            f"model: {_model(model)}",
            f"cache: {vectors.path}, {vectors.count():,} vectors, {_mebibytes(vectors.size())}",
            f"threads: {workers()} of {os.cpu_count()} processors",
        ],
        "-",
    )


@click.command()
@click.argument("action", type=click.Choice(["show", "clear"]), default="show")
@click.option(
    "--cache",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of the cache; default: the user's cache folder.",
)
def cache(action: str, folder: Path | None) -> None:
    """Show or clear the cache of vectors, which saves encoding a title again.

    The environment variable HEADLINE_DEDUPE_CACHE names another folder for all commands.

    Example: headline-dedupe cache clear
    """
    from dedupe.embedding.cache import VectorCache, default_folder

    vectors = VectorCache(folder or default_folder())
    if action == "clear":
        lines = [f"{PROGRAM}: freed {_mebibytes(vectors.clear())} in {vectors.path}"]
    else:
        lines = [
            f"path: {vectors.path}",
            f"entries: {vectors.count():,}",
            f"size: {_mebibytes(vectors.size())}",
            f"limit: {_mebibytes(vectors.limit)}",
        ]
    if vectors.trouble:
        raise OutputError(vectors.trouble)
    write_lines(lines, "-")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that lets the shell complete commands and options.

    Example: headline-dedupe completion bash >> ~/.bashrc
    """
    completer = get_completion_class(shell)
    variable = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
    if completer is not None:
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
