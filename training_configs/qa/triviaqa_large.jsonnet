// The same with SpanBERT-large: F1 83.6 on the authors' unpublished half of dev.
local encoders = import '../lib/encoders.libsonnet';

(import 'triviaqa_base.jsonnet') { encoder:: encoders.spanbert_large }
