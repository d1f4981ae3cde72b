// SpanBERT-base on all six training sets of MRQA, in equal shares, with a score for each set.
// Data: github.com/mrqa/MRQA-Shared-Task-2019; MRQA_DATA_PATH has the folders `train` and `dev` with its files.
local encoders = import '../lib/encoders.libsonnet';
local qa = import '../lib/qa.libsonnet';

qa {
  encoder:: encoders.spanbert_base,
  mrqa:: true,
  train_path:: {
    [name]: '%s/train/%s.jsonl.gz' % [std.extVar('MRQA_DATA_PATH'), name]
    for name in ['SQuAD', 'NewsQA', 'TriviaQA-web', 'SearchQA', 'HotpotQA', 'NaturalQuestionsShort']
  },
  validation_path:: std.extVar('MRQA_DATA_PATH') + '/dev',
  weights:: { [name]: 1 for name in std.objectFields($.train_path) },
}
