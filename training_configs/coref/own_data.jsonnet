// Your own documents with MiniLM, in this project's jsonl (docs/data.md) or any other format
// that `spanbert-allen convert --help` lists; `spanbert-allen validate FILE` looks them through. Change
// `encoder` to `encoders.spanbert_base` for SpanBERT, and `scorers` to 'published' for its own heads (with a `hidden_dim` of
// 1000 to 3000), which cost three times as much to predict with.
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.minilm,
  attention_dropout:: 0.0,
  reader:: { type: 'spanbert_coref' },
  train_path:: std.extVar('TRAIN_DATA_PATH'),
  validation_path:: std.extVar('VALIDATION_DATA_PATH'),

  scorers:: 'light_links',
  head:: { hidden_dim: 512 },
  mention_loss_weight:: 1.0,
  encoder_learning_rate:: 5e-5,
  task_learning_rate:: 3e-4,
  patience:: 5,
}
