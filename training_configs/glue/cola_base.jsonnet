// SpanBERT-base on CoLA (linguistic acceptability, Matthews' correlation), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'CoLA',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
