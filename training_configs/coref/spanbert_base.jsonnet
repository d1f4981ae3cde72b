// SpanBERT-base on OntoNotes 5 (CoNLL-2012), the published settings: test F1 77.4 (SpanBERT's README)
// and 77.7 (coref's). Licensed data: {train,dev}.english.v4_gold_conll from LDC2013T19; or what the
// original's minimize.py made of it, {train,dev}.english.384.jsonlines, read as it is with
// `reader:: { type: 'spanbert_coref_pieces' }`.
local coref = import '../lib/coref.libsonnet';
local encoders = import '../lib/encoders.libsonnet';

coref {
  encoder:: encoders.spanbert_base,
  train_path:: std.extVar('COREF_TRAIN_DATA_PATH'),
  validation_path:: std.extVar('COREF_DEV_DATA_PATH'),

  // As the original, also in taking spans of any pieces, [CLS] and [SEP] among them, and in scoring
  // twice: its `coref_depth` is 2.
  optimisation:: 'reproduce',
  head:: { refinement: { type: 'spanbert_attended_antecedent' } },
  special_pieces:: true,
  whole_words:: false,
}
