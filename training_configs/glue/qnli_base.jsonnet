// SpanBERT-base on QNLI (does a sentence answer a question, accuracy), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'QNLI',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
