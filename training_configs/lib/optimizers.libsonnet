// Optimizers: values of `trainer.optimizer`. They clip gradients and compute their rates themselves:
// set neither `grad_norm` nor `learning_rate_scheduler` beside them. The trainer `spanbert` tells them
// the length of the run; for another one, add it: `+ { total_steps: 1000 }`.
local parameter_groups = import 'parameter_groups.libsonnet';

{
  // AdamW: Adam with bias correction and decay apart from the gradient. All gradients are clipped as
  // one vector; the rate rises for a tenth of the run and falls to 0.
  adamw(learning_rate, groups=parameter_groups.no_decay()): {
    type: 'spanbert_bert_adam',
    lr: learning_rate,
    bias_correction: true,
    clip: 'group',
    clip_name: 'all',
    parameter_groups: groups,
  },

  // SpanBERT's fine-tuning programs in fp32: each tensor is clipped by itself.
  fine_tuning(learning_rate, groups=parameter_groups.no_decay()): {
    type: 'spanbert_bert_adam',
    lr: learning_rate,
    parameter_groups: groups,
  },

  // The same with `--fp16`, as their published commands have it: decayed and undecayed parameters
  // are clipped as one vector each.
  fine_tuning_fp16(learning_rate, groups=parameter_groups.no_decay()):
    self.fine_tuning(learning_rate, groups) + { clip: 'group', eps: 1e-8 },

  // The TensorFlow coreference system: Adam with decay for the encoder, plain Adam for the task, each
  // clipped as one vector.
  coref(encoder_learning_rate, task_learning_rate, weight_decay=0.01, encoder='embedder'): {
    type: 'spanbert_bert_adam',
    lr: task_learning_rate,
    eps: 1e-8,
    weight_decay: 0.0,
    bias_correction: true,
    clip: 'group',
    schedule: 'linear',
    parameter_groups: parameter_groups.encoder_and_task(
      encoder_learning_rate,
      weight_decay,
      encoder,
      {
        name: 'encoder',
        clip_name: 'encoder',
        eps: 1e-6,
        bias_correction: false,
        schedule: 'warmup_over_linear',
        warmup_proportion: 0.1,
      },
    ),
  },
}
