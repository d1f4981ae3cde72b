// SpanBERT-large on OntoNotes 5 (CoNLL-2012), the published settings: test F1 79.6. A GPU of 32 GB;
// on less: a smaller `segment_length`, `max_training_segments` or `head+:: { hidden_dim: 1000 }`.
local encoders = import '../lib/encoders.libsonnet';

(import 'spanbert_base.jsonnet') {
  encoder:: encoders.spanbert_large,
  segment_length:: 512,
  encoder_learning_rate:: 1e-5,
  task_learning_rate:: 3e-4,
}
