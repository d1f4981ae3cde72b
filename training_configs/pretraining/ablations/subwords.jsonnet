// Ablation, pairs of sequences with next-sentence prediction, single pieces masked: BERT's objectives.
// 80/10/10 is drawn for each piece.
(import '../spanbert_large.jsonnet') {
  next_sentence:: true,
  boundary_weight:: 0,
  masking:: { type: 'spanbert_subwords' },
  reader:: { replace_by_span: false },
}
