// SpanBERT-base on SST-2 (sentiment, accuracy), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'SST-2',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
