// OntoGUM with SpanBERT-base: a GPU. Data: as ontogum_minilm.jsonnet says.
local encoders = import '../lib/encoders.libsonnet';

(import 'ontogum_minilm.jsonnet') {
  encoder:: encoders.spanbert_base,
  scorers:: 'published',
  head+:: { hidden_dim: 3000 },
  precision:: 'bf16',
  encoder_learning_rate:: 2e-5,
  task_learning_rate:: 1e-4,
}
