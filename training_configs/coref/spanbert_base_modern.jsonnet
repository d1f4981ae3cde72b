// SpanBERT-base on OntoNotes 5, the published model trained as one would today: one AdamW, bf16, spans of
// whole words without [CLS] and [SEP], evaluation after each epoch; scored once, as refinements gain nothing
// with an encoder this strong (Xu and Choi 2020). Nobody has published a score of this;
// spanbert_base.jsonnet's are 77.4 and 77.7. Data: as spanbert_base.jsonnet says.
(import 'spanbert_base.jsonnet') {
  optimisation:: 'modern',
  head:: {},
  special_pieces:: false,
  whole_words:: true,
  precision:: 'bf16',
}
