// SpanBERT-large on SQuAD 1.1, the published settings: test EM 88.8, F1 94.6.
local encoders = import '../lib/encoders.libsonnet';

(import 'squad1_base.jsonnet') { encoder:: encoders.spanbert_large }
