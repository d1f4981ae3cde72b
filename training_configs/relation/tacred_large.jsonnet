// SpanBERT-large on TACRED, the published settings: test P 70.8, R 70.9, F1 70.8.
local encoders = import '../lib/encoders.libsonnet';

(import 'tacred_base.jsonnet') { encoder:: encoders.spanbert_large }
