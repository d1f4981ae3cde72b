"""Experts for categories of pairs, against their formula written out, in float64."""

import json
import math
from itertools import product

import pytest
import torch
from allennlp.common import Lazy
from torch.nn import functional

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.modules.coref import word_lists
from spanbert_allen.modules.coref.antecedents import blocks as antecedent_blocks
from spanbert_allen.modules.coref.antecedents.category import CategoryAntecedents
from spanbert_allen.modules.coref.antecedents.pair_categories import PairCategories, PairCategory
from spanbert_allen.modules.coref.losses.marginal import marginal_loss
from spanbert_allen.modules.coref.mentions import biaffine as biaffine_mentions
from spanbert_allen.modules.coref.mentions.biaffine import BiaffineMentions
from spanbert_allen.modules.coref.refinements import AttendedAntecedent
from spanbert_allen.modules.coref.windows import CorefWindows, score_in_windows
from spanbert_allen.modules.coref.word_lists import WordLists
from tests.modules.coref import naive_coref, naive_light_coref
from tests.modules.coref.heads import head_of
from tests.modules.coref.test_head import DIM, gold_links, make_document
from tests.modules.coref.test_light_scorers import LargestTensor

WORDS = ["Ida", "she", "the", "lamp", "her", "old", ",", "They", "keeper", "it", "lamp", "of"]
VARIANTS = {"plain": {}, "few antecedents": {"max_antecedents": 3}, "no features": {"features": []}}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(antecedent_blocks, "_ROWS_PER_CHUNK", 5)
    monkeypatch.setattr(biaffine_mentions, "_CANDIDATES_PER_CHUNK", 7)


def make_head(*, links=None, **knobs):
    torch.manual_seed(5)
    options = {"max_span_width": 4, "hidden_dim": 5, "num_genres": 3, "kept_per_unit": 0.8}
    parts = {
        "mentions": Lazy(BiaffineMentions),
        "links": Lazy(CategoryAntecedents, **(links or {})),
    }
    head = head_of(DIM, **{**options, **knobs}, **parts).double().eval()
    with torch.no_grad():
        for parameter in head.parameters():  # far from ties, biases included
            parameter.copy_(torch.randn_like(parameter) * 0.4)
    return head


def worded(num_units=24):
    """Return a document in which each word has one unit or two."""
    word_ids = torch.arange(num_units) * 3 // 4
    words = [WORDS[number % len(WORDS)] for number in range(num_units)]
    return make_document(num_units, word_ids=word_ids, words=words)


def naive_category(lists, own, other):
    groups = [
        next((group for word, group in lists.pronoun_groups.items() if [word] == words), None)
        for words in (own, other)
    ]
    if None not in groups:
        return 0 if groups[0] == groups[1] else 1
    if groups != [None, None]:
        return 2
    mine, theirs = (
        {word for word in words if word not in lists.passed_over and word.isalnum()}
        for words in (own, other)
    )
    if not mine or not theirs:
        return 5
    if mine == theirs:
        return 3
    return 4 if mine <= theirs or theirs <= mine else 5


def words_of(document, span):
    numbers = document.word_ids[span[0] : span[1] + 1].tolist()
    return [document.words[number].lower() for number in sorted(set(numbers))]


def naive_links(head, document):
    """As `naive_coref.links`, without refinements."""
    spans = naive_coref.candidates(document.sentence_ids.tolist(), head.max_span_width)
    scores = naive_light_coref.mention_scores(head.mention_scorer, document.vectors, spans)
    number = math.floor(head.selection.kept_per_unit * len(document.vectors))
    kept = naive_coref.keep(spans, scores, number, head.selection.allow_crossing)
    spans, scores = [spans[k] for k in kept], scores[kept]
    scorer = head.link_scorer

    def represented(part):
        ends = [
            (
                naive_light_coref.projected(part.start_projection, document.vectors[i]),
                naive_light_coref.projected(part.end_projection, document.vectors[j]),
            )
            for i, j in spans
        ]
        return torch.stack([torch.cat(pair) for pair in ends])

    full = naive_light_coref.full_scores(
        scorer.general, document, spans, represented(scorer.general), scores
    )
    of_experts = [represented(expert) for expert in scorer.experts]
    for i in range(len(spans)):
        for j in range(i):
            own, other = words_of(document, spans[i]), words_of(document, spans[j])
            category = naive_category(scorer.word_lists, own, other)
            vectors = of_experts[category]
            expert = scorer.experts[category]
            full[i, j] = full[i, j] + naive_light_coref.products(expert, vectors[i], vectors[j])
    chosen = torch.zeros_like(full).bool()
    for i in range(len(spans)):
        for j in sorted(range(i), key=lambda j: -full[i, j].item())[
            : scorer.general.max_antecedents
        ]:
            chosen[i, j] = True
    return spans, scores, full.masked_fill(~chosen, -math.inf)


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_and_gradients_are_the_formula(variant):
    head, document = make_head(**VARIANTS[variant]), worded()
    results = []
    for naive in (False, True):
        vectors = document.vectors.clone().requires_grad_()
        leaf = document._replace(vectors=vectors)
        if naive:
            spans, _, full = naive_links(head, leaf)
            loss = naive_coref.marginal_loss(full, gold_links(torch.tensor([i for i, _ in spans])))
        else:
            found = head(leaf)
            spans = list(zip(*(column.tolist() for column in found.spans), strict=True))
            gold = gold_links(found.spans.starts).gather(1, found.antecedents)
            loss = marginal_loss(found.scores, gold & found.scores.isfinite())
            full = torch.full((len(spans),) * 2, -math.inf, dtype=torch.float64)
            full = full.scatter(1, found.antecedents, found.scores)
        head.zero_grad()
        loss.backward()
        grads = {name: p.grad for name, p in head.named_parameters() if p.grad is not None}
        results.append((spans, full.detach().tril(-1), loss.detach(), vectors.grad, grads))
    ours, theirs = results
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1:4], theirs[1:4], strict=True):
        torch.testing.assert_close(mine, other)
    for name, gradient in theirs[4].items():
        torch.testing.assert_close(ours[4][name], gradient, msg=name)
    for name in ours[4].keys() - theirs[4].keys():  # an expert of pairs that do not occur
        assert not ours[4][name].any(), name


MENTIONS = [
    ["she"],
    ["Her"],
    ["it"],
    ["Ida"],
    ["old", "Ida"],
    ["the", "lamp"],
    ["that", "lamp", ","],
    ["the", "lamp", "of", "Ida"],
    ["the"],
    ["it", "lamp"],
]


@pytest.mark.parametrize(
    ("own", "other", "category"),
    [
        (0, 1, PairCategory.SAME_PRONOUN),
        (0, 2, PairCategory.OTHER_PRONOUN),
        (2, 5, PairCategory.ENTITY_AND_PRONOUN),
        (5, 6, PairCategory.SAME_WORDS),
        (3, 4, PairCategory.CONTAINED_WORDS),
        (7, 6, PairCategory.CONTAINED_WORDS),
        (3, 5, PairCategory.OTHER),
        (8, 8, PairCategory.OTHER),
        (8, 3, PairCategory.OTHER),
        (0, 8, PairCategory.ENTITY_AND_PRONOUN),
        (9, 5, PairCategory.CONTAINED_WORDS),
    ],
)
def test_categories_of_pairs(own, other, category):
    categories = PairCategories(MENTIONS, WordLists.of_language("en"))
    assert categories.block(0, len(MENTIONS), len(MENTIONS))[own, other] == category


def test_a_block_of_categories_is_its_pairs():
    lists = WordLists.of_language("en")
    categories = PairCategories(MENTIONS, lists)
    block = categories.block(3, 9, 10)
    assert block.dtype == torch.uint8
    for row, column in product(range(6), range(10)):
        own, other = ([w.lower() for w in MENTIONS[k]] for k in (row + 3, column))
        assert block[row, column] == naive_category(lists, own, other)


@pytest.mark.parametrize("num_units", [0, 1, 2, 3])
def test_documents_of_almost_nothing(num_units):
    found = make_head(kept_per_unit=0.4)(worded(num_units))
    assert found.scores.shape[0] == int(0.4 * num_units)
    assert not found.scores.isfinite().any()


def test_a_refinement_scores_again_with_the_same_categories():
    head = make_head(refinement=Lazy(AttendedAntecedent))
    with torch.no_grad():  # a gate that lets nothing through
        head.refinement.gate.weight.zero_()
        head.refinement.gate.bias.fill_(-1e9)
        refined = head(worded())
        head.refinement = None
        plain = head(worded())
    torch.testing.assert_close(refined.scores, plain.scores)
    torch.testing.assert_close(refined.antecedents, plain.antecedents)


def test_all_pairs_of_spans_are_never_held():
    head = make_head(max_antecedents=6, kept_per_unit=0.5, allow_crossing=True)
    document = worded(400)
    with LargestTensor() as largest:
        found = head(document._replace(vectors=document.vectors.requires_grad_()))
        found.scores[found.scores.isfinite()].sum().backward()
    num_spans = len(found.spans.starts)
    assert num_spans == 200
    assert largest.most < num_spans**2 / 2  # a span's vector has seven parts, 70 numbers


def test_windows_know_the_words_of_their_own_text_and_of_remembered_mentions(monkeypatch):
    head, document = make_head(), worded(60)
    seen = []
    choose = head.link_scorer.choose

    def watched(spans, mention_scores, context):
        seen.append(context.words)
        return choose(spans, mention_scores, context)

    monkeypatch.setattr(head.link_scorer, "choose", watched)
    whole = head(document)
    expected = {tuple(words) for words in seen.pop()}
    assert len(expected) > 20
    score_in_windows(head, document, CorefWindows(length=20, overlap=6, remembered=4))
    assert len(seen) > 3
    known = {tuple(words) for words in document.words_of(whole.candidates)}
    assert {tuple(words) for words in seen[-1]} <= known


def test_scores_are_float32_under_mixed_precision():
    head, document = make_head(refinement=Lazy(AttendedAntecedent)).float(), worded()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        links = head(document._replace(vectors=document.vectors.float()))
        functional.relu(links.scores[links.scores.isfinite()]).sum().backward()
    assert links.scores.dtype == torch.float32


def test_word_lists_of_ones_own_take_the_place_of_the_shipped():
    lists = make_head(links={"pronouns": ["hon henne"]}).link_scorer.word_lists
    assert lists.pronoun_group(["Henne"]) == 1 and lists.pronoun_group(["she"]) == 0
    assert "the" in lists.passed_over
    both = {"pronouns": ["hon henne"], "passed_over": ["en ett"], "language": "sv"}
    assert make_head(links=both).link_scorer.word_lists.passed_over == {"en", "ett"}
    with pytest.raises(ConfigError, match=r"no word lists for 'sv', only for de, en"):
        make_head(links={"language": "sv"})


@pytest.mark.parametrize("language", word_lists.languages())
def test_shipped_word_lists_have_each_pronoun_in_one_group(language):
    text = word_lists.resources.files(word_lists).joinpath(f"{language}.json").read_text("utf-8")
    pronouns = " ".join(json.loads(text)["pronouns"]).split()
    assert len(pronouns) == len(set(pronouns)) > 20
    assert all(word == word.lower() for word in pronouns)
