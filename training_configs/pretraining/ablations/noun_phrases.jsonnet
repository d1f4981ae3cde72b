// Ablation, as entities.jsonnet, with the tags of noun phrases in $PRETRAINING_TAGS_PATH.
import 'entities.jsonnet'
