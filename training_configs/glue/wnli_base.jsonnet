// SpanBERT-base on WNLI (pronouns, accuracy), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'WNLI',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
