// Ablation, SpanBERT with boundaries inside of the spans: run by the authors, but in no table.
(import '../spanbert_large.jsonnet') {
  external_boundaries:: false,
}
