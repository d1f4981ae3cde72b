"""The executor `ray`: workers are actors of a Ray cluster, or of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spanbert_allen.common.errors import ConfigError, shortened
from spanbert_allen.corpus_prediction.claims import owner_of_this_process
from spanbert_allen.corpus_prediction.local import predict_locally
from spanbert_allen.corpus_prediction.manifest import Manifest
from spanbert_allen.corpus_prediction.run_folder import RunFolder
from spanbert_allen.corpus_prediction.starting import run_worker

_FAILED = 1
_KILLED = -9
_NO_OWNER = "a worker that has not begun"


def predict_on_ray(
    run: RunFolder,
    *,
    workers: int,
    wait: Callable[[], None],
    address: str | None = None,
) -> None:
    """
    Let the actors of Ray do the jobs of a run until all are settled.

    Each actor loads the model once and takes jobs as any other worker does: Ray finds it a place,
    and nothing of the run depends on Ray. This process needs no processor of the cluster.

    # Parameters

    run : `RunFolder`
        The run; on a cluster its folder, archive and inputs must be on a disk that all nodes see.
    workers : `int`
        The number of actors; those for which the cluster has no place wait for one.
    wait : `Callable[[], None]`
        Called between two looks at the actors.
    address : `str`, optional (default = `None`)
        The cluster, such as `auto` or `ray://head:10001`; with `None`, Ray is started here, and
        ends with this.

    # Errors

    `ConfigError` if Ray is not installed, or the cluster has no place for a single actor; and what
    a worker said of an error that ends the run.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ConfigError(
            "--executor ray: Ray is not installed: `pip install 'spanbert-allen[ray]'`, or leave "
            "the option out"
        ) from error
    needed = resources(run.manifest)
    _connect(ray, address, num_processors=workers * int(needed["CPU"]))
    try:
        check_resources(needed, ray.cluster_resources())
        predict_locally(
            run,
            workers=workers,
            wait=wait,
            start=lambda run, number: RayWorker(ray, run, number),
        )
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str | None, num_processors: int) -> None:
    """Connect to a cluster, or start Ray on this machine."""
    alone = {"num_cpus": num_processors, "include_dashboard": False} if address is None else {}
    try:
        # Without an address Ray would take a cluster that it finds here, whatever its size.
        ray.init(address=address or "local", log_to_driver=False, **alone)
    except Exception as error:  # Ray has no kind of its own for what may go wrong here
        place = "Ray did not start on this machine"
        cure = "try again when it has less to do, or use the executor local"
        if address is not None:
            place = f"--ray-address {address}: no cluster of Ray answered"
            cure = "check the address, or leave it out to start Ray on this machine"
        raise ConfigError(f"{place} ({shortened(str(error))}): {cure}") from error


def resources(manifest: Manifest) -> dict[str, float]:
    """Return what an actor needs, by Ray's names."""
    needed = {"CPU": float(manifest.threads)}
    return needed if manifest.device == "cpu" else {**needed, "GPU": 1.0}


def check_resources(needed: dict[str, float], available: dict[str, float]) -> None:
    """
    Check that a cluster has a place for an actor.

    # Errors

    `ConfigError` if it has not: an actor would wait for ever.
    """
    for name, number in needed.items():
        if available.get(name, 0.0) < number:
            raise ConfigError(
                f"--executor ray: a worker needs {number:g} {name}, and the whole cluster has "
                f"{available.get(name, 0.0):g}: give a larger cluster, fewer --threads or another "
                "--device when the run begins"
            )


class RayWorker:
    """
    Run a worker as an actor of Ray.

    # Parameters

    ray : `module`
        Ray, connected to its cluster.
    run : `RunFolder`
        What it works on.
    number : `int`
        Its number.
    """

    def __init__(self, ray: Any, run: RunFolder, number: int) -> None:
        self._ray = ray
        needed = resources(run.manifest)
        options = {"num_cpus": needed["CPU"], "num_gpus": needed.get("GPU", 0.0)}
        # Another actor is started by `predict_locally`, which counts how often one dies.
        self._actor = ray.remote(**options, max_restarts=0)(Actor).remote()
        self._owner = self._actor.owner.remote()
        self._work = self._actor.work.remote(str(run.path.absolute()), number)
        self._said = ""

    @property
    def owner(self) -> str:
        """Return what the actor writes into its claims."""
        try:
            owner: str = self._ray.get(self._owner, timeout=0)
        except (self._ray.exceptions.GetTimeoutError, self._ray.exceptions.RayActorError):
            return _NO_OWNER
        return owner

    def poll(self) -> int | None:
        """Return the exit status that a process would have; `None` while the actor works."""
        ready, _ = self._ray.wait([self._work], timeout=0)
        if not ready:
            return None
        try:
            self._ray.get(self._work)
        except self._ray.exceptions.RayActorError:
            return _KILLED
        except self._ray.exceptions.RayTaskError as error:
            self._said = str(error.cause)
            return _FAILED
        return 0

    def said(self) -> str:
        """Return the error that ended it."""
        return self._said

    def stop(self) -> None:
        """End it."""
        self._ray.kill(self._actor)


class Actor:
    """A worker in a process of Ray."""

    def owner(self) -> str:
        """Return what this process writes into its claims."""
        return owner_of_this_process()

    def work(self, path: str, number: int) -> None:
        """Load the model of a run, and do jobs until all are settled."""
        # Ray shows the actor no other GPU than its own.
        run_worker(Path(path), number=number)
