// Ablation, pairs of sequences with next-sentence prediction, geometric spans masked; in the
// paper's table 7 the row "2seq + NSP". One of the scripts has p = 0.4 here.
(import '../spanbert_large.jsonnet') {
  next_sentence:: true,
  boundary_weight:: 0,
}
