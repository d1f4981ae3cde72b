// Parameter groups: the value of `parameter_groups` in an optimizer. Each group is a list of regular
// expressions for the names of parameters, and the options that differ for them; parameters that
// no group takes have the optimizer's own options.
{
  // Biases and LayerNorm's weights are never decayed.
  local undecayed = '(bias|LayerNorm|layer_norm)',
  local but(excluded) = if excluded == null then '' else '(?!.*(%s))' % excluded,

  // A whole model with one learning rate, as in fine-tuning: the other parameters have the
  // optimizer's own decay. `excluded`: parameters that match it are not trained at all.
  no_decay(excluded=null): [
    [['^%s.*%s' % [but(excluded), undecayed]], { weight_decay: 0.0 }],
  ] + (if excluded == null then [] else [[[excluded], { requires_grad: false }]]),

  // Question answering makes no use of BERT's pooler: the original's optimizer leaves it out.
  no_decay_without_pooler: self.no_decay(excluded='pooler'),

  // An encoder with a learning rate and decay of its own, in two groups. The task's parameters on
  // top of it have the optimizer's, so that its `weight_decay` must be 0 for them not to decay.
  // `encoder`: what the names of the encoder's parameters begin with. `options`: more for both
  // groups, such as `{ name: 'encoder' }`, by which the scheduler `spanbert_coref` finds them.
  encoder_and_task(encoder_learning_rate, weight_decay, encoder='embedder', options={}): [
    [
      ['^%s.*%s' % [encoder, undecayed]],
      { lr: encoder_learning_rate, weight_decay: 0.0 } + options,
    ],
    [
      ['^%s(?!.*%s)' % [encoder, undecayed]],
      { lr: encoder_learning_rate, weight_decay: weight_decay } + options,
    ],
  ],

  // The same for heads that decay as the encoder does, but for their biases and LayerNorm's weights. `weight_decay` must
  // be the optimizer's.
  rates_of_encoder_and_heads(encoder_learning_rate, weight_decay):
    self.encoder_and_task(encoder_learning_rate, weight_decay) + [
      [['^(?!embedder).*%s' % undecayed], { weight_decay: 0.0 }],
    ],
}
