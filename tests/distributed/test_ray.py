"""Jobs on a Ray cluster of two nodes: the output of one machine, also where a node is lost, and errors as they are."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from types import ModuleType

import pytest

from dedupe.distributed import deduplicate
from dedupe.distributed.cluster import connected
from dedupe.distributed.engine import OnRay
from dedupe.errors import InputError
from tests.distributed.support import job_of
from tests.support import corpus
from tests.support.command_line import ROOT
from tests.support.whole_jobs import NOW, check_summary, damaged, one_machine, written

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow
OPTIONS = {"window": "3d", "reader": "off"}
PATIENCE = 400  # seconds; all takes a few on a machine that has nothing else to do
MAIN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from dedupe.__main__ import main; main()"
)


@pytest.fixture(scope="module")
def nodes():
    from cluster_nodes import two_nodes

    with two_nodes() as nodes:
        session = nodes.session
        assert running(session)
        yield nodes
    eventually(lambda: not running(session))


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds, which takes long where the machine has much to do."""
    end = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < end
        sleep(0.05)


def processes(name: str) -> dict[int, str]:
    """A file of each process of this machine, by its number."""
    found = {}
    for path in Path("/proc").glob(f"[0-9]*/{name}"):
        with suppress(OSError):  # it ended, or is another's
            found[int(path.parent.name)] = path.read_bytes().decode(errors="replace")
    return found


def running(session: str) -> set[int]:
    """The processes of a Ray session."""
    return {process for process, command in processes("cmdline").items() if session in command}


def at_work(session: str) -> set[int]:
    """The processes of a Ray session that run a task; there may be other sessions on this machine."""
    nodes, parents = running(session), processes("stat")
    tasks = {process for process, command in processes("cmdline").items() if re.match(r"ray::\w+ \d", command)}
    return {
        process for process in tasks & parents.keys() if int(parents[process].rpartition(")")[2].split()[1]) in nodes
    }


def start(path, out, nodes, **options):
    return deduplicate(path, out, address=nodes.address, now=NOW, **{"rows_per_part": 9} | OPTIONS | options)


@pytest.fixture
def path(tmp_path):
    return corpus.write(tmp_path, corpus.table(40, seed=2), 3)


def test_two_nodes_have_the_output_of_one_machine(nodes, path, tmp_path):
    result, expected = one_machine([path], **OPTIONS)
    seen = []
    summary = start(path, tmp_path / "out", nodes, progress=lambda *done: seen.append(done))
    assert written(tmp_path / "out").equals(expected)
    check_summary(summary, result)
    assert ("rows", 40, 40) in seen and not ray.is_initialized()


def test_a_lost_node_changes_nothing(nodes, path, tmp_path):
    lost = []

    def lose(step, done, total):
        if step in ("rows", "vectors", "output") and step not in lost and 0 < done < total:
            lost.append(step)
            nodes.lose_one()

    start(path, tmp_path / "out", nodes, progress=lose)
    assert lost == ["rows", "vectors", "output"]
    assert written(tmp_path / "out").equals(one_machine([path], **OPTIONS)[1])


def test_an_error_of_a_task_is_raised_as_it_is_and_ends_the_job(nodes, path, tmp_path):
    damaged(path, group=4)
    with pytest.raises(InputError, match=rf"^row group 4 of {path} is damaged \(.*\): get the file again$") as error:
        start(path, tmp_path / "out", nodes)
    assert error.value.__cause__ is None and not ray.is_initialized()


def test_a_machine_without_the_code_is_one_line_and_a_connection_of_the_caller_stays_open(
    nodes, path, tmp_path, monkeypatch
):
    only_here = ModuleType("only_here")
    exec("def task(job, part): ...", only_here.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", only_here)
    ray.init(nodes.address, log_to_driver=False)
    try:
        with (
            connected(None),
            pytest.raises(InputError, match=r"No module named 'only_here'.*: install the same version"),
        ):
            OnRay().run(job_of([path], tmp_path / "work"), "a step", only_here.task, [0])
        assert ray.is_initialized()
    finally:
        ray.shutdown()


@pytest.mark.parametrize(
    ("address", "message"),
    [("127.0.0.1:1", "does not answer"), ("ray://127.0.0.1:1", "does not answer"), ("nowhere", "cannot be used")],
)
def test_a_cluster_that_does_not_answer_is_one_line_at_once(path, tmp_path, address, message):
    with pytest.raises(InputError, match=rf"^the cluster at {address} {message} \(.*\): start it, or name another$"):
        deduplicate(path, tmp_path / "out", address=address)
    assert not (tmp_path / "out").exists()


def marked(mark: Path) -> set[int]:
    """The processes of a program, and those that these started."""
    return {process for process, environment in processes("environ").items() if f"MARK={mark}\0" in environment}


@contextmanager
def program(*args, mark=""):
    """The command, which ends with the test. `mark`: what the environment of all its processes has."""
    command = [sys.executable, "-c", MAIN, "cluster", *map(str, args), "--engine", "ray", "--rows-per-part", "9"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | {"MARK": mark}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=-1, stderr=-1, text=True) as process:
        try:
            yield process
        finally:
            process.kill()  # does nothing to one that ended


def test_a_cluster_of_this_machine_is_started_and_stopped_by_the_command(path, tmp_path):
    options = ("--now", NOW, "--window", "3d", "--reader", "off")
    with program(path, "-o", tmp_path / "out", *options, mark=str(tmp_path)) as process:
        eventually(lambda: process.poll() is not None or len(marked(tmp_path)) > 1)
        output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert output == "" and "40 headlines" in errors and "warning: " in errors
    assert all(line.startswith("headline-dedupe: ") for line in errors.splitlines())
    assert written(tmp_path / "out").equals(one_machine([path], **OPTIONS)[1])
    eventually(lambda: not marked(tmp_path))


def test_an_interrupted_command_says_so_and_leaves_nothing_running(nodes, path, tmp_path):
    with program(path, "-o", tmp_path / "out", "--address", nodes.address, "--reader", "all") as process:
        eventually(lambda: process.poll() is not None or at_work(nodes.session))
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=PATIENCE)[1]
    assert (errors.splitlines()[-1], process.returncode) == ("headline-dedupe: interrupted", 130)
    assert "Traceback" not in errors
    eventually(lambda: not at_work(nodes.session))
