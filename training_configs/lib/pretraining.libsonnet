// Pre-training with SpanBERT's objectives. A configuration is `(import '../lib/pretraining.libsonnet') + { knob:: value, ... }`;
// the knobs of experiment.libsonnet are its knobs too. `train_path` and `validation_path` are corpora that
// `spanbert-allen corpus` made with the encoder's vocabulary.
local experiment = import 'experiment.libsonnet';
local optimizers = import 'optimizers.libsonnet';
local parameter_groups = import 'parameter_groups.libsonnet';

local knobs = {
  // Data. `masking`: a masking scheme, by default the paper's geometric spans. `training_tags`: the file of tags of the
  // training corpus, for `spanbert_tagged_spans`. `reader`: other settings of the reader.
  max_length:: 512,
  masking:: { type: 'spanbert_geometric_spans' },
  training_tags:: null,
  reader:: {},

  // Questions to be answered from elsewhere in the block: `{ type: 'spanbert_recurring_spans' }` adds Splinter's objective.
  questions:: null,
  questions_weight:: 1.0,

  // Model. `from_scratch`: begin with random weights. `masked_weight` and `boundary_weight`: 0 leaves the masked pieces'
  // own objective or the span-boundary objective out.
  // `external_boundaries`: predict from the pieces around a span, as published, or from its own first and last one.
  from_scratch:: false,
  masked_weight:: 1.0,
  boundary_weight:: 1.0,
  max_boundary_targets:: 15,
  external_boundaries:: true,
  next_sentence:: false,

  // Training. `reproduce` is the published recipe: decay of all parameters, a rate that falls from the start of the run
  // and is only replaced by the warm-up, the span-boundary loss divided by one target more.
  epochs:: 10,
  max_pieces:: 8192,
  // `head_learning_rate`: of the heads, if another. Heads that begin at random on a trained encoder want a higher one.
  learning_rate:: 1e-4,
  head_learning_rate:: null,
  warmup_proportion:: 0.06,
  // Paper and program differ. The paper says 0.1, every launch script 0.01.
  weight_decay:: 0.01,
  // The program divides its gradients twice by the number of targets. Its epsilon of 1e-8 is therefore one of 6e-6, and
  // its clipping to a norm of 1 never acts (`clip_norm` null). The authors' later scripts divide once, and have 1e-6 and 1.
  epsilon:: if self.optimisation == 'reproduce' then 6e-6 else 1e-6,
  clip_norm:: if self.optimisation == 'reproduce' then null else 1.0,
};

local made = {
  checks+:: [
    experiment.fits($, 'max_length'),
    !std.objectHas($.reader, 'masking') ||
    error 'pretraining: `reader` sets `masking`, which is a knob of its own: set `masking` beside `reader`',
    $.masking_type != 'spanbert_no_masking' || $.masked_weight + $.boundary_weight == 0 ||
    error 'pretraining: `masking` chooses nothing, so `masked_weight` and `boundary_weight` must be 0',
  ],

  dataset_reader: $.full_reader {
    masking: $.masking,
    [if $.training_tags != null then 'tags']: $.training_tags,
  },
  // Frozen masks of three kinds, so that runs with different maskings can be compared.
  validation_dataset_reader: $.full_reader {
    maskings: if $.masking_type == 'spanbert_no_masking' then { none: $.masking } else {
      subwords: { type: 'spanbert_subwords' },
      whole_words: { type: 'spanbert_whole_words' },
      geometric_spans: { type: 'spanbert_geometric_spans' },
    },
  },
  vocabulary: { type: 'empty' },  // a corpus has its encoder's
  model: {
    type: 'spanbert_pretrainer',
    embedder: $.embedder {
      [if $.next_sentence then 'pooler']: true,
      [if $.from_scratch then 'from_scratch']: true,
    },
    [if $.masked_weight != 1 then 'masked_weight']: $.masked_weight,
    boundary_weight: $.boundary_weight,
    [if $.questions != null then 'objectives']: [
      { type: 'spanbert_recurring_spans', weight: $.questions_weight },
    ],
    max_boundary_targets: $.max_boundary_targets,
    next_sentence: $.next_sentence,
    [if $.optimisation == 'reproduce' then 'reproduce']: true,
  },
  data_loader: { type: 'spanbert_pretraining', max_pieces: $.max_pieces, epochs: $.epochs, seed: $.seed },
  validation_data_loader: { type: 'spanbert_pretraining', max_pieces: 8192, evaluation: true },

  masking_type:: if std.isString($.masking) then $.masking else $.masking.type,
  full_reader:: {
    type: 'spanbert_pretraining',
    indexer: { type: 'spanbert', model_name: $.encoder.model_name },
    max_length: $.max_length,
    max_boundary_targets: $.max_boundary_targets,
    [if !$.external_boundaries then 'external_boundaries']: false,
    next_sentence: $.next_sentence,
    [if $.questions != null then 'questions']: $.questions,
    seed: $.seed,
    [if $.optimisation == 'reproduce' then 'reproduce']: true,
  } + $.reader,
  training+: {
    metric:: '-loss',
    learning_rate:: $.learning_rate,
    optimizer:: optimizers.adamw($.rate_of_heads, $.groups[$.optimisation]) {
      weight_decay: $.weight_decay,
      eps: $.epsilon,
      warmup_proportion: $.warmup_proportion,
      [if $.optimisation == 'reproduce' then 'eps_before_correction']: true,
      [if $.optimisation == 'reproduce' then 'schedule']: 'warmup_over_linear',
    } + if $.clip_norm == null then { clip: null, clip_name: null } else { max_grad_norm: $.clip_norm },
    // AllenNLP's check takes the biases before a layer normalisation, which BERT's heads have, for a mistake.
    trainer+: { run_confidence_checks: false },
  } + $.trainer_knobs,
  rate_of_heads:: if $.head_learning_rate == null then $.learning_rate else $.head_learning_rate,
  groups:: {
    modern: if $.head_learning_rate == null then parameter_groups.no_decay()
    else parameter_groups.rates_of_encoder_and_heads($.learning_rate, $.weight_decay),
    reproduce: [],
  },

  idle+: {
    [if $.boundary_weight == 0 then 'max_boundary_targets']: '`boundary_weight` is 0',
    [if $.optimisation == 'reproduce' then 'head_learning_rate']: '`reproduce` has one rate for all parameters',
    [if $.questions == null then 'questions_weight']: '`questions` is null',
    [if $.masking_type != 'spanbert_tagged_spans' then 'training_tags']: '`masking` is not `spanbert_tagged_spans`',
    [if $.boundary_weight == 0 then 'external_boundaries']: '`boundary_weight` is 0',
    'trainer_knobs.batch_size': 'batches are made by `max_pieces`',
    'trainer_knobs.max_pieces': 'set `max_pieces` beside `trainer_knobs`',
    'trainer_knobs.batches': 'batches are made by `max_pieces`',
    'trainer_knobs.learning_rate': 'set `learning_rate` beside `trainer_knobs`',
    'trainer_knobs.groups': 'the optimizer has groups of its own: set `trainer_knobs.optimizer`',
  },
};

experiment.template('pretraining', knobs, made)
