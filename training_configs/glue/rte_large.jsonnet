// SpanBERT-large on RTE (entailment, accuracy), the published settings: 79.0 on the test set.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'RTE',
  encoder:: encoders.spanbert_large,
  optimisation:: 'reproduce',
}
