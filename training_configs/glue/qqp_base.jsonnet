// SpanBERT-base on QQP (duplicate questions, F1 and accuracy), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'QQP',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
