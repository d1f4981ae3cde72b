// Ablation, single sequences, geometric spans and the span-boundary objective: SpanBERT itself. The
// first scripts have a `boundary_weight` of 0.8.
import '../spanbert_large.jsonnet'
