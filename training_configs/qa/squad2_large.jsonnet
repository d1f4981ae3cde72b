// SpanBERT-large on SQuAD 2.0, the published settings: test EM 85.7, F1 88.7.
local encoders = import '../lib/encoders.libsonnet';

(import 'squad2_base.jsonnet') { encoder:: encoders.spanbert_large }
