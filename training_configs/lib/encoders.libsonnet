// The encoders: the one place where their names and sizes stand in configurations.
// `max_length` is the most pieces that a segment may have, [CLS] and [SEP] counted.
{
  spanbert_base: { model_name: 'spanbert-base-cased', max_length: 512, num_layers: 12 },
  spanbert_large: { model_name: 'spanbert-large-cased', max_length: 512, num_layers: 24 },

  // all-MiniLM-L6-v2 comes with the installation: 6 layers, 384 wide, lower-casing.
  minilm: { model_name: 'minilm', max_length: 512, num_layers: 6 },

  // Random weights, 20 wide: tests, and trying a configuration out.
  tiny: { model_name: 'tiny', max_length: 512, num_layers: 2 },

  // Any other encoder of BERT's architecture: a folder, a .tar.gz of the authors', a hub id.
  other(model_name, max_length=512, num_layers=12): {
    model_name: model_name,
    max_length: max_length,
    num_layers: num_layers,
  },

  // The encoder of a trained model of this package: its `model.tar.gz`, or the folder of its training. Tokenizer,
  // configuration and weights come from there, the new model does not need it. The sizes are checked against it;
  // `num_layers` is needed by configurations that count layers only.
  trained(model, max_length=null, num_layers=null): {
    model_name: model,
    max_length: if max_length == null then 512 else max_length,
    num_layers: if num_layers != null then num_layers else
      error 'encoders: the number of layers of %s is needed here: give it, encoders.trained(..., num_layers=6)' % model,
    sizes: {
      [if max_length != null then 'max_length']: max_length,
      [if num_layers != null then 'num_layers']: num_layers,
    },
  },
}
