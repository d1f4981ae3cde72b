// SpanBERT-large on SST-2 (sentiment, accuracy), the published settings: 94.8 on the test set.
local encoders = import '../lib/encoders.libsonnet';

(import 'sst2_base.jsonnet') { encoder:: encoders.spanbert_large }
