// Your own relations: JSON lines with a text, two entities and a label each, see docs/data.md. Set `encoder`
// to `encoders.spanbert_base` where there is a GPU.
local encoders = import '../lib/encoders.libsonnet';
local relation = import '../lib/relation.libsonnet';

relation {
  encoder:: encoders.minilm,
  layout:: 'jsonl',
  train_path:: std.extVar('RELATION_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('RELATION_DEV_DATA_PATH'),
  mode:: 'text',  // with types, also `text_ner`
  negative_label:: 'no_relation',  // `null` if every pair of entities has a relation

  trained_layers:: self.encoder.num_layers,
  learning_rate:: 2e-4,
  max_pieces:: 1024,
  patience:: 3,
}
