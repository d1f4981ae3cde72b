"""The check for a GPU: its parts on a CPU with tiny shapes, its processes, its table."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

PARTS = f"{__package__}.quick_parts"


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The rows of every part, each run in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        import gpu_check
        from gpu_parts.bench import Bench
        from gpu_parts.sizes import TINY

        rows = {}
        folder = tmp_path_factory.mktemp("parts")
        for part in gpu_check.PARTS:
            module, _, function = part.function.partition(":")
            rows[part.name] = []
            bench = Bench(TINY, "cpu", folder, rows[part.name].append)
            getattr(importlib.import_module(module), function)(bench)
        return rows


def checked(tmp_path, *functions, seconds=200.0):
    """The report of a check of these parts, each in a process of its own."""
    import gpu_check
    from gpu_parts.running import Part

    limits = {"lasts": 2.0}
    parts = [Part(one, f"{PARTS}:{one}", limits.get(one, 100.0)) for one in functions]
    arguments = gpu_check.parse_arguments(
        ["--device", "cpu", "--tiny", "--out", str(tmp_path), "--seconds", str(seconds)]
    )
    arguments.parts = list(functions)
    return gpu_check.check(arguments, tmp_path, parts)


@pytest.mark.slow
def test_all_parts_run_on_a_cpu_with_tiny_shapes(measured):
    without_fastcoref = {name: rows for name, rows in measured.items() if name != "fastcoref"}
    failed = [row for rows in without_fastcoref.values() for row in rows if row["value"] is None]
    assert [row for row in failed if row["unit"] != "device"] == []
    assert all("fastcoref" in row["note"] for row in measured["fastcoref"])
    assert all(measured.values())


@pytest.mark.slow
def test_every_registered_model_is_compared_with_the_cpu(measured):
    from allennlp.models import Model

    compared = {row["case"].split(",")[0] for row in measured["equality"]}
    names = {"coref": "coref", "qa": "qa", "relation": "relation", "pretraining": "pretrainer"}
    covered = {f"spanbert_{names.get(one, one)}" for one in compared}
    covered.add("spanbert_sequence_classifier" if "sequence" in compared else "")
    ours = {name for name in Model.list_available() if name.startswith("spanbert_")}
    # A model of several tasks computes nothing but what the models of its tasks do.
    assert ours - {"spanbert_multitask"} <= covered


@pytest.mark.slow
def test_a_model_that_computes_something_else_on_the_device_is_found(tmp_path, measured):
    import torch
    from gpu_parts.bench import Bench
    from gpu_parts.equality import compare
    from gpu_parts.sizes import TINY
    from gpu_parts.tasks import relation

    class Wrong(torch.nn.Module):
        """A layer whose copies, as one on a device is, compute something else."""

        def __init__(self, layer, factor=1.0):
            super().__init__()
            self.layer, self.factor = layer, factor

        def __deepcopy__(self, memo):
            return Wrong(self.layer, 1.01)

        def forward(self, *arguments):
            return self.factor * self.layer(*arguments)

    task = relation(Bench(TINY, "cpu", tmp_path, print))
    task.model.classifier = Wrong(task.model.classifier)
    value, worst = compare(task, torch.device("cpu"))
    assert value > 1e-3
    assert worst.startswith("largest in")


def test_a_part_that_fails_or_lasts_too_long_does_not_stop_the_others(tmp_path):
    report = checked(tmp_path, "fails", "ends_at_once", "lasts", "measures")
    problems = {part["name"]: part["problem"] for part in report["parts"]}
    assert problems["fails"] == "ended with status 1: ValueError: no such kernel"
    assert problems["ends_at_once"].startswith("ended with status 3")
    assert problems["lasts"] == "stopped after its limit of 2 s"
    assert problems["measures"] == ""
    rows = {part["name"]: [row["case"] for row in part["rows"]] for part in report["parts"]}
    assert rows["fails"] == rows["measures"] == ["sum"]
    assert json.loads((tmp_path / "gpu_check.json").read_text())["parts"] == report["parts"]
    assert "| fails | ended with status 1" in (tmp_path / "gpu_check.md").read_text()


def test_what_a_part_had_recorded_before_it_was_killed_is_kept(tmp_path):
    from gpu_parts.running import recorded

    (tmp_path / "rows.jsonl").write_text('{"case": "sum"}\n{"case": "su')
    assert recorded(tmp_path / "rows.jsonl") == [{"case": "sum"}]
    assert recorded(tmp_path / "nothing.jsonl") == []


def test_parts_for_which_no_time_is_left_are_named(tmp_path):
    report = checked(tmp_path, "measures", seconds=0.0)
    assert report["parts"][0]["problem"] == "not begun: no time was left"


def test_a_case_that_fails_is_a_row_and_the_next_one_is_measured(tmp_path):
    from gpu_parts.bench import Bench
    from gpu_parts.sizes import TINY

    rows = []
    bench = Bench(TINY, "cpu", tmp_path, rows.append)

    def broken():
        raise RuntimeError("CUDA out of memory\nand more")

    assert bench.timed("broken", broken) is None
    assert bench.timed("fine", lambda: lambda: None) is not None
    assert rows[0]["note"].startswith(
        "RuntimeError: CUDA out of memory and more (test_gpu_check.py"
    )
    assert rows[0]["value"] is None and rows[1]["value"] is not None


def row(case, unit, value, precision="bf16", peak_gb=None):
    made = {"case": case, "unit": unit, "value": value, "precision": precision}
    return {**made, "peak_gb": peak_gb, "note": ""}


def test_the_table_says_which_targets_are_met_missed_and_not_measured():
    from gpu_parts.report import markdown

    parts = [
        {
            "name": "coref_prediction",
            "problem": "",
            "rows": [
                row("light, 4000 words", "words/s", 120_000.0),
                row("light, 4000 words", "words/s", 20.0, "fp32"),
                row("published, 4000 words", "words/s", 20_000.0),
            ],
        },
        {"name": "large", "problem": "", "rows": [row("training step", "ms", 200.0, "fp32", 40.0)]},
    ]
    table = markdown({"device": "a GPU", "date": "", "stand_ins": ["spacy"], "parts": parts})
    assert "| light, 4000 words | bf16 | 1.2e+05 | words/s |  | at least 100,000 | met |" in table
    assert "| light, 4000 words | fp32 | 20 | words/s |  |  |  |" in table
    assert "at least 30,000 | missed |" in table
    assert "| 40.00 | at most 32 GB | missed |" in table
    assert "Targets: 1 met, 2 missed, 3 not measured, of 6." in table
    assert "stood for at import: spacy" in table


def test_a_profile_counts_kernels_and_synchronisations_and_no_copies():
    from types import SimpleNamespace

    from gpu_parts.profile import kernel_times
    from torch.autograd import DeviceType

    def event(name, microseconds, device=DeviceType.CUDA):
        time_range = SimpleNamespace(elapsed_us=lambda: microseconds)
        return SimpleNamespace(name=name, device_type=device, time_range=time_range)

    events = [
        *(event("gemm", 30.0), event("gemm", 20.0), event("softmax", 5.0)),
        *(event("Memcpy HtoD", 99.0), event("aten::mm", 77.0, DeviceType.CPU)),
    ]
    assert kernel_times(events, is_cuda=True) == {"gemm": 50.0, "softmax": 5.0}


def test_stand_ins_can_be_imported_subclassed_and_excepted(monkeypatch):
    from gpu_parts.stand_ins import stand_in

    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    assert stand_in(["no_such_package", "json"]) == ["no_such_package"]
    import no_such_package.errors as made

    class Own(made.Problem):
        pass

    with pytest.raises(made.Problem):
        raise Own
    monkeypatch.delitem(sys.modules, "no_such_package.errors")
    monkeypatch.delitem(sys.modules, "no_such_package")


def test_a_hidden_package_looks_as_if_it_were_not_installed():
    import importlib.util

    from gpu_parts.stand_ins import hide

    before = sys.modules.pop("wsgiref", None)
    assert importlib.util.find_spec("wsgiref") is not None
    hide(["wsgiref"])
    try:
        assert importlib.util.find_spec("wsgiref") is None
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("wsgiref")
    finally:
        del sys.modules["wsgiref"]
        if before is not None:
            sys.modules["wsgiref"] = before


def test_wheels_too_large_to_be_carried_are_refused(tmp_path):
    import gather_gpu_wheels

    (tmp_path / "large-1-py3-none-any.whl").write_bytes(bytes(2000))
    (tmp_path / "small-1-py3-none-any.whl").write_bytes(bytes(10))
    assert gather_gpu_wheels.too_large(tmp_path) is None
    problem = gather_gpu_wheels.too_large(tmp_path, most=1500)
    assert "largest: large-1-py3-none-any.whl" in problem


def test_the_wheels_have_one_version_each_and_what_is_source_only_is_built(tmp_path):
    import gather_gpu_wheels

    requirements = gather_gpu_wheels.wanted(gather_gpu_wheels.LIST.read_text())
    assert all(one.count("==") == 1 for one in requirements)
    assert len({one.partition("==")[0].lower() for one in requirements}) == len(requirements)
    calls = []
    gather_gpu_wheels.gather(tmp_path, requirements, calls.append)
    (fetched, built) = ([one for one in call if "==" in one] for call in calls)
    assert [one.partition("==")[0] for one in built] == list(gather_gpu_wheels.SOURCE_ONLY)
    assert sorted(fetched + built) == sorted(requirements)


def test_the_wheels_agree_with_the_versions_that_are_tested():
    import gather_gpu_wheels

    wheels = gather_gpu_wheels.wanted(gather_gpu_wheels.LIST.read_text())
    lock = (ROOT / "requirements" / "lock.txt").read_text().lower().replace("_", "-")
    own = {"fastcoref"}
    pinned = set(lock.split())
    strangers = [one for one in wheels if one.lower() not in pinned]
    assert {one.partition("==")[0] for one in strangers} == own


def test_a_wheel_is_importable_once_it_is_unpacked(tmp_path, monkeypatch):
    import zipfile

    import gpu_check

    with zipfile.ZipFile(tmp_path / "carried-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("carried_thing/__init__.py", "answer = 42\n")
    gpu_check.unpack(tmp_path, tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert importlib.import_module("carried_thing").answer == 42
    with pytest.raises(SystemExit, match="holds no wheels"):
        gpu_check.unpack(Path(tmp_path) / "site", tmp_path / "elsewhere")
