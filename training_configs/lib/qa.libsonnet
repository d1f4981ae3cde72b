// Extractive question answering. A configuration is `(import '../lib/qa.libsonnet') + { knob:: value, ... }`;
// the knobs of experiment.libsonnet are its knobs too. The defaults are SpanBERT's published settings.
local experiment = import 'experiment.libsonnet';
local parameter_groups = import 'parameter_groups.libsonnet';

local knobs = {
  // Data. `mrqa`: files of the shared task, and its F1. `train_path` may be an object of several data sets' files
  // by name; then `weights` are their shares in the batches of an epoch (by default each batch comes once), and
  // `batches_per_epoch` is by default what all of them have.
  mrqa:: false,
  weights:: null,
  batches_per_epoch:: null,
  impossible_answers:: false,  // SQuAD 2.0
  max_length:: 512,
  stride:: 128,
  max_question_length:: 64,
  loading_processes:: 0,  // processes that read the training data while the model is at work

  // Model. `threshold`: how much better "no answer" must score than the best answer to be given. `head`:
  // { type: 'spanbert_biaffine_answers' }, or { type: 'spanbert_question_aware_answers', question: 'piece' }.
  decoder:: {},
  head:: {},
  threshold:: if self.optimisation == 'reproduce' then 1.0 else 0.0,

  // Training. `reproduce` is the original's: windows padded to `max_length`, a softmax over all positions,
  // batches with the same members in every epoch, BertAdam, ten evaluations an epoch. `modern`: windows padded
  // to the longest of their batch, a softmax over possible answers, AdamW.
  epochs:: 4,
  learning_rate:: 2e-5,
};

local made = {
  checks+:: [experiment.fits($, 'max_length')],

  has_several:: std.isObject($.train_path),
  by_set(value):: { [name]: value for name in std.objectFields($.train_path) },
  dataset_reader: if $.has_several then {
    type: 'spanbert_multitask',
    readers: $.by_set($.reader { training: true }),
  } else $.reader { training: true },
  validation_dataset_reader: $.reader,
  model: {
    type: 'spanbert_qa',
    embedder: $.embedder,
    impossible_answers: $.impossible_answers,
    threshold: $.threshold,
    [if $.optimisation == 'reproduce' then 'softmax_over']: 'everything',
    [if $.head != {} then 'head']: $.head,
    decoder: { type: if $.optimisation == 'reproduce' then 'original' else 'exact' } + $.decoder,
    [if $.mrqa then 'flavour']: 'mrqa',
    [if $.has_several then 'by_dataset']: true,
  },
  data_loader: if $.has_several then {
    type: 'spanbert_multitask',
    batches: $.by_set($.training.data_loader.batch_sampler),
    [if $.weights != null then 'weights']: $.weights,
    [if $.batches_per_epoch != null then 'batches_per_epoch']: $.batches_per_epoch,
    seed: $.seed,
  } else $.training.data_loader + (
    if $.loading_processes > 0 then { num_workers: $.loading_processes } else {}
  ),
  validation_data_loader: { batch_sampler: { type: 'spanbert_token_budget', max_pieces: 16384, shuffle: false } },

  reader:: {
    type: if $.mrqa then 'spanbert_mrqa' else 'spanbert_squad',
    indexer: { type: 'spanbert', model_name: $.encoder.model_name },
    max_length: $.max_length,
    stride: $.stride,
    max_question_length: $.max_question_length,
    [if $.impossible_answers then 'impossible_answers']: true,
    [if $.optimisation == 'reproduce' then 'fixed_length']: true,
    [if std.objectHas($.head, 'question') && $.head.question == 'piece' then 'question_piece']: true,
  },
  training+: {
    metric:: if $.has_several then '+mean_f1' else if $.impossible_answers then '+best_f1' else '+f1',
    learning_rate:: $.learning_rate,
    groups:: parameter_groups.no_decay_without_pooler,
  } + $.changes[$.optimisation] + $.trainer_knobs,
  changes:: {
    modern: {},
    // The length of a window is that without padding. The original's program for MRQA takes windows from short
    // to long in every epoch, and evaluates half as often.
    reproduce: { batches+:: { length_field: 'attended' } } + if $.mrqa then {
      evaluations_per_epoch:: 5,
      batches+:: { shuffle_batches: false },
    } else {},
  },

  idle+: {
    [if !$.has_several then 'weights']: 'there is one data set (`train_path` is no object of several)',
    [if !$.has_several then 'batches_per_epoch']: 'there is one data set (`train_path` is no object of several)',
    [if $.has_several then 'loading_processes']: 'several data sets are read at the start',
    [if !$.impossible_answers then 'threshold']: 'every question has an answer (`impossible_answers` is false)',
  },
};

experiment.template('qa', knobs, made)
