// SpanBERT-base on RTE (entailment, accuracy), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'RTE',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
