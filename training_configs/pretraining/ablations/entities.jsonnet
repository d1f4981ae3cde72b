// Ablation, pairs of sequences with next-sentence prediction, named entities masked, by turns with
// random spans (the paper says with whole words, its scripts have spans of p = 0.4).
(import '../spanbert_large.jsonnet') {
  next_sentence:: true,
  boundary_weight:: 0,
  masking:: { type: 'spanbert_tagged_spans' },
  training_tags:: std.extVar('PRETRAINING_TAGS_PATH'),  // of `spanbert-allen corpus-tags`
}
