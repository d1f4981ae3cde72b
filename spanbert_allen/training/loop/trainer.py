"""The trainer, as a configuration describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allennlp.common import Lazy
from allennlp.data import DataLoader
from allennlp.models import Model
from allennlp.nn.parallel import DdpAccelerator, TorchDdpAccelerator
from allennlp.training import GradientDescentTrainer, Trainer
from allennlp.training.learning_rate_schedulers import LearningRateScheduler

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop.inherited_keys import with_keys_of
from spanbert_allen.training.loop.initial_weights import check_init_parts, start_from_archive
from spanbert_allen.training.loop.plain_names import PlainNames
from spanbert_allen.training.loop.settings import LoopSettings
from spanbert_allen.training.loop.training_loop import TrainingLoop
from spanbert_allen.training.loop.validation import check_tracked_metrics
from spanbert_allen.training.optimizers.parts import check_scheduler
from spanbert_allen.training.recovery.checkpointer import SpanbertCheckpointer, has_checkpoint


@Trainer.register("spanbert", constructor="from_partial_objects")
class SpanbertTrainer(TrainingLoop):
    """
    Train a model with AllenNLP's settings and what the original SpanBERT programs do beside them.

    A run can be killed at any moment and goes on with `--recover` as if it had not been.

    AllenNLP's settings (`num_epochs`, `patience`, `validation_metric`, `grad_norm`,
    `num_gradient_accumulation_steps`, `optimizer`, `learning_rate_scheduler`, `callbacks`, ...)
    mean what they mean there, with these differences: `checkpointer` is always a
    `SpanbertCheckpointer`; `patience` counts evaluations; `precision` replaces `use_amp` and
    `grad_scaling`; on several workers no document is left out where their shares differ, and
    parameters may lack a gradient.

    Every evaluation is one line of `evaluations.jsonl` beside the archive. Training metrics other
    than the loss count from the evaluation before.

    # Parameters

    precision : `str`, optional (default = `"fp32"`)
        `fp32`, `bf16` or `fp16`; see `Precision`.
    leftover : `str`, optional (default = `"update"`)
        What to do with the batches at the end of an epoch that are too few for an update: `update`,
        `carry` or `drop`; see `Accumulation`.
    evaluate_every_updates : `int`, optional (default = `None`)
        Evaluate after every so many updates, and not at the ends of epochs.
    evaluations_per_epoch : `int`, optional (default = `None`)
        Evaluate about so many times an epoch, and not at its end; see `EvaluationPoints`.
    evaluate_at_end : `bool`, optional (default = `True`)
        Evaluate after the last update if the run would not do so anyway.
    compile : `bool | str`, optional (default = `False`)
        Whether torch compiles the encoder, or the name of the backend to compile it with.
    deterministic : `bool`, optional (default = `False`)
        Make torch refuse operations whose result varies from run to run. This is of use on a GPU;
        on the CPU two runs with one seed give the same weights anyway.
    announce_memory : `bool`, optional (default = `True`)
        Measure before the first update how much memory the largest batch needs, and log it.
    max_hours : `float`, optional (default = `None`)
        Train no longer than this, evaluations before the last one counted. Learning rates follow
        the share of the time or that of the updates, whichever is further, so that the run ends as
        its schedule does; then it evaluates and writes the archive. A run that goes on after a
        restart has the hours that were left. On several workers the first one's clock decides.
    init : `str`, optional (default = `None`)
        A trained model, `model.tar.gz` or the folder of a training, whose weights this one starts
        from: see `start_from_archive`. The new archive does not need it.
    init_parts : `str`, optional (default = `"all"`)
        Which weights to take from it: `all` that fit, or those of the `encoder`.
    """

    @classmethod
    @with_keys_of(GradientDescentTrainer.from_partial_objects)
    def from_partial_objects(
        cls,
        model: Model,
        validation_data_loader: DataLoader | None = None,
        num_epochs: int = 20,
        learning_rate_scheduler: Lazy[LearningRateScheduler] | None = None,
        checkpointer: Lazy[SpanbertCheckpointer] | None = Lazy(SpanbertCheckpointer),  # noqa: B008
        precision: str = "fp32",
        leftover: str = "update",
        evaluate_every_updates: int | None = None,
        evaluations_per_epoch: int | None = None,
        evaluate_at_end: bool = True,
        compile: bool | str = False,
        deterministic: bool = False,
        announce_memory: bool = True,
        max_hours: float | None = None,
        init: str | None = None,
        init_parts: str = "all",
        **of_allennlp: Any,
    ) -> SpanbertTrainer:
        """
        Build the trainer from the keys of `trainer` in a configuration.

        The signature that AllenNLP reads these keys from also has those of AllenNLP's own trainer,
        which arrive in `of_allennlp`.
        """
        _refuse_other_precision(of_allennlp)
        if of_allennlp.get("distributed"):
            accelerator = of_allennlp.get("ddp_accelerator")
            if accelerator is None:
                accelerator = _ddp_accelerator(of_allennlp.get("cuda_device"))
            of_allennlp["ddp_accelerator"] = PlainNames(accelerator)
        check_init_parts(init_parts)
        # A run that goes on has its weights in the checkpoint, and the archive may be gone.
        if init is not None and not has_checkpoint(of_allennlp["serialization_dir"]):
            start_from_archive(model, init, parts=init_parts)
        trainer = super().from_partial_objects(
            model=model,
            validation_data_loader=validation_data_loader,
            num_epochs=num_epochs,
            checkpointer=checkpointer,
            settings=LoopSettings(
                precision=precision,
                leftover=leftover,
                evaluate_every_updates=evaluate_every_updates,
                evaluations_per_epoch=evaluations_per_epoch,
                evaluate_at_end=evaluate_at_end,
                compile=compile,
                deterministic=deterministic,
                announce_memory=announce_memory,
                max_hours=max_hours,
            ),
            **of_allennlp,
        )
        if validation_data_loader is not None:
            tracked = trainer._metric_tracker.tracked_metrics
            check_tracked_metrics(model, [name for _, name in tracked])
        if trainer._momentum_scheduler is not None:
            check_scheduler(trainer.optimizer, "momentum_scheduler")
        if learning_rate_scheduler is not None:
            check_scheduler(trainer.optimizer, "learning_rate_scheduler")
            # AllenNLP would count an update for the leftover batches whatever becomes of them.
            trainer._learning_rate_scheduler = learning_rate_scheduler.construct(
                optimizer=trainer.optimizer,
                num_epochs=num_epochs,
                num_steps_per_epoch=trainer.updates_per_epoch,
            )
            if max_hours is not None:
                _check_follows_time(trainer._learning_rate_scheduler)
        return trainer


def _refuse_other_precision(settings: Mapping[str, Any]) -> None:
    if settings.get("use_amp") is not None or settings.get("grad_scaling") is not None:
        raise ConfigError(
            "`trainer.use_amp` and `trainer.grad_scaling` are not for the trainer `spanbert`: "
            "set `trainer.precision` to 'bf16' or 'fp16' in their place"
        )


def _check_follows_time(scheduler: LearningRateScheduler) -> None:
    if not hasattr(scheduler, "set_least_progress"):
        raise ConfigError(
            f"`trainer.max_hours` is set, but a {type(scheduler).__name__} counts updates only: "
            "use the optimizer `spanbert_bert_adam` without a `learning_rate_scheduler`, or one of "
            "`spanbert_linear_with_warmup` and `spanbert_coref`"
        )


def _ddp_accelerator(cuda_device: int | None) -> DdpAccelerator:
    """Allow parameters without a gradient, which a document without links leaves behind."""
    return TorchDdpAccelerator(
        cuda_device=-1 if cuda_device is None else cuda_device, find_unused_parameters=True
    )
