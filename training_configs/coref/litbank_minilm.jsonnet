// LitBank (openings of English novels, singletons annotated) with MiniLM, on two CPU cores.
// Data: github.com/dbamman/litbank, CC BY 4.0; one CoNLL file a split.
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.minilm,
  attention_dropout:: 0.0,
  train_path:: std.extVar('LITBANK_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('LITBANK_DEV_DATA_PATH'),

  scorers:: 'light_links',
  // Twelve mentions in a hundred pieces, and nearly all of them narrow.
  head:: {
    hidden_dim: 512,
    max_span_width: 20,
    kept_per_unit: 0.3,
    max_kept: null,  // whole novels are resolved with it
    max_antecedents: 30,
    features: ['distance', 'segment'],
  },
  mention_loss_weight:: 1.0,
  singletons:: true,

  // Whole documents need half of the epochs that parts of three segments do.
  max_training_segments:: null,
  epochs:: 8,
  encoder_learning_rate:: 1e-4,
  task_learning_rate:: 3e-4,
}
