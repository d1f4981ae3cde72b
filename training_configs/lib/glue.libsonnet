// The tasks of GLUE. A configuration is `(import '../lib/glue.libsonnet') + { task:: 'RTE', encoder:: ... }`, with
// the knobs of classification.libsonnet. The data: gluebenchmark.com/tasks, each task's files in a folder of
// its name (CoLA, SST-2, MRPC, STS-B, QQP, MNLI, QNLI, RTE, WNLI), all of them in $GLUE_DATA_PATH.
local classification = import 'classification.libsonnet';
local experiment = import 'experiment.libsonnet';

// The score that chooses the best weights, and the published number of epochs.
local tasks = {
  CoLA: { metric: '+mcc', epochs: 4 },
  'SST-2': { metric: '+acc' },
  MRPC: { metric: '+acc_and_f1' },
  'STS-B': { metric: '+corr' },
  QQP: { metric: '+acc_and_f1' },
  // Both halves of the validation data are scored; the matched one chooses.
  MNLI: { metric: '+matched_acc', dev: { matched: 'dev_matched.tsv', mismatched: 'dev_mismatched.tsv' } },
  QNLI: { metric: '+acc' },
  RTE: { metric: '+acc' },
  WNLI: { metric: '+acc' },
};

local knobs = {
  // What must be set, beside the encoder.
  task:: error 'glue: set `task`, one of %s' % std.join(', ', std.objectFields(tasks)),

  folder:: std.extVar('GLUE_DATA_PATH') + '/' + self.task,
  train_path:: self.folder + '/train.tsv',
  validation_path::
    local folder = self.folder, dev = self.settings.dev;
    if std.isObject(dev) then std.mapWithKey(function(part, name) folder + '/' + name, dev) else folder + '/' + dev,
  reader:: { type: 'spanbert_glue', task: $.task },
  model_settings:: { type: 'spanbert_sequence_classifier', task: $.task },
  metric:: self.settings.metric,
  epochs:: self.settings.epochs,
  drop_last:: self.optimisation == 'reproduce',
};

local made = {
  checks+:: [experiment.choice($, 'task', std.objectFields(tasks))],
  settings:: { epochs: 10, dev: 'dev.tsv' } + tasks[self.task],
};

experiment.template('glue', knobs, made, base=classification, required=['encoder', 'task'])
