// Your own texts or pairs of texts: JSON lines {"text": ..., "text_pair": ..., "label": ...}, `text_pair` if
// they are pairs. Set `encoder` to `encoders.spanbert_base` where there is a GPU. For numbers in place of
// classes, set `regression` to true; for any number of classes a text (a list as `label`), `multi_label`.
// `class_weights`: a number for each label, or 'balanced'. `loss`: such as `{ type: 'focal' }`.
local classification = import '../lib/classification.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

classification {
  encoder:: encoders.minilm,
  train_path:: std.extVar('TEXTS_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('TEXTS_DEV_DATA_PATH'),
  more_knobs:: ['regression', 'multi_label', 'class_weights', 'loss'],
  regression:: false,
  multi_label:: false,
  class_weights:: null,
  loss:: null,
  reader:: { type: 'spanbert_text_pairs_jsonl', regression: $.regression, multi_label: $.multi_label },
  model_settings:: {
    type: 'spanbert_sequence_classifier',
    regression: $.regression,
    multi_label: $.multi_label,
    [if $.class_weights != null then 'class_weights']: $.class_weights,
    [if $.loss != null then 'loss']: $.loss,
  },
  metric:: if self.regression then '+corr' else '+macro_f1',
  datasets_for_vocab_creation: ['train'],  // the classes are the labels of the training data
  trained_layers:: self.encoder.num_layers,  // not the word vectors: that shortens a step
  learning_rate:: 1e-4,
  patience:: 3,
}
