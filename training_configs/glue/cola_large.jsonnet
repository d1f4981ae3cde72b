// SpanBERT-large on CoLA (linguistic acceptability, Matthews' correlation), the published settings: 64.3 on the test set.
local encoders = import '../lib/encoders.libsonnet';

(import 'cola_base.jsonnet') { encoder:: encoders.spanbert_large }
