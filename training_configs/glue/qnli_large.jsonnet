// SpanBERT-large on QNLI (does a sentence answer a question, accuracy), the published settings: 94.3 on the test set.
local encoders = import '../lib/encoders.libsonnet';

(import 'qnli_base.jsonnet') { encoder:: encoders.spanbert_large }
