// The same with SpanBERT-large: F1 83.0 on the authors' unpublished half of dev.
local encoders = import '../lib/encoders.libsonnet';

(import 'hotpotqa_base.jsonnet') { encoder:: encoders.spanbert_large }
