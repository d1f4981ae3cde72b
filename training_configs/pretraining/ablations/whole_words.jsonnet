// Ablation, pairs of sequences with next-sentence prediction, whole words masked.
(import '../spanbert_large.jsonnet') {
  next_sentence:: true,
  boundary_weight:: 0,
  masking:: { type: 'spanbert_whole_words' },
}
