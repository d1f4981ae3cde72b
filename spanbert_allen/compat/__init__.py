"""
AllenNLP 2.10.1 on the versions that this package installs.

Importing this applies every repair, once. Each is a module with `needed()`, the condition, and
`apply()`; its docstring gives the cause. Nothing installed is edited. This is the only place that
knows versions.

What cannot be repaired from here, because AllenNLP imports its plugins after itself and after
`allennlp_models`: fairscale's and torch.jit's `FutureWarning`s, the notice of `pkg_resources`, and
the try of `allennlp_models` to download data of nltk. The command `spanbert-allen`, which runs
before AllenNLP does, keeps all of them quiet (`spanbert_allen.commands.allennlp_main`). With plain
`allennlp`, `submodule_imports` comes too late for the names of AllenNLP's own parts.

What needs no repair: metrics on several processes. AllenNLP's own tests of them fork after torch
has started its threads, and OpenMP's pool does not survive a fork: they hang. `allennlp train`
spawns its workers, which load the plugins and so these repairs, and counts rightly.
"""

try:
    import allennlp  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "allennlp":
        raise  # a package that AllenNLP needs: the name in the error is what is missing
    raise ImportError(
        "spanbert_allen needs AllenNLP 2.10.1, which pip cannot choose by itself: run "
        "`spanbert-allen install-allennlp`, or `make install` in a clone of the repository"
    ) from error

from spanbert_allen.compat.repairs import (
    archive_loading,
    archive_names,
    archive_network,
    archive_reading,
    archive_writing,
    config_writing,
    early_recovery,
    ended_by_signals,
    from_archive,
    loading_processes,
    one_sentence_errors,
    one_training_a_folder,
    progress_bars,
    submodule_imports,
    torchrun_workers,
    vocabulary_writing,
)
from spanbert_allen.compat.versions import (
    adamw_warning,
    mixed_precision,
    modern_annotations,
    plateau_scheduler,
    safe_weights,
    tokenizer_keyword,
    wandb_run_id,
)

__all__ = ["REPAIRS"]

REPAIRS = (
    torchrun_workers,  # before those that go around it
    adamw_warning,
    archive_loading,
    archive_names,
    archive_network,
    archive_reading,
    archive_writing,
    config_writing,
    early_recovery,
    ended_by_signals,
    from_archive,
    loading_processes,
    mixed_precision,
    modern_annotations,
    one_sentence_errors,
    one_training_a_folder,  # after those that it goes around
    plateau_scheduler,
    progress_bars,
    safe_weights,
    submodule_imports,
    tokenizer_keyword,
    vocabulary_writing,
    wandb_run_id,
)

for _repair in REPAIRS:
    if _repair.needed():
        _repair.apply()
