// SemEval-2010 Task 8 with MiniLM: minutes on two CPU cores. The score is the task's official one, macro_f1.
// Data: files as released, such as TRAIN_FILE.TXT; or, if their names end in .json, TACRED's layout with
// labels such as Cause-Effect(e2,e1) and, for Other, no_relation.
local encoders = import '../lib/encoders.libsonnet';
local relation = import '../lib/relation.libsonnet';

relation {
  encoder:: encoders.minilm,
  train_path:: std.extVar('SEMEVAL2010_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('SEMEVAL2010_DEV_DATA_PATH'),
  layout:: if std.endsWith(self.train_path, '.json') then 'tacred' else 'semeval',
  negative_label:: if self.layout == 'tacred' then 'no_relation' else 'Other',
  mode:: 'text',  // entities have no types here: `ner` would hide all that is known of them
  scorer:: 'semeval2010',
  metric:: '+macro_f1',

  // All layers, but not the word vectors: that shortens a step.
  trained_layers:: self.encoder.num_layers,
  epochs:: 3,
  learning_rate:: 2e-4,
  max_pieces:: 1024,
}
