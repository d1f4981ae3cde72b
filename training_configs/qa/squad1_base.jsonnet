// SpanBERT-base on SQuAD 1.1, the published settings: dev F1 92.4 (SpanBERT's README).
// Data: rajpurkar.github.io/SQuAD-explorer, CC BY-SA 4.0; train-v1.1.json and dev-v1.1.json.
local encoders = import '../lib/encoders.libsonnet';
local qa = import '../lib/qa.libsonnet';

qa {
  encoder:: encoders.spanbert_base,
  train_path:: std.extVar('SQUAD_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('SQUAD_DEV_DATA_PATH'),
  optimisation:: 'reproduce',
}
