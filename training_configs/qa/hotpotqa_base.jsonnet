// SpanBERT-base on HotpotQA (MRQA), the published settings: F1 81.0 (SpanBERT's README).
// Data: github.com/mrqa/MRQA-Shared-Task-2019; halves of its dev set: `spanbert-allen split-mrqa`.
local encoders = import '../lib/encoders.libsonnet';
local qa = import '../lib/qa.libsonnet';

qa {
  encoder:: encoders.spanbert_base,
  mrqa:: true,
  train_path:: std.extVar('MRQA_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('MRQA_DEV_DATA_PATH'),
  optimisation:: 'reproduce',
}
