// A small encoder from the start, with a vocabulary of its own, on two CPU cores: `spanbert-allen vocabulary FILES --out
// ENCODER` makes it, and `spanbert-allen corpus FILES --out FOLDER --encoder ENCODER` the corpora.
local encoders = import '../lib/encoders.libsonnet';
local pretraining = import '../lib/pretraining.libsonnet';

pretraining {
  encoder:: encoders.other(std.extVar('PRETRAINING_ENCODER_PATH'), num_layers=4),
  from_scratch:: true,
  train_path:: std.extVar('PRETRAINING_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('PRETRAINING_DEV_DATA_PATH'),

  max_length:: 128,
  max_pieces:: 4096,
  epochs:: 3,
  // At 1e-3 an encoder of this size stays at the frequencies of pieces (docs/results.md).
  learning_rate:: 4e-4,
}
