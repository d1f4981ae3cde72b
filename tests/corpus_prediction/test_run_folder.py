import dataclasses

import pytest

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.corpus_prediction import run_folder
from spanbert_allen.corpus_prediction.manifest import input_files
from spanbert_allen.corpus_prediction.merging import merge
from spanbert_allen.corpus_prediction.run_folder import CountJob, RunFolder, begin_run, open_run
from spanbert_allen.corpus_prediction.worker import work
from tests.corpus_prediction.fakes import FakePredictor, begin, manifest_of, never, run_all


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"shard_records": 3}, "--shard-records 2, and not with --shard-records 3"),
        ({"predictor_args": {"probabilities": True}}, '--predictor-args {"probabilities": true}'),
        ({"device": "cuda"}, '--device "cpu", and not with --device "cuda"'),
    ],
)
def test_a_changed_option_is_refused(tmp_path, changed, told):
    run = begin(tmp_path)
    with pytest.raises(ConfigError, match="results of both would be mixed") as error:
        begin_run(run.path, dataclasses.replace(run.manifest, **changed), changed)
    assert told in str(error.value)


def test_an_option_that_is_not_named_stays_what_it_was(tmp_path):
    run = begin(tmp_path)
    other = dataclasses.replace(run.manifest, threads=7)
    assert begin_run(run.path, other, {}).manifest == run.manifest


def test_another_archive_is_refused_and_a_moved_one_is_not(tmp_path):
    run = begin(tmp_path)
    moved, other = tmp_path / "moved.tar.gz", tmp_path / "other.tar.gz"
    moved.write_bytes(b"weights")
    other.write_bytes(b"others")
    (tmp_path / "model.tar.gz").unlink()
    given = {"archive": manifest_of(moved, []).archive}
    assert begin_run(run.path, run.manifest, given).manifest.archive == given["archive"]
    open_run(run.path).manifest.check_files()
    with pytest.raises(ConfigError, match="an archive of hash"):
        begin_run(run.path, run.manifest, {"archive": manifest_of(other, []).archive})


def test_changed_inputs_are_refused(tmp_path):
    run = begin(tmp_path)
    (tmp_path / "one.txt").write_text("x\nb b\nbad\nd d d\ne\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"one\.txt: this file has changed since"):
        run.manifest.check_files()
    inputs = manifest_of(
        tmp_path / "model.tar.gz", [one.path for one in run.manifest.inputs]
    ).inputs
    with pytest.raises(DataError, match=r"one\.txt: this file has changed since"):
        begin_run(run.path, run.manifest, {"inputs": inputs})
    changed = manifest_of(tmp_path / "model.tar.gz", [tmp_path / "one.txt"])
    with pytest.raises(ConfigError, match=r"2 inputs of .* and not with 1 inputs"):
        begin_run(run.path, changed, {"inputs": changed.inputs})


def test_a_folder_of_something_else_is_refused(tmp_path):
    run = begin(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").touch()
    with pytest.raises(ConfigError, match=r"holds something else \(thesis\.txt\)"):
        begin_run(other, run.manifest, {})
    with pytest.raises(DataError, match="no run was begun in this folder"):
        open_run(other)


def test_a_run_of_another_version_is_refused(tmp_path):
    manifest = begin(tmp_path).path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": "', '"version": "0.0.'))
    with pytest.raises(ConfigError, match=r"begun by version 0\.0\."):
        open_run(tmp_path / "out")


def test_a_manifest_that_is_none_is_one_sentence(tmp_path):
    (begin(tmp_path).path / "manifest.json").write_text("[]")
    with pytest.raises(DataError, match="this is no manifest"):
        open_run(tmp_path / "out")


def test_inputs_are_files_and_globs_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.txt", "a.txt", "c/d.txt", "[x].txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [path.name for path in input_files(["[x].txt", "**/?.txt"], tmp_path / "out")]
    assert names == ["[x].txt", "a.txt", "b.txt", "d.txt"]
    for patterns, told in {
        ("a.txt", "a.*"): "named twice",
        ("*.none",): "no file has such a name",
        ("none.txt",): "no such file",
        ("c",): r"a folder: give its files, as in 'c/\*\*",
    }.items():
        with pytest.raises(DataError, match=told):
            input_files(patterns, tmp_path / "out")
    with pytest.raises(DataError, match="among the results"):
        input_files(["c/d.txt"], tmp_path / "c")


def test_a_job_is_of_one_worker_until_it_is_released(tmp_path):
    run = begin(tmp_path)
    job = next(run.open_jobs())
    claim = run.claim(job)
    assert run.claim(job) is None
    assert run.is_claimed(job)
    claim.release(is_settled=False)
    assert not run.is_claimed(job)
    run.settle(job, {"records": 1})
    assert run.claim(job) is None


@pytest.mark.parametrize("is_done_first", [True, False])
def test_a_job_that_one_of_two_workers_has_done_has_not_failed(tmp_path, is_done_first):
    run, job = begin(tmp_path), CountJob(0)
    if not is_done_first:
        run.fail(job, "its file was gone")
    run.settle(job, {"records": 1})
    if is_done_first:
        run.fail(job, "its file was gone")
    assert not list(run.failed_jobs())
    assert not list(open_run(run.path).failed_jobs())


@pytest.mark.parametrize("settle", [RunFolder.settle, RunFolder.fail])
def test_what_another_process_writes_is_removed_once_a_job_is_settled(
    tmp_path, monkeypatch, settle
):
    run, job, seen = begin(tmp_path), CountJob(0), []
    monkeypatch.setattr(run_folder, "remove_parts", lambda _path: seen.append(run.is_settled(job)))
    settle(run, job, {})
    assert seen and all(seen)


def test_a_run_that_is_not_complete_is_not_merged(tmp_path):
    run = begin(tmp_path)
    with pytest.raises(ConfigError, match="2 jobs are left and 0 have failed"):
        merge(run)
    run.fail(CountJob(0), "broken")
    work(run, FakePredictor(), wait=never)
    with pytest.raises(ConfigError, match="--retry-failed"):
        merge(run)


def test_a_result_that_was_changed_is_not_merged(tmp_path):
    run_all(tmp_path)
    run = open_run(tmp_path / "out")
    shard = next(run.shards(1))
    run.result(shard).write_text("{}\n")
    with pytest.raises(DataError, match="this is not what was written: remove"):
        merge(run)
    run.report_path(shard).unlink()
    assert run_all(tmp_path) == shard.size
