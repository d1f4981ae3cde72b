// What `make quickstart TASK=relation` trains: MiniLM on the sample corpus that comes with this project.
// The data is written by `spanbert-allen sample out/quickstart/data`.
local encoders = import '../lib/encoders.libsonnet';
local relation = import '../lib/relation.libsonnet';

relation {
  encoder:: encoders.minilm,
  train_path:: 'out/quickstart/data/tacred_train.json',
  validation_path:: 'out/quickstart/data/tacred_dev.json',
  mode:: 'text_ner',

  // All layers, but not the word vectors: that shortens a step.
  trained_layers:: self.encoder.num_layers,
  epochs:: 12,
  learning_rate:: 3e-4,
  max_pieces:: 512,
}
