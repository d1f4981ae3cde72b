// Coreference. A configuration is `(import '../lib/coref.libsonnet') + { knob:: value, ... }`: knobs
// are hidden fields, and what depends on them follows. The defaults are SpanBERT's published settings.
local optimizers = import 'optimizers.libsonnet';
local parameter_groups = import 'parameter_groups.libsonnet';
local templates = import 'trainer.libsonnet';

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
  attention_dropout:: null,  // the encoder's own; 0 trains faster on a CPU
  // `published`: feed-forward, coarse to fine. `light`: of the ends of spans alone; see the README.
  scorers:: 'published',
  head:: {},
  special_pieces:: false,
  whole_words:: true,
  mention_loss_weight:: 0.0,
  singletons:: false,

  // Training: a template of trainer.libsonnet, which has its knobs. `modern` is AdamW with one warm-up
  // and one gradient norm; `reproduce` the original's two Adams, each with a norm of its own, a warm-up
  // for the encoder only, and evaluations every 1000 documents.
  optimisation:: 'modern',
  epochs:: 20,
  patience:: null,
  precision:: 'fp32',
  gradient_checkpointing:: false,
  encoder_learning_rate:: 2e-5,
  task_learning_rate:: 1e-4,
  trainer_knobs:: {},  // any other knob of the template
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
      [if $.attention_dropout != null then 'attention_dropout']: $.attention_dropout,
      [if $.gradient_checkpointing then 'gradient_checkpointing']: true,
    },
    head: { max_segments: $.max_training_segments } + $.scorer_kinds[$.scorers] + $.head,
    special_pieces: $.special_pieces,
    whole_words: $.whole_words,
    max_training_segments: $.max_training_segments,
    mention_loss_weight: $.mention_loss_weight,
    [if $.singletons then 'singleton_threshold']: 0.0,
    also_without_singletons: $.singletons,
  },
  data_loader: { batch_size: 1, shuffle: true },
  validation_data_loader: { batch_size: 1 },
  trainer: $.training.trainer,

  scorer_kinds:: {
    published: {},
    light: {
      mentions: { type: 'spanbert_biaffine_mentions' },
      links: { type: 'spanbert_bilinear_links' },
    },
  },

  training:: templates[$.optimisation] + $.changes[$.optimisation] + {
    epochs:: $.epochs,
    metric:: '+coref_f1',
    patience:: $.patience,
    precision:: $.precision,
  } + $.trainer_knobs,
  changes:: {
    modern: {
      groups:: parameter_groups.encoder_and_task($.encoder_learning_rate, 0.01),
      optimizer:: optimizers.adamw($.task_learning_rate, self.groups) { weight_decay: 0.0 },
    },
    reproduce: {
      evaluations_per_epoch:: null,
      evaluate_every_updates:: 1000,
      optimizer:: optimizers.coref($.encoder_learning_rate, $.task_learning_rate),
    },
  },
}
