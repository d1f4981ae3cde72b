// What `make quickstart TASK=pretraining` trains: MiniLM, three minutes on the texts of the sample corpus or on yours.
// The quickstart makes the corpora; `spanbert-allen corpus TEXTS --out out/quickstart/data/corpus_train --encoder minilm`
// does it by hand.
local encoders = import '../lib/encoders.libsonnet';
local pretraining = import '../lib/pretraining.libsonnet';

pretraining {
  encoder:: encoders.minilm,
  train_path:: 'out/quickstart/data/corpus_train',
  validation_path:: 'out/quickstart/data/corpus_dev',

  max_length:: 128,
  max_pieces:: 256,
  attention_dropout:: 0.0,
  epochs:: 25,
  max_hours:: 0.05,
  learning_rate:: 3e-4,
  head_learning_rate:: 2e-3,
}
