// Coreference. A configuration is `(import '../lib/coref.libsonnet') + { knob:: value, ... }`: knobs
// are hidden fields, and what depends on them follows. The defaults are SpanBERT's published settings.
local optimizers = import 'optimizers.libsonnet';
local parameter_groups = import 'parameter_groups.libsonnet';

{
  // What must be set.
  encoder:: error 'coref: set `encoder`, e.g. `encoder:: encoders.spanbert_base` with `local encoders = import \'../lib/encoders.libsonnet\'`',
  train_path:: error 'coref: set `train_path` to the training data, e.g. `train_path:: std.extVar(\'TRAIN_DATA_PATH\')`',
  validation_path:: error 'coref: set `validation_path` to the data that the best epoch is chosen by',

  // Data.
  reader:: { type: 'spanbert_coref_conll' },
  segment_length:: 384,
  max_training_segments:: 3,

  // Model.
  trained_layers:: 'all',  // or how many of the uppermost layers; then word vectors stay, too
  head:: {},
  special_pieces:: false,
  whole_words:: true,
  mention_loss_weight:: 0.0,
  singletons:: false,

  // Optimisation: `modern` is AdamW with one warm-up and one gradient norm; `reproduce` the original's
  // two Adams, each with a norm of its own, and a warm-up for the encoder only.
  optimisation:: 'modern',
  epochs:: 20,
  patience:: null,
  encoder_learning_rate:: 2e-5,
  task_learning_rate:: 1e-4,
  training_documents:: error 'coref: set `training_documents` to the number of documents in `train_path`, or `warmup_steps`',
  warmup_steps:: std.floor(0.1 * self.epochs * self.training_documents),
  seed:: 42,

  assert self.segment_length <= self.encoder.max_length :
         'coref: `segment_length` is %d, but the encoder takes %d' % [self.segment_length, self.encoder.max_length],

  random_seed: self.seed,
  numpy_seed: self.seed,
  pytorch_seed: self.seed,
  dataset_reader: self.reader {
    indexer: { type: 'spanbert', model_name: $.encoder.model_name, max_length: $.segment_length },
  },
  train_data_path: self.train_path,
  validation_data_path: self.validation_path,
  model: {
    type: 'spanbert_coref',
    embedder: {
      type: 'spanbert',
      model_name: $.encoder.model_name,
      train: $.trained_layers,
    },
    head: { max_segments: $.max_training_segments } + $.head,
    special_pieces: $.special_pieces,
    whole_words: $.whole_words,
    max_training_segments: $.max_training_segments,
    mention_loss_weight: $.mention_loss_weight,
    [if $.singletons then 'singleton_threshold']: 0.0,
    also_without_singletons: $.singletons,
  },
  data_loader: { batch_size: 1, shuffle: true },
  validation_data_loader: { batch_size: 1 },
  trainer: {
    num_epochs: $.epochs,
    [if $.patience != null then 'patience']: $.patience,
    validation_metric: '+coref_f1',
    checkpointer: { keep_most_recent_by_count: 1 },
  } + $.optimisations[$.optimisation],

  optimisations:: {
    modern: {
      grad_norm: 1.0,
      optimizer: {
        type: 'huggingface_adamw',
        lr: $.task_learning_rate,
        weight_decay: 0.0,
        eps: 1e-6,
        parameter_groups: parameter_groups.encoder_and_task($.encoder_learning_rate, 0.01),
      },
      learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: $.warmup_steps },
    },
    reproduce: {
      optimizer: optimizers.coref($.encoder_learning_rate, $.task_learning_rate) {
        total_steps: $.epochs * $.training_documents,
      },
    },
  },
}
