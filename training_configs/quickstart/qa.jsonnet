// What `make quickstart TASK=qa` trains: MiniLM on the sample corpus that comes with this project.
// The data is written by `spanbert-allen sample out/quickstart/data`.
local encoders = import '../lib/encoders.libsonnet';
local qa = import '../lib/qa.libsonnet';

qa {
  encoder:: encoders.minilm,
  train_path:: 'out/quickstart/data/squad_train.json',
  validation_path:: 'out/quickstart/data/squad_dev.json',
  impossible_answers:: true,
  max_length:: 384,

  // All layers, but not the word vectors: that shortens a step.
  trained_layers:: self.encoder.num_layers,
  epochs:: 6,
  learning_rate:: 2e-4,
  trainer_knobs:: { max_pieces:: 2048 },
}
