// SciERC with MiniLM: seven relations between scientific terms of six types, the terms given. Data: files in TACRED's
// layout, or DyGIE's with `layout:: 'any'` (nlp.cs.washington.edu/sciIE).
local encoders = import '../lib/encoders.libsonnet';
local relation = import '../lib/relation.libsonnet';

relation {
  encoder:: encoders.minilm,
  train_path:: std.extVar('SCIERC_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('SCIERC_DEV_DATA_PATH'),
  mode:: 'typed_entity_marker',
  pooling:: 'entity_start',
  hidden_layer:: 'relu',

  trained_layers:: self.encoder.num_layers,
  epochs:: 5,
  learning_rate:: 2e-4,
  max_pieces:: 1024,
}
