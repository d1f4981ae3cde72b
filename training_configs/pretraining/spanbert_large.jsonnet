// SpanBERT-large from the start, as published: batches of 32 x 4096 pieces on 32 GPUs, 2.4 million updates.
local encoders = import '../lib/encoders.libsonnet';

(import 'spanbert_base.jsonnet') {
  encoder:: encoders.spanbert_large,
  warmup_proportion:: 10000 / 2400000,
  learning_rate:: 1e-4,
  max_pieces:: 4096,
}
