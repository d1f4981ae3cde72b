// Relation classification: classification.libsonnet with the reader, model and vocabulary of relations. A
// configuration is `(import '../lib/relation.libsonnet') + { knob:: value, ... }`; the knobs of
// classification.libsonnet are its, too. The defaults are SpanBERT's published settings.
local classification = import 'classification.libsonnet';

classification {
  // Data. `layout`: `tacred`, `semeval` or, for one's own, `jsonl`. `mode`: what the encoder sees of the
  // entities: `ner`, `text`, `text_ner`, `ner_text`.
  layout:: 'tacred',
  mode:: 'ner',

  // Labels. `negative_label`: that for no relation, or `null`. `markers_of_validation_first`: as the original
  // does with `--do_eval`, which decides about which piece stands for which type.
  negative_label:: 'no_relation',
  markers_of_validation_first:: self.optimisation == 'reproduce',

  // Model. `pooling`: `cls`, `entity_start` or `entity_mean`. `scorer`: `tacred` or `semeval2010`.
  // `class_weights`: by label.
  pooling:: 'cls',
  scorer:: 'tacred',
  class_weights:: null,
  metric:: '+f1',

  vocabulary: {
    type: 'spanbert_relation',
    negative_label: $.negative_label,
    [if $.markers_of_validation_first then 'marker_files']: [$.validation_path],
  },
  datasets_for_vocab_creation: ['train'],

  reader:: {
    type: {
      tacred: 'spanbert_tacred',
      semeval: 'spanbert_semeval2010',
      jsonl: 'spanbert_relation_jsonl',
    }[$.layout],
    mode: $.mode,
  },
  model_settings:: {
    type: 'spanbert_relation',
    embedder+: { pooler: $.pooling == 'cls' },
    pooling: { type: $.pooling },
    negative_label: $.negative_label,
    scorer: $.scorer,
    [if $.class_weights != null then 'class_weights']: $.class_weights,
  },
}
