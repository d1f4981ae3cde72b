// OntoGUM (six genres of English, annotated as OntoNotes is: no singletons; speakers where people talk)
// with MiniLM: under an hour on two CPU cores. Data: github.com/amir-zeldes/gum, folder coref/ontogum, as
// CoNLL files of 12 columns, one a split (the official splits are in its splits.md).
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.minilm,
  train_path:: std.extVar('ONTOGUM_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('ONTOGUM_DEV_DATA_PATH'),

  // The names of documents hold no genre of OntoNotes'; four segments take in 79 of 84 documents whole.
  max_training_segments:: 4,
  head:: {
    hidden_dim: 1000,
    max_kept: null,
    features: ['speaker', 'distance', 'segment'],
  },
  mention_loss_weight:: 1.0,

  epochs:: 25,
  encoder_learning_rate:: 5e-5,
  task_learning_rate:: 3e-4,
}
