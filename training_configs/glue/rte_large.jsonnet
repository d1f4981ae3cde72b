// SpanBERT-large on RTE (entailment, accuracy), the published settings: 79.0 on the test set.
local encoders = import '../lib/encoders.libsonnet';

(import 'rte_base.jsonnet') { encoder:: encoders.spanbert_large }
