// Extractive question answering. A configuration is `(import '../lib/qa.libsonnet') + { knob:: value, ... }`,
// as for coref.libsonnet. The defaults are SpanBERT's published settings.
local parameter_groups = import 'parameter_groups.libsonnet';
local templates = import 'trainer.libsonnet';

{
  // What must be set.
  encoder:: error 'qa: set `encoder`, e.g. `encoder:: encoders.spanbert_base` with `local encoders = import \'../lib/encoders.libsonnet\'`',
  train_path:: error 'qa: set `train_path` to the training data, e.g. `train_path:: std.extVar(\'TRAIN_DATA_PATH\')`',
  validation_path:: error 'qa: set `validation_path` to the data that the best weights are chosen by',

  // Data. `mrqa`: files of the shared task, and its F1.
  mrqa:: false,
  impossible_answers:: false,  // SQuAD 2.0
  max_length:: 512,
  stride:: 128,
  max_question_length:: 64,
  loading_processes:: 0,  // more read the training data while the model is at work

  // Model.
  trained_layers:: 'all',  // or how many of the uppermost layers; then word vectors stay, too
  attention_dropout:: null,  // the encoder's own; 0 trains faster on a CPU
  decoder:: {},
  threshold:: if self.optimisation == 'reproduce' then 1.0 else 0.0,

  // Training: a template of trainer.libsonnet, which has its knobs. `reproduce` is the original's: windows
  // padded to `max_length`, a softmax over all of them, batches that stay as they are, BertAdam, ten
  // evaluations an epoch. `modern`: padding to the longest, a softmax over possible answers, AdamW.
  optimisation:: 'modern',
  epochs:: 4,
  learning_rate:: 2e-5,
  patience:: null,
  precision:: 'fp32',
  gradient_checkpointing:: false,
  trainer_knobs:: {},  // any other knob of the template
  seed:: 42,

  assert self.max_length <= self.encoder.max_length :
         'qa: `max_length` is %d, but the encoder takes %d' % [self.max_length, self.encoder.max_length],

  random_seed: self.seed,
  numpy_seed: self.seed,
  pytorch_seed: self.seed,
  dataset_reader: $.reader { training: true },
  validation_dataset_reader: $.reader,
  train_data_path: self.train_path,
  validation_data_path: self.validation_path,
  model: {
    type: 'spanbert_qa',
    embedder: {
      type: 'spanbert',
      model_name: $.encoder.model_name,
      train: $.trained_layers,
      [if $.attention_dropout != null then 'attention_dropout']: $.attention_dropout,
      [if $.gradient_checkpointing then 'gradient_checkpointing']: true,
    },
    impossible_answers: $.impossible_answers,
    threshold: $.threshold,
    [if $.optimisation == 'reproduce' then 'softmax_over']: 'everything',
    decoder: { type: if $.optimisation == 'reproduce' then 'original' else 'exact' } + $.decoder,
    [if $.mrqa then 'flavour']: 'mrqa',
  },
  data_loader: $.training.data_loader + (
    if $.loading_processes > 0 then { num_workers: $.loading_processes } else {}
  ),
  validation_data_loader: { batch_sampler: { type: 'spanbert_token_budget', max_pieces: 16384, shuffle: false } },
  trainer: $.training.trainer,

  reader:: {
    type: if $.mrqa then 'spanbert_mrqa' else 'spanbert_squad',
    indexer: { type: 'spanbert', model_name: $.encoder.model_name },
    max_length: $.max_length,
    stride: $.stride,
    max_question_length: $.max_question_length,
    [if $.impossible_answers then 'impossible_answers']: true,
    [if $.optimisation == 'reproduce' then 'fixed_length']: true,
  },
  training:: templates[$.optimisation] + {
    epochs:: $.epochs,
    metric:: if $.impossible_answers then '+best_f1' else '+f1',
    learning_rate:: $.learning_rate,
    groups:: parameter_groups.no_decay_without_pooler,
    patience:: $.patience,
    precision:: $.precision,
    seed:: $.seed,
  } + $.changes[$.optimisation] + $.trainer_knobs,
  changes:: {
    modern: {},
    // Windows are sorted by their length without padding. The original's program for MRQA goes from short to
    // long in every epoch, and evaluates less often.
    reproduce: { batches+:: { length_field: 'attended' } } + if $.mrqa then {
      evaluations_per_epoch:: 5,
      batches+:: { shuffle_batches: false },
    } else {},
  },
}
