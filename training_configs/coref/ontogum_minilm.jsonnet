// OntoGUM (English of many genres, annotated as OntoNotes is, no singletons, speakers where people talk)
// with MiniLM, on two CPU cores. Data: github.com/amir-zeldes/gum; academic, bio, court, interview, news
// and voyage are free (CC BY, CC BY-SA). Put their files of coref/ontogum/conllu into a folder for each
// split of splits.md and make each folder a file:
// `spanbert-allen convert FOLDER train.conll --to conll --drop-singletons --skip-bad`.
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.minilm,
  attention_dropout:: 0.0,
  train_path:: std.extVar('ONTOGUM_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('ONTOGUM_DEV_DATA_PATH'),

  // The names of documents hold no genre of OntoNotes'; four segments take in most of them whole.
  max_training_segments:: 4,
  scorers:: 'light_links',
  head:: {
    hidden_dim: 512,
    max_kept: null,
    features: ['speaker', 'distance', 'segment'],
  },
  mention_loss_weight:: 1.0,

  epochs:: 15,
  encoder_learning_rate:: 5e-5,
  task_learning_rate:: 3e-4,
}
