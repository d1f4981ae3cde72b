// Ablation, single sequences with single pieces masked, the paper's baseline "BERT-1seq".
(import '../spanbert_large.jsonnet') {
  boundary_weight:: 0,
  masking:: { type: 'spanbert_subwords' },
  reader:: { replace_by_span: false },
}
