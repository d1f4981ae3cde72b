"""Predict with a model of several tasks, whatever a record is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from allennlp.data import DatasetReader, Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from spanbert_allen.common.engines import TORCH
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.common.record_checks import shown
from spanbert_allen.data.multitask.vocabulary import TASK
from spanbert_allen.models.multitask import SpanbertMultitask
from spanbert_allen.predictors.base import JsonDict, SpanPredictor
from spanbert_allen.predictors.option_checks import object_of_options
from spanbert_allen.predictors.prepared import PreparedRecord
from spanbert_allen.predictors.problems import Failure
from spanbert_allen.predictors.record import Record


@Predictor.register("spanbert_multitask")
class MultitaskPredictor(SpanPredictor):
    """
    Give each record to the predictor of its task.

    A record may name its `task`. Otherwise it is the task that knows the most of the record's
    fields: one with `question` and `context` is a question, one with `subject` and `object` asks
    for a relation. A result is as the task's own predictor gives it. Files of data sets need the
    task's own predictor, `--predictor spanbert_qa`.

    # Parameters

    model : `Model`
        The model `spanbert_multitask`.
    dataset_reader : `DatasetReader`
        The reader `spanbert_multitask`.
    frozen : `bool`, optional (default = `True`)
        See `SpanPredictor`, as for the next one.
    max_pieces_per_batch : `int`, optional (default = `32768`)
    options : `Mapping[str, Mapping[str, Any]]`, optional (default = `None`)
        Options of the tasks' predictors, such as `{"coref": {"probabilities": true}}`.
    engine : `str`, optional (default = `"torch"`)
        See `SpanPredictor`.
    """

    schema: ClassVar[str] = "spanbert_allen.multitask/1"
    names: ClassVar[Sequence[str]] = ("doc_key", "id")
    fields = (TASK,)
    alone: ClassVar[str] = "record"
    takes_all_tasks: ClassVar[bool] = True
    records_at_once: ClassVar[int] = 64

    def __init__(
        self,
        model: Model,
        dataset_reader: DatasetReader,
        frozen: bool = True,
        *,
        max_pieces_per_batch: int = 32768,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        engine: str = TORCH,
        **unknown: Any,
    ) -> None:
        super().__init__(
            model,
            dataset_reader,
            frozen,
            max_pieces_per_batch=max_pieces_per_batch,
            engine=engine,
            **unknown,
        )
        if not isinstance(model, SpanbertMultitask):
            raise ConfigError(
                f"`spanbert_multitask` predicts with a model of several tasks, not with a "
                f"{type(model).__name__}: leave `--predictor` out"
            )
        chosen = _checked_options(options, model.tasks)
        self.predictors: dict[str, SpanPredictor] = {
            name: Predictor.by_name(task.default_predictor)(
                model,
                dataset_reader,
                frozen,
                **{"max_pieces_per_batch": max_pieces_per_batch, **chosen.get(name, {})},
                task=name,
            )
            for name, task in model.tasks.items()
        }
        """The predictor of each task."""

    def predict(self, *inputs: Any, task: str, **options: Any) -> Any:
        """
        Return what the predictor of a task gives.

        # Parameters

        inputs, options
            As for `predict` of that predictor.
        task : `str`
            The name of the task.
        """
        _check_task(task, self.predictors)
        return self.predictors[task].predict(*inputs, **options)

    def prepare(self, inputs: JsonDict) -> PreparedRecord:
        """Make a record ready for the model of its task; a bad one has its `problem`."""
        record = inputs if isinstance(inputs, Record) else Record(inputs)
        try:
            task = self.task_of(record)
        except DataError as error:
            return PreparedRecord(record, problem=error)
        self.predictors[task].source = self.source
        own = self.predictors[task].prepare(record)
        return PreparedRecord(record, pieces=own.pieces, asked=(task, own), problem=own.problem)

    def remarks(self) -> Iterator[str]:
        """Say what the predictors of the tasks have to say."""
        for predictor in self.predictors.values():
            yield from predictor.remarks()

    def predict_prepared(self, prepared: Sequence[PreparedRecord]) -> list[JsonDict]:
        """Return the results, or error records, for records that are ready, in their order."""
        results = []
        for one, found in zip(prepared, self.results_or_problems(prepared), strict=True):
            if one.asked is None:
                results.append(self._counted(found, one.record))
            else:
                task, own = one.asked
                results.append(self._noted(self.predictors[task]._counted(found, own.record)))
        return results

    def results_or_problems(self, prepared: Sequence[PreparedRecord]) -> list[JsonDict | Exception]:
        """Return the result of each record, or why there is none; a task's go together."""
        results: list[JsonDict | Exception] = [one.problem or {} for one in prepared]
        of_task: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(prepared):
            if one.asked is not None:
                of_task[one.asked[0]].append(place)
        for task, places in of_task.items():
            own = [prepared[place].asked[1] for place in places]
            found = self.predictors[task].results_or_problems(own)
            for place, result in zip(places, found, strict=True):
                results[place] = result
        return results

    def predict_batch_instance(self, instances: Sequence[Instance]) -> list[JsonDict]:
        """Return the results, or error records, for some instances that say their task."""
        results: list[JsonDict] = []
        for instance in instances:
            own = Instance({name: one for name, one in instance.fields.items() if name != TASK})
            # One instance of a text's pairs of entities has a result for each.
            found = self.predictors[instance[TASK].metadata].predict_batch_instance([own])
            results.extend(self._noted(result) for result in found)
        return results

    def task_of(self, record: Record) -> str:
        """Return the task of a record; raise a `DataError` if it might be that of several."""
        if record.problem is not None:
            raise DataError(record.problem)
        named = record.get(TASK)
        if named is not None:
            if not isinstance(named, str) or named not in self.predictors:
                raise DataError(
                    f"`task` is {shown(named)}; the model has {', '.join(self.predictors)}"
                )
            return named
        known = {
            name: len(record.keys() & {*(predictor.fields or ()), *predictor.names})
            for name, predictor in self.predictors.items()
            if any(record.keys() >= set(needed) for needed in predictor.needs)
        }
        most = max(known.values(), default=0)
        best = [name for name, count in known.items() if count == most]
        if len(best) == 1:
            return best[0]
        what = f"it may be for {' or '.join(best)}" if best else "it is for none of the tasks"
        raise DataError(
            f"the record does not tell its task: {what}; write `task` into it, one of "
            f"{', '.join(self.predictors)}"
        )

    def _noted(self, result: JsonDict) -> JsonDict:
        """Count a result of another predictor as one's own."""
        self.num_records += 1
        if "error" in result:
            self.num_failed += 1
            self.first_error = self.first_error or Failure(result["error"], result.get("line"))
        return result


def _check_task(name: str, tasks: Any) -> None:
    if name not in tasks:
        raise ConfigError(f"there is no task {name!r}; the model has {', '.join(tasks)}")


def _checked_options(options: Any, tasks: Any) -> Mapping[str, Mapping[str, Any]]:
    """Return the options of each task; raise a `ConfigError` for what cannot be one's."""
    like = f'{{"{next(iter(tasks))}": {{"max_pieces_per_batch": 4096}}}}'
    given = object_of_options("options", options, of=f"the tasks' options, such as {like}")
    for name, own in given.items():
        _check_task(name, tasks)
        if not isinstance(own, Mapping) or TASK in own:
            raise ConfigError(
                f"`options.{name}` is {shown(own)}; it must be an object of options of the "
                "predictor, and the task is its key"
            )
    return given
