// LitBank with MiniLM and light scorers, which learn the links of a trained model beside the annotated ones:
// several times as fast to predict with as the teacher. The data is that of litbank_minilm.jsonnet; the
// teacher may be any archive of coreference, such as that configuration's own.
(import 'litbank_minilm.jsonnet') {
  scorers:: 'light',
  max_training_segments:: 3,
  encoder_learning_rate:: 5e-5,
  distillation:: { teacher: std.extVar('TEACHER_PATH'), weight: 0.2, temperature: 1.0 },
}
