// The same with SpanBERT-large: F1 84.8 on the authors' unpublished half of dev.
local encoders = import '../lib/encoders.libsonnet';

(import 'searchqa_base.jsonnet') { encoder:: encoders.spanbert_large }
