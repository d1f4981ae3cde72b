import errno
import json
import os

from spanbert_allen.common.errors import DataError
from spanbert_allen.corpus_prediction import claims
from spanbert_allen.corpus_prediction.merging import merge
from spanbert_allen.corpus_prediction.progress import Rate, progress_of, status_lines
from spanbert_allen.corpus_prediction.run_folder import CountJob, Shard, open_run
from spanbert_allen.corpus_prediction.worker import work
from tests.corpus_prediction.fakes import FakePredictor, begin, never, run_all


def read_merged(folder):
    return (folder / "out" / "predictions.jsonl").read_text().splitlines()


def test_results_come_in_the_order_of_the_inputs_with_bad_records_marked(tmp_path):
    run_all(tmp_path)
    results = [json.loads(line) for line in read_merged(tmp_path)]
    texts = [one.get("text") or one["error"] for one in results]
    assert texts == ["A", "B B", "it is bad", "D D D", "E", "F", "G", "H"]
    assert results[5]["doc_key"] == "two:1"


def test_a_file_is_counted_once_and_its_shards_are_read_in_one_pass(tmp_path):
    predictor = FakePredictor()
    work(begin(tmp_path), predictor, wait=never)
    assert predictor.num_read == 2 * predictor.num_predicted


def test_a_name_is_that_of_the_record_s_file_though_another_was_counted_meanwhile(tmp_path):
    """As the input that a killed worker had been counting is, between two shards of another."""
    run = begin(tmp_path)
    predictor = FakePredictor()
    take, count, last = predictor.predict_batch_json, run.claim(CountJob(1)), None

    def others_are_killed():
        count.release(is_settled=False)
        last.release(is_settled=False)

    def predict(inputs):
        nonlocal last
        if last is None:
            last = run.claim(Shard(0, 2, 4, 1))
        return take(inputs)

    predictor.predict_batch_json = predict
    work(run, predictor, wait=others_are_killed)
    merge(run)
    keys = [json.loads(line).get("doc_key") for line in read_merged(tmp_path)]
    assert keys == ["one:1", "one:2", None, "one:4", "one:5", "two:1", "two:2", "two:3"]


def test_shards_that_another_worker_had_are_taken_when_it_is_gone(tmp_path):
    run = begin(tmp_path)
    claim = run.claim(CountJob(0))
    waited = []

    def other_is_killed():
        waited.append(progress_of(run).records_done)
        claim.release(is_settled=False)

    work(run, FakePredictor(), wait=other_is_killed)
    assert waited == [3]
    merge(run)
    assert len(read_merged(tmp_path)) == 8


def test_on_a_disk_without_locks_a_shard_may_be_done_twice(tmp_path, monkeypatch):
    """As by an actor whose driver was killed, and that did not end yet."""
    monkeypatch.setattr(claims, "fcntl", None)
    run = begin(tmp_path)

    class Overtaken(FakePredictor):
        def predict_batch_json(self, inputs):
            if not self.num_predicted:
                with monkeypatch.context() as patched:
                    patched.setattr(os, "getpid", lambda: 1)
                    work(open_run(run.path), FakePredictor(), wait=never)
            return super().predict_batch_json(inputs)

    work(run, Overtaken(), wait=never)
    assert not list(run.failed_jobs())
    assert not list(run.path.rglob("*.part"))
    merge(run)
    assert len(read_merged(tmp_path)) == 8


def test_a_worker_whose_driver_is_gone_begins_no_further_job(tmp_path):
    run = begin(tmp_path)
    work(run, FakePredictor(), wait=never, goes_on=lambda: progress_of(run).counted < 2)
    assert progress_of(run).records_done == 0


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    """At each of the waits for the disk in turn, and the run goes on when there is space again."""
    (tmp_path / "calm").mkdir()
    run_all(tmp_path / "calm")
    sync, number, is_full = os.fsync, 0, True
    while is_full:
        folder = tmp_path / str(number)
        folder.mkdir()
        left = number

        def full(file):
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            sync(file)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            try:
                run_all(folder)
                is_full = False
            except DataError as error:
                assert "the disk is full" in str(error)
                assert "the same command goes on from there" in str(error)
        assert not list(folder.rglob("*.part"))
        run_all(folder)
        assert not list((folder / "out" / "failures").iterdir())
        assert read_merged(folder) == read_merged(tmp_path / "calm")
        number += 4
    assert number > 20


def test_an_input_that_cannot_be_read_fails_alone_and_is_tried_again_when_asked(tmp_path):
    run = begin(tmp_path)
    packed = tmp_path / "two.txt.gz"
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-9])
    work(run, FakePredictor(), wait=never)
    progress = progress_of(run)
    assert (progress.failed, progress.records_done) == (1, 5)
    assert "this file has changed since the run began" in list(status_lines(run))[-1]
    packed.write_bytes(whole)
    work(run, FakePredictor(), wait=never)  # what failed is left alone
    assert progress_of(run).failed == 1
    assert run.forget_failures() == 1
    work(run, FakePredictor(), wait=never)
    merge(run)
    assert len(read_merged(tmp_path)) == 8


def test_a_shard_that_the_model_cannot_do_fails_alone(tmp_path, caplog):
    class Broken(FakePredictor):
        def predict_batch_json(self, inputs):
            if inputs[0]["text"] == "bad":
                raise MemoryError
            return super().predict_batch_json(inputs)

    run = begin(tmp_path)
    work(run, Broken(), wait=never)
    ((job, reason),) = run.failed_jobs()
    assert (job.name, reason) == ("000000-0000001", f"{tmp_path / 'one.txt'}: MemoryError")
    assert progress_of(run).records_done == 6
    assert "000000-0000001 failed" in caplog.text
    assert not list(run.path.rglob("*.part"))


def test_the_status_tells_what_is_done_in_work_and_bad(tmp_path):
    run = begin(tmp_path)
    assert "0 of 0 records, 0 of 0 shards, 0 of 2 inputs counted" in next(status_lines(run))
    claim = run.claim(CountJob(1))
    assert "in work: 000001-count" in list(status_lines(run))
    claim.release(is_settled=False)
    run_all(tmp_path)
    first, bad = status_lines(open_run(run.path))
    assert first == f"{run.path}: 8 of 8 records, 5 of 5 shards, 1 bad records"
    assert bad == (
        f"1 of 5 records of one.txt are bad; the first: {tmp_path / 'one.txt'}:3: it is bad"
    )


def test_the_rate_counts_words_of_this_start_only(tmp_path):
    run = begin(tmp_path)
    work(run, FakePredictor(), wait=never, goes_on=lambda: progress_of(run).shards_done < 3)
    now = iter([10.0, 10.0, 12.0])
    before = progress_of(run)
    rate = Rate(before, clock=lambda: next(now))
    assert rate.line(before) == ""
    work(run, FakePredictor(), wait=never, goes_on=lambda: progress_of(run).shards_done < 4)
    assert rate.line(progress_of(run)) == "1 words/s, 0:00:01 left"
