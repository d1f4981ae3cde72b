// Ablation, single sequences with geometric spans masked, without the span-boundary objective.
(import '../spanbert_large.jsonnet') {
  boundary_weight:: 0,
}
