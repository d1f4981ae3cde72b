// Splinter-base from the start, with recurring spans alone: batches of 256 x 512 pieces, 2.4 million updates, of which the
// first 10,000 warm up. Set `epochs` to what makes so many updates of your corpus; `spanbert-allen check` shows them. With
// `masking`, `masked_weight` and `boundary_weight` left out, SpanBERT's objectives are trained as well.
local encoders = import '../lib/encoders.libsonnet';
local pretraining = import '../lib/pretraining.libsonnet';

pretraining {
  encoder:: encoders.spanbert_base,
  from_scratch:: true,
  train_path:: std.extVar('PRETRAINING_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('PRETRAINING_DEV_DATA_PATH'),

  questions:: { type: 'spanbert_recurring_spans' },
  masking:: { type: 'spanbert_no_masking' },
  masked_weight:: 0,
  boundary_weight:: 0,

  epochs:: 40,
  learning_rate:: 1e-4,
  warmup_proportion:: 0.0042,
  max_pieces:: 131072,  // the pieces of all GPUs together
}
