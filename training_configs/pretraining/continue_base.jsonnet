// Your own texts with SpanBERT-base, continued from the release: a few passes at a low rate. Make the corpora with
// `spanbert-allen corpus FILES --out FOLDER --encoder spanbert-base-cased`. The release carries no heads: those begin
// at random, with a higher rate.
local encoders = import '../lib/encoders.libsonnet';
local pretraining = import '../lib/pretraining.libsonnet';

pretraining {
  encoder:: encoders.spanbert_base,
  train_path:: std.extVar('PRETRAINING_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('PRETRAINING_DEV_DATA_PATH'),

  epochs:: 3,
  learning_rate:: 5e-5,
  head_learning_rate:: 5e-4,
  max_pieces:: 16384,
}
