// How a model is trained: a configuration takes `trainer` and `data_loader` from one of two templates,
// `(import 'trainer.libsonnet').modern { knob:: value, ... }`. Both are the trainer `spanbert`, which counts
// the steps of the run itself.
local nearest = import 'nearest.libsonnet';
local optimizers = import 'optimizers.libsonnet';
local parameter_groups = import 'parameter_groups.libsonnet';

local shared = {
  // What must be set.
  epochs:: error 'trainer: set `epochs`',
  metric:: error 'trainer: set `metric`, by which the best weights are chosen, e.g. `metric:: \'+f1\'`',
  learning_rate:: error 'trainer: set `learning_rate`, e.g. `learning_rate:: 2e-5`',

  // What may be set.
  groups:: parameter_groups.no_decay(),
  precision:: 'fp32',
  accumulation:: 1,
  patience:: null,
  max_hours:: null,
  init:: null,
  init_parts:: 'all',
  callbacks:: [
    { type: 'console_logger', should_log_inputs: false },  // a table of metrics for each epoch
    { type: 'spanbert_curves' },  // curves.png beside the archive
  ],
  seed:: 42,

  trainer: {
    type: 'spanbert',
    num_epochs: $.epochs,
    validation_metric: $.metric,
    [if $.patience != null then 'patience']: $.patience,
    [if $.max_hours != null then 'max_hours']: $.max_hours,
    [if $.init != null then 'init']: $.init,
    [if $.init != null then 'init_parts']: $.init_parts,
    precision: $.precision,
    num_gradient_accumulation_steps: $.accumulation,
    leftover: $.leftover,
    [if $.evaluations_per_epoch != null then 'evaluations_per_epoch']: $.evaluations_per_epoch,
    [if $.evaluate_every_updates != null then 'evaluate_every_updates']: $.evaluate_every_updates,
    checkpointer: { keep_most_recent_by_count: 1 },
    optimizer: $.optimizer,
    callbacks: $.callbacks,
  },
  data_loader: { batch_sampler: $.batches },
};

// A template that refuses a knob which it does not have.
local closed(name, template) = template {
  local unknown = [name for name in std.objectFieldsAll(self) if !std.objectHasAll(template, name)],
  local advice = nearest.advice(unknown[0], std.objectFieldsAll(template), otherwise='see lib/trainer.libsonnet for those that it has'),
  trainer:
    if std.length(unknown) == 0 then super.trainer
    else error 'trainer: the template `%s` has no knob `%s`: %s' % [name, unknown[0], advice],
};

{
  // As the original fine-tuning programs. `batch_size`: the examples of one update.
  reproduce: closed('reproduce', shared {
    local knobs = self,
    batch_size:: 32,
    evaluations_per_epoch:: 10,
    evaluate_every_updates:: null,
    leftover:: 'carry',
    optimizer:: optimizers.fine_tuning(knobs.learning_rate, knobs.groups),
    batches:: {
      type: 'spanbert_frozen_batches',
      batch_size: std.floor(knobs.batch_size / knobs.accumulation),
      seed: knobs.seed,
    },
  }),

  // What a careful engineer would run today. `max_pieces`: the most pieces of a batch, with padding. `batch_size`: the
  // most examples of a batch; with `max_pieces` as many times the longest example, every batch has so many.
  modern: closed('modern', shared {
    local knobs = self,
    max_pieces:: 8192,
    batch_size:: null,
    evaluations_per_epoch:: null,
    evaluate_every_updates:: null,
    leftover:: 'update',
    optimizer:: optimizers.adamw(knobs.learning_rate, knobs.groups),
    batches:: {
      type: 'spanbert_token_budget',
      max_pieces: knobs.max_pieces,
      [if knobs.batch_size != null then 'max_batch_size']: knobs.batch_size,
      seed: knobs.seed,
    },
  }),
}
