// LitBank (openings of English novels, singletons annotated) with MiniLM: an hour on two CPU cores.
// Data: github.com/dbamman/litbank, CC BY 4.0; one CoNLL file a split.
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.minilm,
  train_path:: std.extVar('LITBANK_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('LITBANK_DEV_DATA_PATH'),
  training_documents:: 80,

  head:: { hidden_dim: 1000, features: ['distance', 'segment'] },
  mention_loss_weight:: 1.0,
  singletons:: true,

  epochs:: 20,
  encoder_learning_rate:: 5e-5,
  task_learning_rate:: 3e-4,
}
