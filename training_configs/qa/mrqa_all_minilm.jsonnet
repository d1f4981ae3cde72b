// All six training sets of MRQA with MiniLM, for CPU cores; not timed.
// Data: github.com/mrqa/MRQA-Shared-Task-2019; MRQA_DATA_PATH has the folders `train` and `dev` with its files.
local encoders = import '../lib/encoders.libsonnet';

(import 'mrqa_all_base.jsonnet') {
  encoder:: encoders.minilm,
  max_length:: 384,

  // As in squad1_minilm.
  trained_layers:: self.encoder.num_layers,
  attention_dropout:: 0.0,
  epochs:: 1,
  learning_rate:: 2e-4,
  trainer_knobs:: { batch_size:: 20, max_pieces:: 20 * $.max_length },
}
