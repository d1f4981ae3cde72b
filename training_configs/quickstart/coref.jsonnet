// What `make quickstart` trains: MiniLM on the sample corpus that comes with this project.
// The data is written by `spanbert-allen sample out/quickstart/data`.
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.minilm,
  reader:: { type: 'spanbert_coref_jsonl' },
  train_path:: 'out/quickstart/data/coref_train.jsonl',
  validation_path:: 'out/quickstart/data/coref_dev.jsonl',

  // All layers, but not the word vectors: that halves the time of a step.
  trained_layers:: self.encoder.num_layers,
  head:: { hidden_dim: 500, features: ['speaker', 'distance'] },
  mention_loss_weight:: 1.0,

  epochs:: 8,
  encoder_learning_rate:: 2e-4,
  task_learning_rate:: 1e-3,
}
