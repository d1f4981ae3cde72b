// Coreference. A configuration is `(import '../lib/coref.libsonnet') + { knob:: value, ... }`; the knobs of
// experiment.libsonnet are its knobs too. The defaults are SpanBERT's published settings.
local experiment = import 'experiment.libsonnet';
local optimizers = import 'optimizers.libsonnet';
local parameter_groups = import 'parameter_groups.libsonnet';

local knobs = {
  // Data.
  reader:: { type: 'spanbert_coref_conll' },
  segment_length:: 384,
  max_training_segments:: 3,  // `null`: whole documents
  mentions:: 'found',  // or `gold`: link the annotated mentions, in training and evaluation, and find no others

  // Model. `scorers`: `published` is feed-forward and coarse-to-fine; `light` scores from the ends of spans
  // alone; `light_with_heads`, `light_to_fine`, `light_links`, `start_to_end` and `categories` are variants of it.
  // See docs/coref.md.
  scorers:: 'published',
  head:: {},
  special_pieces:: false,
  whole_words:: true,
  mention_loss_weight:: if $.scorers == 'start_to_end' then 1.0 else 0.0,
  singletons:: false,
  distillation:: null,  // { teacher: 'out/teacher/model.tar.gz', weight: 1.0, temperature: 1.0 }

  // Training. `modern` is AdamW with one warm-up and one gradient norm; `reproduce` is the original's two
  // Adams, each with a norm of its own, a warm-up for the encoder only, and an evaluation every 1000 documents.
  epochs:: 20,
  encoder_learning_rate:: 2e-5,
  task_learning_rate:: 1e-4,
};

local made = {
  checks+:: [
    experiment.fits($, 'segment_length'),
    experiment.choice($, 'scorers', std.objectFields($.scorer_kinds)),
    experiment.choice($, 'mentions', ['found', 'gold']),
  ],

  dataset_reader: $.reader {
    indexer: { type: 'spanbert', model_name: $.encoder.model_name, max_length: $.segment_length },
    [if $.mentions != 'found' then 'mentions']: $.mentions,
  },
  model: {
    type: 'spanbert_coref',
    embedder: $.embedder,
    head: std.prune({ max_segments: $.max_training_segments }) + $.scorer_kinds[$.scorers] + $.head,
    special_pieces: $.special_pieces,
    whole_words: $.whole_words,
    max_training_segments: $.max_training_segments,
    mention_loss_weight: $.mention_loss_weight,
    [if $.singletons then 'singleton_threshold']: 0.0,
    also_without_singletons: $.singletons,
    [if $.distillation != null then 'distillation']: $.distillation,
  },
  data_loader: { batch_size: 1, shuffle: true },
  validation_data_loader: { batch_size: 1 },

  scorer_kinds:: {
    published: {},
    light: {
      mentions: { type: 'spanbert_biaffine_mentions' },
      links: { type: 'spanbert_bilinear_links' },
    },
    light_with_heads: self.light { links+: { head_word: true } },
    light_to_fine: self.light_with_heads { links+: { fine_dim: 256 } },
    light_links: self.light_to_fine { mentions: { type: 'spanbert_feedforward_mentions' }, hidden_dim: 1024 },
    categories: self.light { links: { type: 'spanbert_category_links' } },
    start_to_end: self.light { mentions: { type: 'spanbert_start_to_end_mentions' } },
  },

  training+: $.changes[$.optimisation] { metric:: '+coref_f1' } + $.trainer_knobs,
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

  // A document is a batch, and the learning rates are knobs of their own.
  idle+: {
    [if $.trained_layers == 'none' then 'encoder_learning_rate']: 'the encoder is not trained (`trained_layers` is `none`)',
    'trainer_knobs.batch_size': 'each document is a batch',
    'trainer_knobs.max_pieces': 'each document is a batch',
    'trainer_knobs.batches': 'each document is a batch',
    'trainer_knobs.learning_rate': 'set `encoder_learning_rate` and `task_learning_rate`',
  },
};

experiment.template('coref', knobs, made)
