"""What crash.py disturbs: commands in folders of their own, and what must be true of a folder afterwards."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dedupe.embedding.cache import FILE

ROOT = Path(__file__).parents[1]
INTERRUPTED = "headline-dedupe: interrupted\n"
LIMIT = 600  # seconds that a run may take on a busy machine
SUBJECTS = "ferry bank museum storm orchid".split()
EVENTS = ("{} reopens in {}", "{} closes in {}", "In {1}, {0} wins prize", "{} in {} hurt by strike", "{} of {} fined")
PLACES = "Oslo Porto Ghent Turin".split()


def labelled_rows() -> list[dict[str, str]]:
    """Invented headlines, five of each story; the stories are labelled."""
    return [
        {"title": event.format(subject.title(), place), "story": f"{subject} {place}"}
        for subject in SUBJECTS
        for place in PLACES
        for event in EVENTS
    ]


class Scenario:
    """A command, the files that are there before, and those that it writes; `folder` is for the trials.

    The class that is used as it is has one command and compares files with those of an undisturbed run.
    """

    arguments: tuple[str, ...] = ()
    before: Mapping[str, str] = MappingProxyType({})
    written: tuple[str, ...] = ()
    interruptible = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reference: dict[str, bytes] = {}
        self._seconds: float | None = None

    @property
    def seconds(self) -> float:
        """How long the last undisturbed run took: at first the second of two, when the system has read everything."""
        if self._seconds is None:
            for _ in range(2):
                place = self.prepared("undisturbed")
                began = time.monotonic()
                process = self.started(place)
                errors = process.communicate(timeout=LIMIT)[1]
                self._seconds = time.monotonic() - began
                assert process.returncode == 0, errors
                self._reference = {name: (place / name).read_bytes() for name in self.written}
                assert not {text.encode() for text in self.before.values()} & set(self._reference.values())
        return self._seconds

    def prepared(self, name: str) -> Path:
        """Make a folder for a trial."""
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        with (place / "news.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in labelled_rows())
        for path, text in self.before.items():
            (place / path).parent.mkdir(exist_ok=True)
            (place / path).write_text(text, encoding="utf-8")
        return place

    def started(self, place: Path) -> subprocess.Popen[str]:
        """Start the command in a folder."""
        command = [sys.executable, "-m", "dedupe", *self.arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "HEADLINE_DEDUPE_CACHE": str(self.cache(place))}
        pipes: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=place, env=environment, preexec_fn=_take_interrupts, **pipes)

    def cache(self, place: Path) -> Path:
        """The folder of the vector cache; all trials share one, so that they spend little time on encoding."""
        return self.folder / "vectors"

    def killed(self, number: int, moment: float) -> str:
        """Kill a run at a share of its time, look at the folder, run again, look again, and return the outcome."""
        wait, place = moment * self.seconds, self.prepared(f"kill {number}")
        with self.started(place) as process:
            ended = _disturbed(process, wait, signal.SIGKILL)
        outcome = self.state(place)
        if ended and outcome != "new files":
            return f"ended with {outcome}"
        began, again = time.monotonic(), self.started(place)
        errors = again.communicate(timeout=LIMIT)[1]
        if not again.returncode:
            self._seconds = time.monotonic() - began  # other work may make it longer or shorter than before
        if again.returncode and "exists" in errors and outcome == "new files":
            again.returncode = 0  # without --force, a complete file stays
        if again.returncode:
            return f"the next run fails: {errors.strip()[-200:]}"
        if self.state(place) != "new files":
            return f"{outcome}, and {self.state(place)} after the next run"
        if left := self.left_over(place):
            return f"left over after the next run: {', '.join(left)}"
        shutil.rmtree(place)
        return "ended before" if ended else outcome

    def interrupted(self, number: int, moment: float) -> str:
        """Interrupt a run at a share of its time, and return the outcome."""
        wait, place = moment * self.seconds, self.prepared(f"interrupt {number}")
        process = self.started(place)
        ended = _disturbed(process, wait, signal.SIGINT)
        errors = process.communicate(timeout=LIMIT)[1]
        state, left, code = self.state(place), self.left_over(place), process.returncode
        shutil.rmtree(place)
        if left:
            return f"left over: {', '.join(left)}"
        if state not in ("old files", "new files"):
            return state
        if ended or (code == 0 and state == "new files"):
            return "ended before"
        if code == -signal.SIGINT or (code in (1, 130) and "Traceback" in errors and "dedupe" not in errors):
            return "before Python listened"
        return "interrupted" if (code, errors) == (130, INTERRUPTED) else f"exit code {code}: {errors.strip()[-200:]}"

    def state(self, place: Path) -> str:
        """Return "old files" or "new files", or what is wrong with them."""
        kinds = set()
        for name in self.written:
            path, old = place / name, self.before.get(name)
            content = path.read_bytes() if path.exists() else None
            if content == self._reference[name]:
                kinds.add("new files")
            elif content == (None if old is None else old.encode()):
                kinds.add("old files")
            else:
                return f"{name} is {'lost' if content is None else 'neither old nor new'}"
        return kinds.pop() if len(kinds) == 1 else "some files old, some new"

    def left_over(self, place: Path) -> list[str]:
        """Return the names of files that do not belong into the folder."""
        known = {*self.before, *self.written, "news.jsonl"}
        names = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
        return sorted(names - known)


class Cluster(Scenario):
    """All files of a run replace old ones."""

    written = ("out.csv", "pairs.jsonl", "report.html")
    before = dict.fromkeys(written, "old\n")
    arguments = tuple(
        "cluster news.jsonl -o out.csv --explain pairs.jsonl --report report.html --force --reader off".split()
    )


class Dedupe(Scenario):
    """A new file."""

    written = ("kept.jsonl",)
    arguments = ("dedupe", "news.jsonl", "-o", "kept.jsonl", "--reader", "off")


class Tune(Scenario):
    """A threshold is changed in a file that has other settings, and two plots are drawn."""

    written = ("desk.toml", *(f"desk-story-{name}.png" for name in ("reliability", "precision-recall")))
    before = MappingProxyType({"desk.toml": '# ours\nwindow = "3d" # days\nstory_threshold = 0.123\n'})
    arguments = ("tune", "news.jsonl", "-o", "desk.toml", "--recall", "0.5", "--reader", "off")


class Cache(Scenario):
    """Every trial begins without vectors, so that they are written all the time."""

    written = ("out.jsonl",)
    arguments = ("cluster", "news.jsonl", "-o", "out.jsonl", "--force", "--reader", "off")

    def cache(self, place: Path) -> Path:
        """A folder of the trial's own."""
        return place / "vectors"

    def state(self, place: Path) -> str:
        """Return the state of the files, unless the cache is damaged."""
        path = self.cache(place) / FILE
        if path.exists():
            with closing(sqlite3.connect(path)) as db:
                if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                    return "the cache is damaged"
        return super().state(place)

    def left_over(self, place: Path) -> list[str]:
        """Return the names of other files than those of the cache; one that was moved aside is not known."""
        files = {f"vectors/{FILE}{ending}" for ending in ("", "-wal", "-shm")}
        return [name for name in super().left_over(place) if name not in files]


class Label(Scenario):
    """Somebody answers at a terminal until the session is killed; what was confirmed must be there."""

    interruptible = False  # Ctrl-C is how people leave it
    answers = 12

    def killed(self, number: int, moment: float) -> str:
        """Answer questions, kill the session after a share of them, and compare the file with what it confirmed."""
        place = self.prepared(f"kill {number}")
        confirmed = self._session(place, moment * self.answers)
        path = place / "labels.csv"
        kept = max(0, len(path.read_text("utf-8").splitlines()) - 1) if path.exists() else 0
        if not confirmed <= kept <= confirmed + 1:  # the last one may be saved and not yet confirmed
            return f"{confirmed} answers confirmed, {kept} kept"
        more = self._session(place, None)
        total = len(path.read_text("utf-8").splitlines()) - 1
        if total != kept + more:
            return f"{kept} answers kept and {more} given, {total} in the end"
        if left := [name for name in self.left_over(place) if name != "labels.csv"]:
            return f"left over after the next session: {', '.join(left)}"
        shutil.rmtree(place)
        return "old files" if kept == 0 else "new files"

    @property
    def seconds(self) -> float:
        """Sessions are measured in answers."""
        return 0.0

    def _session(self, place: Path, until: float | None) -> int:
        """Answer questions and return how many answers were confirmed before the session was killed, or, for None, left."""
        command = [sys.executable, "-m", "dedupe", "label", "news.jsonl", "-o", "labels.csv"]
        os.environ |= {"PYTHONPATH": str(ROOT), "HEADLINE_DEDUPE_CACHE": str(self.cache(place)), "TERM": "dumb"}
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(place)
            os.execv(command[0], command)
        seen, key, end = b"", time.monotonic(), time.monotonic() + LIMIT
        while seen.count(CONFIRMED) < int(2 if until is None else until) and time.monotonic() < end:
            # A key that comes before the program listens is lost.
            if seen.count(QUESTION) > seen.count(CONFIRMED) and time.monotonic() - key > _LOST:
                os.write(terminal, b"d")
                key = time.monotonic()
            if select.select([terminal], [], [], 0.01)[0]:
                seen += _read(terminal)
        if until is not None:
            os.write(terminal, b"d")
            time.sleep(until % 1 * _LOST)
            os.kill(child, signal.SIGKILL)
        while True:
            if select.select([terminal], [], [], _LOST)[0]:
                if not (part := _read(terminal)):
                    break
                seen += part
            elif until is None:
                os.write(terminal, b"q")
        os.waitpid(child, 0)
        os.close(terminal)
        return seen.count(CONFIRMED)


QUESTION, CONFIRMED = b"[q] quit", b"> different"
_LOST = 0.5  # seconds after which a key is typed again


class Train(Scenario):
    """A model folder is replaced again and again, with its own writer and small files; training itself takes too long."""

    interruptible = False

    def killed(self, number: int, moment: float) -> str:
        """Kill a process that replaces the folder, and verify the folder that is left."""
        from multiprocessing import get_context

        from dedupe.embedding.model_folder import verify
        from dedupe.errors import ModelError

        place = self.prepared(f"kill {number}")
        replace_model(place / "model")
        process = get_context("fork").Process(target=_replace_forever, args=(place / "model",))
        process.start()
        time.sleep(moment * _SECONDS_OF_REPLACING)
        process.kill()
        process.join()
        try:
            verify(place / "model")
        except ModelError as error:
            return f"no whole model is left: {error}"
        replace_model(place / "model")
        left = sorted(path.name for path in place.iterdir() if path.name not in ("model", "news.jsonl"))
        if left:
            return f"left over after the next run: {', '.join(left)}"
        shutil.rmtree(place)
        return "new files"

    @property
    def seconds(self) -> float:
        """As long as kills are drawn from."""
        return _SECONDS_OF_REPLACING


_SECONDS_OF_REPLACING = 0.2


def replace_model(out: Path) -> None:
    """Write a model folder as training does."""
    from dedupe.embedding.model_folder import BUNDLED, FILES, MANIFEST
    from dedupe.runtime import silent
    from dedupe.training.output_folder import open_checkpoints, writing_folder

    record = json.loads((BUNDLED / MANIFEST).read_text(encoding="utf-8"))
    record = {name: value for name, value in record.items() if name not in ("format", "sha256")}
    open_checkpoints(out, {"seed": 0})
    with writing_folder(out, record, "trained", silent, force=True) as folder:
        for name in FILES:
            (folder / name).write_bytes(os.urandom(1000))


def _replace_forever(out: Path) -> None:
    while True:
        replace_model(out)


SCENARIOS: dict[str, type[Scenario]] = {
    "cluster": Cluster,
    "dedupe": Dedupe,
    "tune": Tune,
    "label": Label,
    "train": Train,
    "cache": Cache,
}


def _disturbed(process: subprocess.Popen[str], wait: float, number: signal.Signals) -> bool:
    """Send a signal after some seconds; return whether the process had ended before."""
    try:
        process.wait(timeout=wait)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        return False
    return True


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux tells the end of a terminal
        return b""


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background starts with it ignored
