"""A text in which mentions are replaced by what they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.results.writing.mention_rules import Expression, WordRules
from spanbert_allen.results.writing.resolved_text import resolved_text
from tests.results.results import coref_result, result_of

KEEPER = "The keeper lit her lamp.\nIt burned."


@pytest.mark.parametrize(
    ("text", "chains", "expected"),
    [
        # A possessive, and a pronoun in the head of another chain.
        (
            KEEPER,
            [["The keeper", "her"], ["her lamp", "It"]],
            "The keeper lit the keeper's lamp.\nThe keeper's lamp burned.",
        ),
        # The first name stands for all, also for what is before it.
        (
            "When the baker came, Anna Berg saw her. The baker smiled.",
            [["the baker", "Anna Berg", "The baker"]],
            "When Anna Berg came, Anna Berg saw her. Anna Berg smiled.",
        ),
        # `her` by what follows.
        ("Anna saw it. I saw her in Oslo.", [["Anna", "her"]], "Anna saw it. I saw Anna in Oslo."),
        ("Anna ate. I saw her cat.", [["Anna", "her"]], "Anna ate. I saw Anna's cat."),
        # Names that end in s, and possessives that stand alone.
        ("James lost his keys.", [["James", "his"]], "James lost James' keys."),
        ("Ida has keys. Are they hers?", [["Ida", "hers"]], "Ida has keys. Are they Ida's?"),
        ("Ida's cat saw her.", [["Ida's", "her"]], "Ida's cat saw Ida."),
        # Contracted pronouns, reflexive and relative ones stay.
        ("Ida left. I'm here.", [["Ida", "I"]], "Ida left. I'm here."),
        ("Tom said he's late.", [["Tom", "he"]], "Tom said Tom's late."),
        ("Tom, who hurt himself.", [["Tom", "who", "himself"]], "Tom, who hurt himself."),
        # Without a nominal head nothing is replaced, nor are verbs.
        ("He said he left.", [["He", "he"]], "He said he left."),
        ("The firm announced it. The news came.", [["announced", "it", "The news"]],
         "The firm announced the news. The news came."),
        # A mention that holds another stays; the other does not.
        (
            "Ida came. The girl with her dog sat.",
            [["Ida", "The girl with her dog", "her"]],
            "Ida came. The girl with her dog sat.",
        ),
        (
            "Ida met Tom. The girl with his dog sat.",
            [["Ida", "The girl with his dog"], ["Tom", "his"]],
            "Ida met Tom. The girl with Tom's dog sat.",
        ),
        # A chain of one mention changes nothing, and holds no one back.
        (
            "Ida met Tom. The old girl sat.",
            [["Ida", "The old girl"], ["old girl"]],
            "Ida met Tom. Ida sat.",
        ),
        # What reads the same is left, and so is a text without chains.
        ("The cat sat. the  cat slept.", [["The cat", "the  cat"]], "The cat sat. the  cat slept."),
        ("Nothing corefers.", [], "Nothing corefers."),
        ("", [], ""),
    ],
)  # fmt: skip
def test_rules(text: str, chains: list[list[str]], expected: str) -> None:
    assert resolved_text(coref_result(text, *chains)) == expected


def test_crossing_mentions_are_replaced_once() -> None:
    text = "Ida Tom ab cd ef"
    result = result_of(text, [[(0, 3), (8, 13)], [(4, 7), (11, 16)]])
    assert resolved_text(result) == "Ida Tom Ida ef"


def test_heads_that_hold_each_other_come_to_an_end() -> None:
    text = "The owner of it sold the shop of hers."
    chains = [["The owner of it", "hers"], ["it", "the shop of hers"]]
    assert resolved_text(coref_result(text, *chains)) == (
        "The owner of the shop of hers sold the shop of the owner of it's."
    )


def test_a_filter_keeps_mentions() -> None:
    seen = []

    def only_pronouns(mention: dict, head: dict) -> bool:
        seen.append((mention["text"], head["text"]))
        return len(mention["text"]) == 3

    result = coref_result(
        "Ida Berg left. The baker sang. She ate.", ["Ida Berg", "The baker", "She"]
    )
    assert resolved_text(result, replace=only_pronouns) == (
        "Ida Berg left. The baker sang. Ida Berg ate."
    )
    assert seen == [("The baker", "Ida Berg"), ("She", "Ida Berg")]


def test_without_lists_for_a_language_the_first_name_stands_and_possessives_are_names() -> None:
    text = "La fille partit. Marie Dubois rentra, elle riait."
    result = coref_result(text, ["La fille", "Marie Dubois", "elle"])
    assert resolved_text(result, rules=WordRules("fr")) == (
        "Marie Dubois partit. Marie Dubois rentra, Marie Dubois riait."
    )
    no_capitals = coref_result("小明说他饿了", ["小明", "他"])
    assert resolved_text(no_capitals, rules=WordRules("zh")) == "小明说小明饿了"


@pytest.mark.parametrize(
    ("mention", "kind"),
    [
        (Expression("Anna", (0, 0), begins_sentence=True), "name"),
        (Expression("The keeper", (0, 1), begins_sentence=True), "noun"),
        (Expression("Old Anna", (0, 1), begins_sentence=True), "name"),
        (Expression("Old men", (0, 1), begins_sentence=True), "noun"),
        (Expression("the mayor of Oslo", (0, 3)), "name"),
        (Expression("She", (0, 0), begins_sentence=True), "pronoun"),
        (Expression("'s", (0, 0)), "other"),
        (Expression("1990", (0, 0)), "other"),
        (Expression("...", (0, 0)), "other"),
        (Expression("announced", (0, 0)), "other"),
        (Expression("them and gave it", (0, 3)), "other"),
        (Expression("what Ida said", (0, 2)), "other"),
        (Expression("those keys", (0, 1)), "noun"),
        (Expression("his", (0, 0)), "pronoun"),
        (Expression("", (0, 0)), "other"),
    ],
)
def test_kinds_by_letters_and_lists(mention: Expression, kind: str) -> None:
    assert WordRules().kind(mention) == kind


spans = st.tuples(st.integers(0, 17), st.integers(1, 8)).map(lambda pair: (pair[0], sum(pair)))


@given(chains=st.lists(st.lists(spans, min_size=1, max_size=4, unique=True), max_size=5))
def test_what_is_in_no_mention_stays_in_its_order(chains: list[list[tuple[int, int]]]) -> None:
    text = "The Qa zB 1c she Xd it fG"
    resolved = resolved_text(result_of(text, chains))
    outside = [
        char
        for place, char in enumerate(text)
        if not any(start <= place < end for chain in chains for start, end in chain)
    ]
    position = 0
    for char in outside:
        position = resolved.index(char, position) + 1
    assert resolved_text(result_of(text, chains), replace=lambda *_: False) == text
