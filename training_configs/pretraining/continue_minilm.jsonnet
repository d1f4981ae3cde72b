// Your own texts with MiniLM, the encoder that the installation brings, on two CPU cores.
local encoders = import '../lib/encoders.libsonnet';
local pretraining = import '../lib/pretraining.libsonnet';

pretraining {
  encoder:: encoders.minilm,
  train_path:: std.extVar('PRETRAINING_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('PRETRAINING_DEV_DATA_PATH'),

  max_length:: 128,
  max_pieces:: 1024,  // many small updates, as there is time for few pieces
  epochs:: 1,
  learning_rate:: 2e-4,
  head_learning_rate:: 1e-3,
  attention_dropout:: 0.0,
}
