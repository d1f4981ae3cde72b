// LitBank with SpanBERT-base: a GPU. Published, other systems, on LitBank's ten folds: 68.1 with predicted
// mentions (long-doc-coref), 78.0 (Maverick, DeBERTa). Data: as litbank_minilm.jsonnet says.
local encoders = import '../lib/encoders.libsonnet';

(import 'litbank_minilm.jsonnet') {
  encoder:: encoders.spanbert_base,
  attention_dropout:: null,
  scorers:: 'published',
  head+:: { hidden_dim: 3000 },
  precision:: 'bf16',
  max_training_segments:: 3,
  epochs:: 20,
  encoder_learning_rate:: 2e-5,
  task_learning_rate:: 1e-4,
}
