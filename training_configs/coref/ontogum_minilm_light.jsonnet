// OntoGUM with MiniLM and light scorers with fine scores: several times as fast to train, and to predict
// with, as ontogum_minilm.jsonnet, whose comment says where the data is.
(import 'ontogum_minilm.jsonnet') {
  scorers:: 'light_to_fine',
  head+:: { hidden_dim: 512 },
}
