// The same with SpanBERT-large: F1 73.6 on the authors' unpublished half of dev.
local encoders = import '../lib/encoders.libsonnet';

(import 'newsqa_base.jsonnet') { encoder:: encoders.spanbert_large }
