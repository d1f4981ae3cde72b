// Classification of texts, pairs of texts and relations by the pooled [CLS]. A configuration is
// `(import '../lib/classification.libsonnet') + { knob:: value, ... }`; the knobs of experiment.libsonnet are its
// knobs too. relation.libsonnet and glue.libsonnet extend it. The defaults are SpanBERT's published settings.
local experiment = import 'experiment.libsonnet';
local parameter_groups = import 'parameter_groups.libsonnet';

local knobs = {
  // What must be set.
  reader:: error "%s: set `reader`, e.g. `reader:: { type: 'spanbert_text_pairs_jsonl' }`" % self.template_name,
  model_settings:: error "%s: set `model_settings`, e.g. `model_settings:: { type: 'spanbert_sequence_classifier' }`" % self.template_name,
  metric:: error "%s: set `metric`, by which the best weights are chosen, e.g. `metric:: '+acc'`" % self.template_name,

  // Data. `training_reader`: settings of the reader for the training data only.
  max_length:: 128,
  training_reader:: {},

  // Training. `reproduce` is the original's: texts padded to `max_length`, batches of 32 with the same members in
  // every epoch, BertAdam, ten evaluations an epoch. `modern`: texts padded to the longest of their batch, batches
  // of at most `max_pieces`, AdamW. `drop_last`: with `reproduce`, leave out the last batch, which has the longest
  // texts, if it is not full.
  epochs:: 10,
  learning_rate:: 2e-5,
  max_pieces:: 2048,
  drop_last:: false,
};

local made = {
  checks+:: [experiment.fits($, 'max_length')],

  dataset_reader: $.full_reader + $.training_reader,
  validation_dataset_reader: $.full_reader,
  model: { embedder: $.embedder { pooler: true } } + $.model_settings,
  data_loader: $.training.data_loader,
  validation_data_loader: { batch_sampler: { type: 'spanbert_token_budget', max_pieces: 16384, shuffle: false } },

  full_reader:: {
    indexer: { type: 'spanbert', model_name: $.encoder.model_name },
    max_length: $.max_length,
    [if $.optimisation == 'reproduce' then 'fixed_length']: true,
  } + $.reader,
  training+: {
    metric:: $.metric,
    learning_rate:: $.learning_rate,
    groups:: parameter_groups.no_decay(),
  } + $.changes[$.optimisation] + $.trainer_knobs,
  changes:: {
    modern: { max_pieces:: $.max_pieces },
    // The length of a text is that without padding.
    reproduce: {
      batches+:: { length_field: 'attended', [if $.drop_last then 'drop_last']: true },
    },
  },

  idle+: {
    [if $.optimisation == 'reproduce' then 'max_pieces']: 'with `reproduce` a batch is 32 texts: set `trainer_knobs:: { batch_size:: 16 }`',
    [if $.optimisation == 'modern' then 'drop_last']: 'it is for `reproduce` only',
  },
};

experiment.template(
  'classification',
  knobs,
  made,
  required=['encoder', 'train_path', 'validation_path', 'reader', 'model_settings', 'metric'],
)
