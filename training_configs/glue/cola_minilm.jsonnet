// MiniLM on CoLA (linguistic acceptability, Matthews' correlation): trains on two CPU cores.
// Data: see lib/glue.libsonnet.
local encoders = import '../lib/encoders.libsonnet';
local glue = import '../lib/glue.libsonnet';

glue {
  task:: 'CoLA',
  encoder:: encoders.minilm,

  // All layers, but not the word vectors: that shortens a step.
  trained_layers:: self.encoder.num_layers,
  epochs:: 6,
  learning_rate:: 2e-4,
  max_pieces:: 768,  // sentences are short
}
