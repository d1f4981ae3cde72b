// PreCo (38,000 short texts for learners of English, singletons annotated) with SpanBERT-base: a GPU.
// Published, another system: 87.4 (Maverick, DeBERTa). Data: train.jsonl and dev.jsonl from
// preschool-lab.github.io/PreCo, as they are; `spanbert-allen validate` looks them through.
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.spanbert_base,
  reader:: { type: 'spanbert_coref', format: 'preco' },
  train_path:: std.extVar('PRECO_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('PRECO_DEV_DATA_PATH'),

  // No speakers and no genres. Nearly every noun phrase is a mention.
  head:: { features: ['distance', 'segment'] },
  mention_loss_weight:: 1.0,
  singletons:: true,
  precision:: 'bf16',
  epochs:: 5,
  patience:: 2,
}
