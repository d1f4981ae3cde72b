// Your own documents with MiniLM, in this project's jsonl (docs/data.md) or any other format
// that `spanbert-allen convert --help` lists; `spanbert-allen validate FILE` looks them through. Change
// `encoder` to `encoders.spanbert_base` for SpanBERT.
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.minilm,
  reader:: { type: 'spanbert_coref' },
  train_path:: std.extVar('TRAIN_DATA_PATH'),
  validation_path:: std.extVar('VALIDATION_DATA_PATH'),

  head:: { hidden_dim: 1000 },
  mention_loss_weight:: 1.0,
  encoder_learning_rate:: 5e-5,
  task_learning_rate:: 3e-4,
  patience:: 5,
}
