// SpanBERT-base on TACRED with typed entity markers: the recipe of Zhou and Chen (2022), "An Improved Baseline for
// Sentence-level Relation Extraction", with the settings of their program for BERT-base. Data: see tacred_base.jsonnet.
local encoders = import '../lib/encoders.libsonnet';
local relation = import '../lib/relation.libsonnet';

relation {
  encoder:: encoders.spanbert_base,
  train_path:: std.extVar('TACRED_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('TACRED_DEV_DATA_PATH'),
  mode:: 'typed_entity_marker',
  pooling:: 'entity_start',
  hidden_layer:: 'relu',
  max_length:: 512,

  epochs:: 5,
  learning_rate:: 5e-5,
  max_pieces:: 64 * self.max_length,
  trainer_knobs:: {
    batch_size:: 64,
    optimizer+:: { weight_decay: 0.0 },
  },
}
