// SpanBERT-base on MNLI (entailment, accuracy matched and mismatched), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'MNLI',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
