// SpanBERT-base on MRPC (paraphrases, F1 and accuracy), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'MRPC',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
