// SpanBERT-base on SQuAD 2.0, the published settings: dev F1 83.6 (SpanBERT's README).
// Data: rajpurkar.github.io/SQuAD-explorer, CC BY-SA 4.0; train-v2.0.json and dev-v2.0.json.
local encoders = import '../lib/encoders.libsonnet';
local qa = import '../lib/qa.libsonnet';

qa {
  encoder:: encoders.spanbert_base,
  impossible_answers:: true,
  train_path:: std.extVar('SQUAD_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('SQUAD_DEV_DATA_PATH'),
  optimisation:: 'reproduce',
}
