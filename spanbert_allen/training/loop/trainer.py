"""The trainer, as a configuration describes it."""

from __future__ import annotations

from allennlp.common import Lazy
from allennlp.data import DataLoader
from allennlp.models import Model
from allennlp.nn.parallel import DdpAccelerator, TorchDdpAccelerator
from allennlp.training import Trainer
from allennlp.training.callbacks import TrainerCallback
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.momentum_schedulers import MomentumScheduler
from allennlp.training.moving_average import MovingAverage
from allennlp.training.optimizers import Optimizer

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.loop.training_loop import TrainingLoop
from spanbert_allen.training.loop.validation import check_tracked_metrics
from spanbert_allen.training.recovery.checkpointer import SpanbertCheckpointer


@Trainer.register("spanbert", constructor="from_partial_objects")
class SpanbertTrainer(TrainingLoop):
    """
    AllenNLP's trainer with a loop that can do as the original SpanBERT programs did, and that can
    be killed at any moment and go on with `--recover` as if it had not been.

    Beside AllenNLP's settings (`num_epochs`, `patience`, `validation_metric`, `grad_norm`,
    `num_gradient_accumulation_steps`, `optimizer`, `learning_rate_scheduler`, `callbacks`, ...),
    which mean what they mean there, with the following differences: `checkpointer` is always a
    `SpanbertCheckpointer`; `patience` counts evaluations; `use_amp` and `grad_scaling` are replaced
    by `precision`; on several workers no document is left out where their shares differ, and
    parameters may lack a gradient.

    Every evaluation is one line of `evaluations.jsonl` beside the archive. Training metrics but the
    loss count since the evaluation before.

    # Parameters

    precision : `str`, optional (default = `"fp32"`)
        `fp32`, `bf16` or `fp16`; see `Precision`.
    leftover : `str`, optional (default = `"update"`)
        What becomes of batches at the end of an epoch that are too few for an update: `update`,
        `carry` or `drop`; see `Accumulation`.
    evaluate_every_updates : `int`, optional (default = `None`)
        Evaluate after so many updates each time, and not at the ends of epochs.
    evaluations_per_epoch : `int`, optional (default = `None`)
        Evaluate about so many times an epoch, and not at its end; see `EvaluationPoints`.
    evaluate_at_end : `bool`, optional (default = `True`)
        Evaluate after the last update, if none of these points is there.
    compile : `bool | str`, optional (default = `False`)
        Whether torch compiles the encoder, or the name of the backend to use.
    deterministic : `bool`, optional (default = `False`)
        Have torch refuse operations whose result varies from run to run: of use on a GPU, as on
        the CPU two runs with one seed give the same weights anyway.
    announce_memory : `bool`, optional (default = `True`)
        Measure, before the first update, what the largest batch needs, and say so.
    """

    @classmethod
    def from_partial_objects(
        cls,
        model: Model,
        serialization_dir: str,
        data_loader: DataLoader,
        validation_data_loader: DataLoader | None = None,
        local_rank: int = 0,
        patience: int | None = None,
        validation_metric: str | list[str] = "-loss",
        num_epochs: int = 20,
        cuda_device: int | None = None,
        grad_norm: float | bool = False,
        grad_clipping: float | None = None,
        distributed: bool = False,
        world_size: int = 1,
        num_gradient_accumulation_steps: int = 1,
        no_grad: list[str] | None = None,
        optimizer: Lazy[Optimizer] = Lazy(Optimizer.default),  # noqa: B008  it holds no state
        learning_rate_scheduler: Lazy[LearningRateScheduler] | None = None,
        momentum_scheduler: Lazy[MomentumScheduler] | None = None,
        moving_average: Lazy[MovingAverage] | None = None,
        checkpointer: Lazy[SpanbertCheckpointer] | None = Lazy(SpanbertCheckpointer),  # noqa: B008
        callbacks: list[Lazy[TrainerCallback]] | None = None,
        enable_default_callbacks: bool = True,
        run_confidence_checks: bool = True,
        ddp_accelerator: DdpAccelerator | None = None,
        precision: str = "fp32",
        leftover: str = "update",
        evaluate_every_updates: int | None = None,
        evaluations_per_epoch: int | None = None,
        evaluate_at_end: bool = True,
        compile: bool | str = False,
        deterministic: bool = False,
        announce_memory: bool = True,
        use_amp: bool | None = None,
        grad_scaling: bool | None = None,
    ) -> SpanbertTrainer:
        """The trainer of a configuration: the keys of its `trainer`, and what AllenNLP adds."""
        if use_amp is not None or grad_scaling is not None:
            raise ConfigError(
                "`trainer.use_amp` and `trainer.grad_scaling` are not for the trainer `spanbert`: "
                "set `trainer.precision` to 'bf16' or 'fp16' in their place"
            )
        if distributed and ddp_accelerator is None:
            # A document without links, say, leaves parameters without a gradient.
            ddp_accelerator = TorchDdpAccelerator(
                cuda_device=-1 if cuda_device is None else cuda_device, find_unused_parameters=True
            )
        trainer = super().from_partial_objects(
            model=model,
            serialization_dir=serialization_dir,
            data_loader=data_loader,
            validation_data_loader=validation_data_loader,
            local_rank=local_rank,
            patience=patience,
            validation_metric=validation_metric,
            num_epochs=num_epochs,
            cuda_device=cuda_device,
            grad_norm=grad_norm,
            grad_clipping=grad_clipping,
            distributed=distributed,
            world_size=world_size,
            num_gradient_accumulation_steps=num_gradient_accumulation_steps,
            no_grad=no_grad,
            optimizer=optimizer,
            momentum_scheduler=momentum_scheduler,
            moving_average=moving_average,
            checkpointer=checkpointer,
            callbacks=callbacks,
            enable_default_callbacks=enable_default_callbacks,
            run_confidence_checks=run_confidence_checks,
            ddp_accelerator=ddp_accelerator,
            precision=precision,
            leftover=leftover,
            evaluate_every_updates=evaluate_every_updates,
            evaluations_per_epoch=evaluations_per_epoch,
            evaluate_at_end=evaluate_at_end,
            compile=compile,
            deterministic=deterministic,
            announce_memory=announce_memory,
        )
        if validation_data_loader is not None:
            tracked = trainer._metric_tracker.tracked_metrics
            check_tracked_metrics(model, [name for _, name in tracked])
        if learning_rate_scheduler is not None:
            # AllenNLP would count an update for the leftover batches whatever becomes of them.
            trainer._learning_rate_scheduler = learning_rate_scheduler.construct(
                optimizer=trainer.optimizer,
                num_epochs=num_epochs,
                num_steps_per_epoch=trainer.updates_per_epoch,
            )
        return trainer
