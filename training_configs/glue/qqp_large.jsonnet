// SpanBERT-large on QQP (duplicate questions, F1 and accuracy), the published settings: 71.9 and 89.5 on the test set.
local encoders = import '../lib/encoders.libsonnet';

(import 'qqp_base.jsonnet') { encoder:: encoders.spanbert_large }
