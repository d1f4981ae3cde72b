// MiniLM on CoLA (linguistic acceptability, Matthews' correlation): trains on two CPU cores.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'CoLA',
  encoder:: encoders.minilm,

  // All layers, but not the word vectors: that shortens a step.
  trained_layers:: self.encoder.num_layers,
  epochs:: 4,
  learning_rate:: 1e-4,
}
