// Coreference, question answering and relations on one MiniLM: OntoGUM, SQuAD 1.1 and SemEval-2010 Task 8.
// Data: as the three configurations say; another task is one more line of `tasks`.
local encoders = import '../lib/encoders.libsonnet';
local multitask = import '../lib/multitask.libsonnet';

multitask {
  encoder:: encoders.minilm,
  tasks:: {
    coref: import '../coref/ontogum_minilm.jsonnet',
    qa: import '../qa/squad1_minilm.jsonnet',
    relation: import '../relation/semeval2010_minilm.jsonnet',
  },

  // All layers, but not the word vectors, and attention without dropout: that shortens a step.
  trained_layers:: self.encoder.num_layers,
  attention_dropout:: 0.0,
  epochs:: 5,
  encoder_learning_rate:: 1e-4,
  task_learning_rate:: 3e-4,
}
