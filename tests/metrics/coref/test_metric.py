import pytest
import torch.distributed
from allennlp.common import Params
from allennlp.training.metrics import Metric

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.metrics.coref.mention_recall import MentionRecall
from spanbert_allen.metrics.coref.metric import CorefF1

KEY = [[(0, 1), (4, 4), (8, 9)], [(2, 3), (6, 6)]]
RESPONSE = [[(0, 1), (4, 4)], [(2, 3), (6, 6), (8, 9)], [(11, 11), (12, 12)]]
KEY_SINGLETONS = [*KEY, [(14, 14)], [(15, 16)]]
OTHER_KEY = [[(0, 0), (1, 1), (2, 2)]]
OTHER_RESPONSE = [[(0, 0), (1, 1)]]


def test_scores_by_name() -> None:
    metric = Metric.from_params(Params({"type": "spanbert_coref_f1"}))
    metric([RESPONSE], [KEY])
    scores = metric.get_metric()
    assert scores == pytest.approx(
        {
            "coref_precision": (2 / 4 + 11 / 21 + 1.6 / 3) / 3,
            "coref_recall": (2 / 3 + 11 / 15 + 0.8) / 3,
            "coref_f1": (0.5714286 + 0.6111111 + 0.64) / 3,
            "muc_f1": 0.5714286,
            "b_cubed_f1": 0.6111111,
            "ceafe_f1": 0.64,
            "lea_f1": 0.5,  # recall 3/5, precision 3/7
        }
    )


def test_documents_add_up_by_their_counts_whatever_the_batches() -> None:
    one_batch, two_batches = CorefF1(), CorefF1()
    one_batch([RESPONSE, OTHER_RESPONSE], [KEY, OTHER_KEY])
    two_batches([RESPONSE], [KEY])
    two_batches([OTHER_RESPONSE], [OTHER_KEY])
    assert one_batch.get_metric() == two_batches.get_metric()
    assert one_batch.get_metric()["muc_f1"] == pytest.approx(2 * 3 / (5 + 5))


def test_reset() -> None:
    metric = CorefF1()
    metric([RESPONSE], [KEY])
    assert metric.get_metric(reset=True)["coref_f1"] > 0
    assert metric.get_metric()["coref_f1"] == 0


def test_scores_without_singletons() -> None:
    metric = CorefF1(also_without_singletons=True)
    metric([RESPONSE], [KEY_SINGLETONS])
    scores = metric.get_metric()
    assert scores["b_cubed_f1"] == pytest.approx(0.5238095)
    assert scores["b_cubed_f1_no_singletons"] == pytest.approx(0.6111111)
    assert scores["coref_f1_no_singletons"] == pytest.approx((0.5714286 + 0.6111111 + 0.64) / 3)
    removed = CorefF1(keep_singletons=False)
    removed([RESPONSE], [KEY_SINGLETONS])
    assert removed.get_metric()["coref_f1"] == scores["coref_f1_no_singletons"]


def test_all_metrics() -> None:
    metric = CorefF1(all_metrics=True)
    metric([RESPONSE], [KEY])
    scores = metric.get_metric()
    assert scores["muc_precision"] == 0.5
    assert scores["ceafm_recall"] == pytest.approx(4 / 5)
    assert 0 < scores["blanc_f1"] < 1


def test_a_count_of_documents_that_differs_is_refused() -> None:
    with pytest.raises(ValueError, match="1 documents predicted, but 2 annotated"):
        CorefF1()([RESPONSE], [KEY, KEY])
    with pytest.raises(ValueError, match="1 documents with kept spans, but 0 annotated"):
        MentionRecall()([[(0, 0)]], [])


def test_mention_recall() -> None:
    metric = Metric.from_params(Params({"type": "spanbert_mention_recall"}))
    assert metric.get_metric() == 0
    metric([[(0, 1), (2, 3), (7, 7)], []], [[WordSpan(0, 1), WordSpan(2, 2)], [WordSpan(5, 5)]])
    assert metric.get_metric(reset=True) == pytest.approx(1 / 3)
    metric([[(0, 1)]], [[(0, 1)]])
    assert metric.get_metric() == 1


def worker(rank: int, folder: str) -> None:
    """Worker 0 has both documents, in two batches; worker 1 has nothing, or one document."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2
    )
    coref, recall = CorefF1(also_without_singletons=True), MentionRecall()
    if rank == 0:
        coref([RESPONSE], [KEY_SINGLETONS])
        coref([OTHER_RESPONSE], [OTHER_KEY])
        recall([[(0, 0)], [(1, 1)]], [[(0, 0), (1, 1)], [(0, 0), (1, 1)]])
    first = coref.get_metric()
    if rank == 1:
        coref([OTHER_RESPONSE], [OTHER_KEY])
    second = coref.get_metric(reset=True)
    third = coref.get_metric()
    results = {"first": first, "second": second, "third": third, "recall": recall.get_metric()}
    torch.save(results, f"{folder}/{rank}")
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_workers_with_uneven_shards_score_as_one(tmp_path) -> None:
    start = torch.multiprocessing.start_processes
    start(worker, args=(str(tmp_path),), nprocs=2, start_method="fork")  # imports nothing anew
    alone = CorefF1(also_without_singletons=True)
    alone([RESPONSE, OTHER_RESPONSE], [KEY_SINGLETONS, OTHER_KEY])
    first = alone.get_metric()
    alone([OTHER_RESPONSE], [OTHER_KEY])
    second = alone.get_metric()
    for rank in (0, 1):
        results = torch.load(tmp_path / str(rank))
        assert results["first"] == pytest.approx(first)
        assert results["second"] == pytest.approx(second)
        assert set(results["third"].values()) == {0.0}
        assert results["recall"] == 0.5
