// Your own texts with MiniLM, the encoder that the installation brings, on two CPU cores.
local encoders = import '../lib/encoders.libsonnet';
local pretraining = import '../lib/pretraining.libsonnet';

pretraining {
  encoder:: encoders.minilm,
  train_path:: std.extVar('PRETRAINING_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('PRETRAINING_DEV_DATA_PATH'),

  max_length:: 128,
  max_pieces:: 4096,
  epochs:: 1,
  attention_dropout:: 0.0,
}
