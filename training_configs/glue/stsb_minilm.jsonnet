// MiniLM on STS-B (similarity, Pearson's and Spearman's correlation): trains on two CPU cores.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'STS-B',
  encoder:: encoders.minilm,

  // All layers, but not the word vectors: that shortens a step.
  trained_layers:: self.encoder.num_layers,
  epochs:: 3,
  learning_rate:: 1e-4,
}
