// SQuAD 1.1 with MiniLM: hours on two CPU cores.
// Data: rajpurkar.github.io/SQuAD-explorer, CC BY-SA 4.0; train-v1.1.json and dev-v1.1.json.
local encoders = import '../lib/encoders.libsonnet';
local qa = import '../lib/qa.libsonnet';

qa {
  encoder:: encoders.minilm,
  train_path:: std.extVar('SQUAD_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('SQUAD_DEV_DATA_PATH'),
  max_length:: 384,

  // All layers, but not the word vectors, and attention without dropout: that shortens a step.
  trained_layers:: self.encoder.num_layers,
  attention_dropout:: 0.0,
  epochs:: 2,
  learning_rate:: 2e-4,

  // As many windows in each batch, so that all weigh the same: better than as many pieces (docs/results.md).
  trainer_knobs:: { batch_size:: 20, max_pieces:: 20 * $.max_length },
}
