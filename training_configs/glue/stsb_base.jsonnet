// SpanBERT-base on STS-B (similarity, Pearson's and Spearman's correlation), the published settings.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'STS-B',
  encoder:: encoders.spanbert_base,
  optimisation:: 'reproduce',
}
