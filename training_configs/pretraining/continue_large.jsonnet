// As continue_base.jsonnet, with SpanBERT-large.
local encoders = import '../lib/encoders.libsonnet';

(import 'continue_base.jsonnet') {
  encoder:: encoders.spanbert_large,
  learning_rate:: 2e-5,
  head_learning_rate:: 2e-4,
  gradient_checkpointing:: true,
}
