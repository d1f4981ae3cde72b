// The same with SpanBERT-large: F1 82.5 on the authors' unpublished half of dev.
local encoders = import '../lib/encoders.libsonnet';

(import 'naturalquestions_base.jsonnet') { encoder:: encoders.spanbert_large }
