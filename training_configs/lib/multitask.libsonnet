// Several tasks on one encoder. A configuration is `(import '../lib/multitask.libsonnet') + { knob:: value, ... }`;
// the knobs of experiment.libsonnet are its knobs too. Each task is a configuration of its own: its data, reader,
// model and batches are taken from there; how it trains is said here.
local experiment = import 'experiment.libsonnet';
local nearest = import 'nearest.libsonnet';
local optimizers = import 'optimizers.libsonnet';
local parameter_groups = import 'parameter_groups.libsonnet';

local knobs = {
  // The tasks: `{ qa: import '../qa/squad1_minilm.jsonnet', ... }`; a task's knobs are set with
  // `(import '../qa/squad1_minilm.jsonnet') { train_path:: ... }`.
  tasks:: error '%s: set `tasks`, a configuration for each' % self.template_name,

  // Data. `weights`: the shares of the tasks in the batches of an epoch; by default each batch of each task comes
  // once an epoch. `batches_per_epoch`: by default as many as all data has.
  weights:: null,
  batches_per_epoch:: null,

  // `loss_weights`: what a task's loss is multiplied by. `metrics`: the metrics whose mean chooses the best weights,
  // by default that of each task, with the value of a perfect score.
  loss_weights:: {},
  metrics:: {
    [$.metric_of(name)]: if $.tasks[name].model.type == 'spanbert_qa' then 100 else 1
    for name in std.objectFields($.tasks)
  },

  // Training. `task_learning_rates`: by the name of a task, if not `task_learning_rate`.
  epochs:: 5,
  encoder_learning_rate:: 5e-5,
  task_learning_rate:: 3e-4,
  task_learning_rates:: {},
};

// Whether a knob names tasks that there are; an error otherwise.
local knows_tasks(config, knob) =
  local unknown = std.filter(function(name) !std.member(config.task_names, name), std.objectFields(config[knob]));
  unknown == [] ||
  error 'multitask: `%s` names `%s`: %s' % [
    knob,
    unknown[0],
    nearest.advice(unknown[0], config.task_names, otherwise='the tasks are %s' % std.join(', ', config.task_names)),
  ];

// Whether a task has one data set; an error otherwise.
local has_one_set(config, name) =
  config.tasks[name].dataset_reader.type != 'spanbert_multitask' ||
  error 'multitask: the task `%s` has several data sets of its own (`train_path`): make each a task' % name;

local without(object, key) = { [name]: object[name] for name in std.objectFields(object) if name != key };
local one_at_a_time = { type: 'spanbert_frozen_batches', batch_size: 1, mode: 'sorted' };

local made = {
  train_path:: null,
  validation_path:: null,
  task_names:: std.objectFields($.tasks),
  checks+:: [
    knows_tasks($, knob)
    for knob in ['weights', 'loss_weights', 'task_learning_rates']
    if $[knob] != null
  ] + [has_one_set($, name) for name in $.task_names],

  // Each task's own configuration, with the encoder that all share.
  of_tasks:: { [name]: $.tasks[name] { encoder:: $.encoder } for name in $.task_names },
  for_tasks(made):: { [name]: made($.of_tasks[name]) for name in $.task_names },
  metric_of(name):: '%s_%s' % [name, std.lstripChars($.tasks[name].trainer.validation_metric, '+-')],

  dataset_reader: {
    type: 'spanbert_multitask',
    readers: $.for_tasks(function(task) task.dataset_reader),
  },
  validation_dataset_reader: {
    type: 'spanbert_multitask',
    readers: $.for_tasks(function(task) std.get(task, 'validation_dataset_reader', task.dataset_reader)),
  },
  train_data_path: $.for_tasks(function(task) task.train_data_path),
  validation_data_path: $.for_tasks(function(task) task.validation_data_path),
  vocabulary: {
    type: 'spanbert_multitask',
    tasks: {
      [name]: $.of_tasks[name].vocabulary
      for name in $.task_names
      if std.objectHas($.of_tasks[name], 'vocabulary')
    },
  },
  datasets_for_vocab_creation: ['train'],
  model: {
    type: 'spanbert_multitask',
    embedder: $.embedder {
      [if std.any([std.get($.of_tasks[name].model.embedder, 'pooler', false) for name in $.task_names]) then 'pooler']: true,
    },
    tasks: $.for_tasks(function(task) without(task.model, 'embedder')),
    loss_weights: $.loss_weights,
    mean_of: $.metrics,
  },
  data_loader: {
    type: 'spanbert_multitask',
    batches: $.for_tasks(function(task) std.get(task.data_loader, 'batch_sampler', {
      type: 'spanbert_frozen_batches',
      batch_size: task.data_loader.batch_size,
      mode: 'random',
    })),
    [if $.weights != null then 'weights']: $.weights,
    [if $.batches_per_epoch != null then 'batches_per_epoch']: $.batches_per_epoch,
    seed: $.seed,
  },
  validation_data_loader: {
    type: 'spanbert_multitask',
    batches: $.for_tasks(function(task) std.get(task.validation_data_loader, 'batch_sampler', one_at_a_time)),
    evaluation: true,
  },

  training+: {
    metric:: '+mean',
    groups:: parameter_groups.encoder_and_task($.encoder_learning_rate, 0.01) + [
      [['^tasks\\.%s\\.' % name], { lr: $.task_learning_rates[name] }]
      for name in std.objectFields($.task_learning_rates)
    ],
    optimizer:: optimizers.adamw($.task_learning_rate, self.groups) { weight_decay: 0.0 },
  } + $.trainer_knobs,

  idle+: {
    [if $.trained_layers == 'none' then 'encoder_learning_rate']: 'the encoder is not trained (`trained_layers` is `none`)',
    'trainer_knobs.batch_size': 'batches are those of the tasks: set it there',
    'trainer_knobs.max_pieces': 'batches are those of the tasks: set it there',
    'trainer_knobs.batches': 'batches are those of the tasks: set it there',
    'trainer_knobs.learning_rate': 'set `encoder_learning_rate` and `task_learning_rate`',
  } + {
    ['tasks.%s.loading_processes' % name]: 'the data of several tasks is read at the start'
    for name in $.task_names
    if std.get($.tasks[name], 'loading_processes', 0) > 0
  },
};

experiment.template('multitask', knobs, made, required=['encoder', 'tasks'])
