// SpanBERT-large on MNLI (entailment, accuracy matched and mismatched), the published settings: 88.1 and 87.7 on the test set.
local encoders = import '../lib/encoders.libsonnet';

(import 'mnli_base.jsonnet') { encoder:: encoders.spanbert_large }
