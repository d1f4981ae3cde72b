import pytest

from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.corpus_prediction import local, on_ray
from spanbert_allen.corpus_prediction.progress import progress_of
from spanbert_allen.corpus_prediction.run_folder import CountJob, open_run
from spanbert_allen.corpus_prediction.worker import work
from tests.corpus_prediction.fakes import FakePredictor, never, write_inputs


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Call the command in a folder with inputs; its workers have no model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.tar.gz").write_bytes(b"weights")
    write_inputs(tmp_path)

    def predict(run, *, workers, wait):
        work(run, FakePredictor(), wait=never)

    monkeypatch.setattr(local, "predict_locally", predict)
    return lambda *arguments: main(["corpus-predict", *arguments])


@pytest.fixture
def begun(command):
    """The command, with a run that has begun in `out`."""
    inputs = ("*.txt", "*.txt.gz")
    options = ("--executor", "slurm", "--workers", "3")
    assert command("model.tar.gz", *inputs, "out", *options) == 0
    return command


def test_it_predicts_merges_and_tells_what_is_bad(command, tmp_path, capsys):
    status = command("model.tar.gz", "*.txt", "*.txt.gz", "out", "--merge", "--shard-records", "3")
    said = capsys.readouterr()
    assert status == 1  # as for `predict`: a record is bad
    assert "out: 8 of 8 records, 3 of 3 shards, 1 bad records\n" in said.out
    assert "one.txt:3: it is bad" in said.err
    assert len((tmp_path / "out" / "predictions.jsonl").read_text().splitlines()) == 8


def test_the_folder_alone_goes_on_shows_and_merges(begun, tmp_path, capsys):
    assert begun("out", "--status") == 0
    assert "0 of 2 inputs counted" in capsys.readouterr().out
    assert begun("out", "--merge") == 1
    assert (tmp_path / "out" / "predictions.jsonl").is_file()
    assert progress_of(open_run(tmp_path / "out")).records_done == 8


def test_the_engine_is_an_option_of_the_predictor_that_a_run_keeps(command, tmp_path):
    options = ("--predictor-args", '{"a": 1}', "--executor", "slurm")
    assert command("model.tar.gz", "*.txt", "out", *options, "--engine", "onnx") == 0
    assert open_run(tmp_path / "out").manifest.predictor_args == {"a": 1, "engine": "onnx"}
    assert command("out", "--engine", "onnx", *options[2:]) == 0
    with pytest.raises(ConfigError, match="results of both would be mixed"):
        command("out", "--engine", "onnx-int8")
    with pytest.raises(ConfigError, match="results of both would be mixed"):
        command("out", "--engine", "torch")


def test_the_default_engine_is_the_same_named_or_not(begun, tmp_path):
    assert begun("out", "--engine", "torch", "--executor", "slurm") == 0
    inputs = ("*.txt", "*.txt.gz")
    assert begun("model.tar.gz", *inputs, "out", "--engine", "torch", "--executor", "slurm") == 0
    assert open_run(tmp_path / "out").manifest.predictor_args == {}


def test_failures_are_tried_again_when_asked(begun, tmp_path):
    open_run(tmp_path / "out").fail(CountJob(1), "broken")
    assert begun("out") == 1
    assert progress_of(open_run(tmp_path / "out")).failed == 1
    assert begun("out", "--retry-failed") == 1
    assert progress_of(open_run(tmp_path / "out")).failed == 0


def test_the_executor_slurm_writes_its_script_and_predicts_nothing(begun, tmp_path, capsys):
    assert begun("out", "--executor", "slurm", "--workers", "3") == 0
    assert "`sbatch out/array_job.sh`, then look with --status\n" in capsys.readouterr().out
    assert begun("out", "--executor", "slurm", "--workers", "3", "--merge") == 0
    assert "--status and, when all is done, give --merge again\n" in capsys.readouterr().out
    assert "--array=0-2" in (tmp_path / "out" / "array_job.sh").read_text()
    assert progress_of(open_run(tmp_path / "out")).counted == 0


def test_the_executor_ray_is_given_its_address(begun, monkeypatch):
    given = {}
    monkeypatch.setattr(
        on_ray, "predict_on_ray", lambda run, *, wait, **options: given.update(options)
    )
    begun("out", "--executor", "ray", "--workers", "2", "--ray-address", "auto")
    assert given == {"workers": 2, "address": "auto"}
    with pytest.raises(ConfigError, match="give `--executor ray` with it"):
        begun("out", "--ray-address", "auto")


def test_changed_options_archives_and_inputs_are_refused(begun, tmp_path):
    for arguments in (
        ("out", "--shard-records", "7"),
        ("out", "--predictor-args", '{"a": 1}'),
        ("model.tar.gz", "*.txt", "out"),
        ("model.tar.gz", "*.txt", "*.txt.gz", "out", "--device", "cuda"),
    ):
        with pytest.raises(ConfigError, match="results of both would be mixed"):
            begun(*arguments)
    (tmp_path / "one.txt").write_text("")
    with pytest.raises(DataError, match="changed since the run began"):
        begun("out")


def test_an_option_of_the_command_is_none_of_the_predictor(command, tmp_path):
    with pytest.raises(ConfigError, match="`device` is no option of the predictor: give --device"):
        command("model.tar.gz", "*.txt", "out", "--predictor-args", '{"device": "cpu"}')
    assert not (tmp_path / "out").exists()


def test_a_start_that_fails_leaves_nothing_that_refuses_the_corrected_one(
    command, tmp_path, monkeypatch
):
    def fails(run, *, workers, wait):
        raise ConfigError("`windws` is no option")

    start = ("model.tar.gz", "*.txt", "out", "--predictor-args")
    with monkeypatch.context() as patched:
        patched.setattr(local, "predict_locally", fails)
        with pytest.raises(ConfigError, match="`windws` is no option"):
            command(*start, '{"windws": 1}')
        assert not (tmp_path / "out").exists()
        assert command(*start, '{"a": 1}', "--executor", "slurm") == 0
        for arguments in (("out",), (*start, '{"a": 1}')):  # begun by another command
            with pytest.raises(ConfigError, match="`windws` is no option"):
                command(*arguments)
    assert command(*start, '{"a": 1}') == 1  # one of the records is bad
    assert progress_of(open_run(tmp_path / "out")).records_done == 5


def test_a_start_that_fails_after_something_is_done_stays(command, tmp_path, monkeypatch):
    def fails(run, *, workers, wait):
        run.settle(CountJob(0), {"records": 5})
        raise ConfigError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(local, "predict_locally", fails)
        with pytest.raises(ConfigError, match="the disk is full"):
            command("model.tar.gz", "*.txt", "out")
    assert progress_of(open_run(tmp_path / "out")).counted == 1
    assert command("out") == 1


def test_what_cannot_be_understood_is_one_sentence(command, tmp_path, capsys):
    with pytest.raises(ConfigError, match="two paths say too little"):
        command("model.tar.gz", "out")
    with pytest.raises(DataError, match="no run was begun in this folder"):
        command("out")
    (tmp_path / "model.tar.gz").unlink()
    with pytest.raises(ConfigError, match="is not finished; give an archive"):
        command(".", "one.txt", "out")
    for option in (("--workers", "0"), ("--predictor-args", "[]"), ("--overrides", "{")):
        with pytest.raises(SystemExit):
            command("model.tar.gz", "one.txt", "out", *option)
        assert option[0] in capsys.readouterr().err
