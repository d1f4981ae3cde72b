// Classification of texts, pairs of texts and relations by the pooled [CLS]. A configuration is
// `(import '../lib/classification.libsonnet') + { knob:: value, ... }`, as for coref.libsonnet; glue.libsonnet
// is one. The defaults are SpanBERT's published settings.
local parameter_groups = import 'parameter_groups.libsonnet';
local templates = import 'trainer.libsonnet';

{
  // What must be set.
  encoder:: error 'classification: set `encoder`, e.g. `encoder:: encoders.spanbert_base` with `local encoders = import \'../lib/encoders.libsonnet\'`',
  train_path:: error 'classification: set `train_path` to the training data, e.g. `train_path:: std.extVar(\'TRAIN_DATA_PATH\')`',
  validation_path:: error 'classification: set `validation_path` to the data that the best weights are chosen by',
  reader:: error 'classification: set `reader`, e.g. `reader:: { type: \'spanbert_text_pairs_jsonl\' }`',
  model_settings:: error 'classification: set `model_settings`, e.g. `model_settings:: { type: \'spanbert_sequence_classifier\' }`',
  metric:: error 'classification: set `metric`, that by which the best weights are kept, e.g. `metric:: \'+acc\'`',

  // Data. `training_reader`: settings of the reader for the training data only.
  max_length:: 128,
  training_reader:: {},

  // Model.
  trained_layers:: 'all',  // or how many of the uppermost layers; then word vectors stay, too
  attention_dropout:: null,  // the encoder's own; 0 trains faster on a CPU

  // Training: a template of trainer.libsonnet, which has its knobs. `reproduce` is the original's: texts padded
  // to `max_length`, batches of 32 that stay as they are, BertAdam, ten evaluations an epoch. `modern`: padding
  // to the longest, batches of equal numbers of pieces, AdamW. `drop_last`: `reproduce` leaves the last
  // batch out if it is not full, which has the longest texts.
  optimisation:: 'modern',
  epochs:: 10,
  learning_rate:: 2e-5,
  max_pieces:: 2048,
  drop_last:: false,
  patience:: null,
  precision:: 'fp32',
  gradient_checkpointing:: false,
  trainer_knobs:: {},  // any other knob of the template
  seed:: 42,

  assert self.max_length <= self.encoder.max_length :
         'classification: `max_length` is %d, but the encoder takes %d' % [self.max_length, self.encoder.max_length],

  random_seed: self.seed,
  numpy_seed: self.seed,
  pytorch_seed: self.seed,
  dataset_reader: $.full_reader + $.training_reader,
  validation_dataset_reader: $.full_reader,
  train_data_path: self.train_path,
  validation_data_path: self.validation_path,
  model: {
    embedder: {
      type: 'spanbert',
      model_name: $.encoder.model_name,
      train: $.trained_layers,
      [if $.attention_dropout != null then 'attention_dropout']: $.attention_dropout,
      pooler: true,
      [if $.gradient_checkpointing then 'gradient_checkpointing']: true,
    },
  } + $.model_settings,
  data_loader: $.training.data_loader,
  validation_data_loader: { batch_sampler: { type: 'spanbert_token_budget', max_pieces: 16384, shuffle: false } },
  trainer: $.training.trainer,

  full_reader:: {
    indexer: { type: 'spanbert', model_name: $.encoder.model_name },
    max_length: $.max_length,
    [if $.optimisation == 'reproduce' then 'fixed_length']: true,
  } + $.reader,
  training:: templates[$.optimisation] + {
    epochs:: $.epochs,
    metric:: $.metric,
    learning_rate:: $.learning_rate,
    groups:: parameter_groups.no_decay(),
    patience:: $.patience,
    precision:: $.precision,
    seed:: $.seed,
  } + $.changes[$.optimisation] + $.trainer_knobs,
  changes:: {
    modern: { max_pieces:: $.max_pieces },
    // Texts are sorted by their length without padding.
    reproduce: {
      batches+:: { length_field: 'attended', [if $.drop_last then 'drop_last']: true },
    },
  },
}
