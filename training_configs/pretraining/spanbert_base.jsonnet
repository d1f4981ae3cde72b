// SpanBERT-base from the start, as published: a corpus of Wikipedia and books, batches of 8 x 32 x 4096 pieces on
// 32 GPUs, 300,000 updates. Set `epochs` to what makes so many updates of your corpus; `spanbert-allen check` shows them.
local encoders = import '../lib/encoders.libsonnet';
local pretraining = import '../lib/pretraining.libsonnet';

pretraining {
  optimisation:: 'reproduce',
  encoder:: encoders.spanbert_base,
  from_scratch:: true,
  train_path:: std.extVar('PRETRAINING_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('PRETRAINING_DEV_DATA_PATH'),

  epochs:: 40,
  warmup_proportion:: 10000 / 300000,
  learning_rate:: 5e-4,
  max_pieces:: 32768,  // the pieces of one GPU
  precision:: 'fp16',
}
