"""Workers as actors of Ray: with a Ray that only pretends, and with the true one if it is there."""

from __future__ import annotations

import signal
import sys
from types import SimpleNamespace

import pytest
from pytest_socket import enable_socket

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.corpus_prediction.claims import owner_of_this_process
from spanbert_allen.corpus_prediction.merging import merge
from spanbert_allen.corpus_prediction.on_ray import (
    RayWorker,
    check_resources,
    predict_on_ray,
    resources,
)
from spanbert_allen.corpus_prediction.run_folder import begin_run, open_run
from tests import places
from tests.corpus_prediction.fakes import begin, manifest_of
from tests.corpus_prediction.killing import kill_this_process
from tests.forks import exit_status, fork


class GetTimeoutError(Exception):
    pass


class RayActorError(Exception):
    pass


class RayTaskError(Exception):
    def __init__(self, cause):
        super().__init__()
        self.cause = cause


class FakeRay:
    """A cluster whose only actor comes to a given end: `None` while it works."""

    exceptions = SimpleNamespace(
        GetTimeoutError=GetTimeoutError, RayActorError=RayActorError, RayTaskError=RayTaskError
    )

    def __init__(self, end=None, *, has_begun=True):
        self.end, self.has_begun = end, has_begun
        self.options = self.work = self.killed = None

    def remote(self, **options):
        self.options = options
        return lambda _: SimpleNamespace(remote=lambda: self.actor)

    @property
    def actor(self):
        def work(*arguments):
            self.work = arguments
            return "work"

        methods = {"owner": lambda: "owner", "work": work}
        return SimpleNamespace(**{n: SimpleNamespace(remote=m) for n, m in methods.items()})

    def wait(self, references, timeout):
        return (references, []) if self.end is not None else ([], references)

    def get(self, reference, timeout=None):
        if reference == "owner":
            if not self.has_begun:
                raise GetTimeoutError
            return "process 7 on far"
        if isinstance(self.end, Exception):
            raise self.end
        return self.end

    def kill(self, actor):
        self.killed = actor


@pytest.fixture
def run(tmp_path):
    return begin(tmp_path)


@pytest.mark.parametrize(
    ("end", "status"),
    [(None, None), (0, 0), (RayActorError(), -9), (RayTaskError(DataError("bad disk")), 1)],
)
def test_an_actor_ends_as_a_process_would(run, end, status):
    worker = RayWorker(FakeRay(end), run, 3)
    assert worker.poll() == status
    assert worker.said() == ("bad disk" if status == 1 else "")


def test_an_actor_works_on_the_folder_of_the_run(run):
    ray = FakeRay()
    worker = RayWorker(ray, run, 3)
    assert ray.work == (str(run.path.absolute()), 3)
    assert ray.options == {"num_cpus": 1.0, "num_gpus": 0.0, "max_restarts": 0}
    assert worker.owner == "process 7 on far"
    worker.stop()
    assert ray.killed is not None


def test_an_actor_without_a_place_has_no_claims(run):
    worker = RayWorker(FakeRay(has_begun=False), run, 0)
    assert run.claim(next(run.open_jobs()))
    assert run.job_of(worker.owner) is None
    assert run.job_of(owner_of_this_process()) is not None


def test_a_worker_takes_its_threads_and_a_gpu_if_the_run_is_for_gpus(tmp_path):
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(b"weights")
    manifest = manifest_of(archive, [], threads=4, device="cuda")
    assert resources(manifest) == {"CPU": 4.0, "GPU": 1.0}


def test_a_cluster_without_a_place_for_a_worker_is_refused():
    check_resources({"CPU": 4.0}, {"CPU": 4.0})
    with pytest.raises(ConfigError, match="a worker needs 1 GPU, and the whole cluster has 0"):
        check_resources({"CPU": 1.0, "GPU": 1.0}, {"CPU": 4.0})


def test_without_ray(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"`pip install 'spanbert-allen\[ray\]'`"):
        predict_on_ray(run, workers=1, wait=lambda: None)


@pytest.mark.parametrize(
    ("address", "message"),
    [(None, "Ray did not start on this machine"), ("far:1", "--ray-address far:1: no cluster")],
)
def test_ray_does_not_start(run, monkeypatch, address, message):
    asked = []

    def init(**options):
        asked.append(options["address"])
        raise ConnectionError("timed out")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=init))
    with pytest.raises(ConfigError, match=message):
        predict_on_ray(run, workers=1, wait=lambda: None, address=address)
    assert asked == [address or "local"]  # without an address, Ray takes a cluster that it finds


def drive_until_killed(path):
    """Be the driver of two actors, killed when they have settled a job."""
    run = open_run(path)

    def look():
        if any(map(run.is_settled, run.jobs())):
            kill_this_process()

    predict_on_ray(run, workers=2, wait=look)


def reports_of(run):
    return {path: path.stat().st_mtime_ns for path in (run.path / "reports").glob("*.json")}


@pytest.mark.slow
@pytest.mark.timeout(1200)  # four actors start, of which each imports torch and AllenNLP
def test_two_actors_and_those_of_a_killed_driver_give_what_one_process_gives(tmp_path):
    ray = pytest.importorskip("ray", reason="ray is an extra and not installed here")
    import spanbert_allen

    enable_socket()
    archive = places.FIXTURES / "archives" / "coref_light.tar.gz"
    texts = tmp_path / "texts.jsonl"
    texts.write_text('"Ida left. She ran."\n{\n"He saw Bo. Bo saw him."\n' + '"It is."\n' * 60)
    run = begin_run(tmp_path / "out", manifest_of(archive, [texts]), {})
    killed = fork(drive_until_killed, run.path, said=tmp_path / "said")
    assert exit_status(killed) == -signal.SIGKILL, (tmp_path / "said").read_text()[-2000:]
    before = reports_of(run)
    assert before
    predictor = spanbert_allen.load(archive)
    predictor.source = str(texts)
    predict_on_ray(run, workers=2, wait=lambda: None)
    assert not ray.is_initialized()
    assert before.items() <= reports_of(run).items()
    assert merge(run).read_text().splitlines(keepends=True) == [
        predictor.dump_line(predictor.predict_json(record))
        for record in predictor.records(predictor.source)
    ]
