// Relation classification: classification.libsonnet with the reader, model and vocabulary of relations. A
// configuration is `(import '../lib/relation.libsonnet') + { knob:: value, ... }`; the knobs of
// classification.libsonnet are its knobs too. The defaults are SpanBERT's published settings.
local classification = import 'classification.libsonnet';
local experiment = import 'experiment.libsonnet';

local readers = {
  tacred: 'spanbert_tacred',
  semeval: 'spanbert_semeval2010',
  jsonl: 'spanbert_relation_jsonl',
  any: 'spanbert_relation',
};

local published_modes = ['ner', 'text', 'text_ner', 'ner_text'];
local modes = published_modes + ['typed_entity_marker', 'typed_entity_marker_punct', 'levitated_marker'];
local numbers_markers(mode) = std.member(published_modes, mode);

local knobs = {
  // Data. `layout`: `tacred`, `semeval`, for one's own `jsonl`, or `any`: told by the first record, also of brat,
  // doccano, Label Studio, SpERT and DyGIE. `mode`: what the encoder sees of the
  // entities: `ner`, `text`, `text_ner`, `ner_text`; `typed_entity_marker` or `typed_entity_marker_punct`, best with
  // the pooling `entity_start` and a `hidden_layer`; `levitated_marker`: all pairs of a text in one pass, with that pooling.
  layout:: 'tacred',
  mode:: 'ner',

  // Labels. `negative_label`: the label for "no relation", or `null`. `markers_of_validation_first`: number the
  // entity types of the validation data first, as the original does with `--do_eval`; the number decides which
  // piece stands for a type.
  negative_label:: 'no_relation',
  markers_of_validation_first:: self.optimisation == 'reproduce' && numbers_markers(self.mode),

  // Model. `pooling`: `cls`, `entity_start` or `entity_mean`. `hidden_layer`: `relu` or `tanh`. `scorer`: `tacred` or `semeval2010`.
  // `class_weights`: a number for each label, or 'balanced'. `loss`: null for cross-entropy, or such as
  // `{ type: 'focal', gamma: 2 }` or `{ type: 'cross_entropy', label_smoothing: 0.1 }`.
  pooling:: 'cls',
  hidden_layer:: null,
  scorer:: 'tacred',
  class_weights:: null,
  loss:: null,
  metric:: '+f1',

  reader:: { type: readers[$.layout], mode: $.mode },
  model_settings:: {
    type: 'spanbert_relation',
    embedder+: { pooler: $.pooling == 'cls' },
    pooling: { type: $.pooling },
    [if $.hidden_layer != null then 'hidden_layer']: $.hidden_layer,
    negative_label: $.negative_label,
    scorer: $.scorer,
    [if $.class_weights != null then 'class_weights']: $.class_weights,
    [if $.loss != null then 'loss']: $.loss,
  },
};

local made = {
  checks+:: [experiment.choice($, 'layout', std.objectFields(readers)), experiment.choice($, 'mode', modes)],

  vocabulary: {
    type: 'spanbert_relation',
    negative_label: $.negative_label,
    [if $.markers_of_validation_first then 'marker_files']: [$.validation_path],
  },
  datasets_for_vocab_creation: ['train'],

  idle+: {
    [if $.mode == 'text' then 'markers_of_validation_first']: 'entities have no markers (`mode` is `text`)',
    [if !numbers_markers($.mode) then 'markers_of_validation_first']: 'it is for the original program\'s modes',
  },
};

experiment.template(
  'relation',
  knobs,
  made,
  base=classification,
  deciding=['optimisation', 'layout', 'mode', 'negative_label', 'pooling', 'hidden_layer', 'scorer', 'class_weights', 'loss'],
)
