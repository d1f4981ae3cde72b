// What every template shares: the knobs that all tasks have, the encoder, the seeds and the data; and the
// check that each knob a configuration sets exists. `coref`, `qa`, `classification`, `relation` and `glue`
// are made of it with `template`.
//
// Knobs are hidden fields (`::`), so that they are not part of the configuration that AllenNLP reads, and
// whatever depends on a knob follows it.
local nearest = import 'nearest.libsonnet';
local templates = import 'trainer.libsonnet';

// The keys that AllenNLP itself reads. A configuration may add any of them.
local allennlp_keys = [
  'batch_weight_key',
  'data_loader',
  'dataset_reader',
  'datasets_for_vocab_creation',
  'distributed',
  'evaluate_on_test',
  'evaluation',
  'include_in_archive',
  'model',
  'numpy_seed',
  'pytorch_seed',
  'random_seed',
  'test_data_path',
  'train_data_path',
  'trainer',
  'validation_data_loader',
  'validation_data_path',
  'validation_dataset_reader',
  'vocabulary',
];

// Whether a knob has one of some values; an error that names the nearest otherwise.
local choice(config, knob, choices) =
  std.member(choices, config[knob]) ||
  error '%s: `%s` is `%s`: %s' % [
    config.template_name,
    knob,
    config[knob],
    nearest.advice(std.toString(config[knob]), choices, otherwise='it must be one of %s' % std.join(', ', choices)),
  ];

// Whether the encoder takes texts as long as a knob says; an error otherwise.
local fits(config, knob) =
  config[knob] <= config.encoder.max_length ||
  error '%s: `%s` is %d, but the encoder takes %d' % [config.template_name, knob, config[knob], config.encoder.max_length];

local knobs = {
  // What must be set.
  encoder:: error "%s: set `encoder`, e.g. `encoder:: encoders.spanbert_base` with `local encoders = import '../lib/encoders.libsonnet'`" % self.template_name,
  train_path:: error "%s: set `train_path` to the training data, e.g. `train_path:: std.extVar('TRAIN_DATA_PATH')`" % self.template_name,
  validation_path:: error '%s: set `validation_path` to the data that the best weights are chosen by' % self.template_name,

  // The encoder.
  trained_layers:: 'all',  // or how many of the uppermost layers, without the word vectors; or 'none'
  attention_dropout:: null,  // null: the encoder's own; 0 trains faster on a CPU
  gradient_checkpointing:: false,

  // Training: `optimisation` is a template of trainer.libsonnet; `trainer_knobs` sets any other knob of it.
  optimisation:: 'modern',
  precision:: 'fp32',
  patience:: null,
  max_hours:: null,  // the rates follow the time then, if that is up before the epochs are
  trainer_knobs:: {},
  seed:: 42,

  // Weights to start from: those of a trained model, `model.tar.gz` or the folder of a training. Data, labels,
  // trained layers and task may be others. `init_parts`: `all` that fit, or those of the `encoder`.
  init:: null,
  init_parts:: 'all',

  // The names of further hidden fields that a configuration defines for itself.
  more_knobs:: [],
};

local made = {
  checks:: [
    std.isObject($.encoder) ||
    error '%s: `encoder` must be an object such as `encoders.minilm` or `encoders.other(...)`, see lib/encoders.libsonnet' % $.template_name,
    choice($, 'optimisation', ['modern', 'reproduce']),
  ],

  random_seed: $.seed,
  numpy_seed: $.seed,
  pytorch_seed: $.seed,
  train_data_path: $.train_path,
  validation_data_path: $.validation_path,
  trainer: $.training.trainer,

  embedder:: {
    type: 'spanbert',
    model_name: $.encoder.model_name,
    train: $.trained_layers,
    [if $.attention_dropout != null then 'attention_dropout']: $.attention_dropout,
    [if $.gradient_checkpointing then 'gradient_checkpointing']: true,
    [if std.objectHas($.encoder, 'sizes') then 'sizes']: $.encoder.sizes,
  },

  // The trainer's template with the knobs that all tasks pass on; a task adds its own.
  training:: templates[$.optimisation] {
    epochs:: $.epochs,
    patience:: $.patience,
    max_hours:: $.max_hours,
    precision:: $.precision,
    seed:: $.seed,
    init:: $.init,
    init_parts:: $.init_parts,
  },

  // Knobs without effect, beside what else is set: a reason for each.
  idle:: {
    [if $.trained_layers == 'none' then 'gradient_checkpointing']: 'the encoder is not trained (`trained_layers` is `none`)',
  },
};

{
  // A template.
  //
  // name: what error messages call it.
  // knobs: what a configuration may set, with defaults. made: what follows from the knobs.
  // required: the knobs without a default. deciding: the knobs that other knobs' defaults depend on.
  // base: the template that this one extends.
  template(name, knobs, made, base=null, required=['encoder', 'train_path', 'validation_path'], deciding=['optimisation'])::
    local parent = if base == null then $.base else base;
    local without_checks = parent + knobs + made + {
      template_name:: name,
      knob_names:: std.set(std.objectFieldsAll(knobs) + parent.knob_names),
    };
    without_checks {
      // This field is evaluated first. An `assert` would be evaluated at each use of a field: seconds.
      data_loader: if self.passes then super.data_loader,
      passes:: $.passes(self, without_checks),
      knob_report:: $.report(self, without_checks, required, deciding),
    },

  base:: knobs + made + { knob_names:: std.objectFieldsAll(knobs) },

  // Whether a configuration passes every check; what is wrong is an error.
  passes(config, template):: $.knows_all(config, template) && std.all(config.checks),

  // Whether each field of a configuration is known; an error that names the nearest knobs otherwise.
  knows_all(config, template)::
    local known = ['passes', 'knob_report'] + allennlp_keys + config.more_knobs;
    local unknown = [
      name
      for name in std.objectFieldsAll(config)
      if !std.objectHasAll(template, name) && !std.member(known, name)
    ];
    std.length(unknown) == 0 ||
    error '%s: there is no knob `%s`: %s' % [
      config.template_name,
      unknown[0],
      nearest.advice(unknown[0], config.knob_names, otherwise='list it in `more_knobs` if it is a field of your own'),
    ],

  choice:: choice,
  fits:: fits,

  // What `spanbert-allen check` tells: the knobs that are set against their defaults, and those that have no
  // effect with what else is set.
  report(config, template, required, deciding)::
    local names = std.filter(function(name) !std.member(required + ['more_knobs'], name), config.knob_names);
    local fixed = template { [name]: config[name] for name in required + deciding };
    local default(name) = (if std.member(deciding, name) then template else fixed)[name];
    local set = std.filter(function(name) config[name] != default(name), names);
    {
      template: config.template_name,
      knobs: config.knob_names,
      set: { [name]: { value: config[name], default: default(name) } for name in set },
      idle: {
        [name]: config.idle[name]
        for name in std.objectFields(config.idle)
        if std.member(set, name)
           || std.startsWith(name, 'tasks.')  // which is there only if it is set
           || std.objectHasAll(config.trainer_knobs, std.strReplace(name, 'trainer_knobs.', ''))
      },
    },
}
