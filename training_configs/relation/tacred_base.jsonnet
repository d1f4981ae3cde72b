// SpanBERT-base on TACRED, the published settings: test F1 68.2 (SpanBERT's README).
// Data: catalog.ldc.upenn.edu/LDC2018T24 (licensed); train.json and dev.json.
local encoders = import '../lib/encoders.libsonnet';
local relation = import '../lib/relation.libsonnet';

relation {
  encoder:: encoders.spanbert_base,
  train_path:: std.extVar('TACRED_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('TACRED_DEV_DATA_PATH'),
  optimisation:: 'reproduce',
}
