"""The page in a real browser: everything that a user does with a mouse, keys and the clipboard."""

from __future__ import annotations

import ast
import json
import re
import shlex
from itertools import combinations

import pytest

from spanbert_allen.results.html.page import write_html
from tests.serving.browser.conftest import KEY
from tests.serving.browser.predictors import coref, qa, relation

TEXT = "Ida Berg lost her keys. She found them."
ENTITIES = {"text": "\U0001f511 Ida lives in Oslo.", "entities": [[2, 5], [15, 19, "CITY"]]}


def ask(page, text):
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Predict").click()
    page.locator("article").first.wait_for()


def coref_page(open_page, url, text=TEXT, **options):
    page = open_page(url, **options)
    ask(page, text)
    return page


def mention(page, words, number=0):
    return page.locator(".text .mention", has_text=re.compile(rf"^{words}\d$")).nth(number)


def copied(page, what):
    page.get_by_role("button", name=f"Copy as {what}").click()
    page.get_by_text(f"Copied as {what}.").wait_for()
    return page.evaluate("navigator.clipboard.readText()")


def lit(page, kind):
    return page.locator(f".text .{kind}").all_inner_texts()


def test_clusters_are_shown_and_light_up_together(service, open_page):
    page = coref_page(open_page, service)
    assert page.locator("#status").inner_text().startswith("2 chains with 5 mentions;")
    assert (
        page.locator(".text .part").evaluate("part => part.innerText.replace(/\\d/g, '')") == TEXT
    )
    mention(page, "She").hover()
    assert lit(page, "on") == ["Ida Berg1", "her1", "She1"]
    assert page.locator("aside .on").count() == 1
    page.locator("aside button.chain").nth(1).hover()
    assert lit(page, "on") == ["her1 keys2", "them2"]
    page.locator("h1").hover()
    assert lit(page, "on") == []
    outer, inner = (mention(page, words).bounding_box() for words in ("her1 keys", "her"))
    assert outer["y"] < inner["y"] and outer["height"] > inner["height"]


def test_keys_and_clicks_go_through_a_chain(service, open_page):
    page = coref_page(open_page, service)
    mention(page, "She").click()
    assert lit(page, "current") == ["She1"]
    assert lit(page, "chosen") == ["Ida Berg1", "her1", "She1"]
    details = page.locator(".details")
    assert "Mention 3 of 3 in chain 1" in details.inner_text()
    assert "1.250" in details.inner_text()
    page.get_by_role("group", name="Text with its mentions").focus()
    for key, words in [
        ("ArrowRight", "Ida Berg1"),
        ("ArrowRight", "her1"),
        ("Shift+ArrowLeft", "her1 keys2"),
        ("ArrowRight", "them2"),
        ("ArrowLeft", "her1 keys2"),
    ]:
        page.keyboard.press(key)
        assert lit(page, "current") == [words]
    page.keyboard.press("Escape")
    assert lit(page, "chosen") == [] and details.is_hidden()
    button = page.locator("aside button.chain").first
    button.click()
    assert button.get_attribute("aria-pressed") == "true" and lit(page, "current") == ["Ida Berg1"]
    page.get_by_role("button", name="Next").click()
    assert lit(page, "current") == ["her1"]
    page.locator("aside").get_by_role("link", name="them").click()
    assert lit(page, "current") == ["them2"]
    assert page.url == f"{service}/"


def test_chains_are_searched_and_filtered_by_size(service, open_page):
    page = coref_page(open_page, service)
    items = page.locator("ol.chains > li")
    page.get_by_label("Search").fill("THEM")
    assert [item.is_visible() for item in items.all()] == [False, True]
    assert page.get_by_text("1 of 2 chains").is_visible()
    page.get_by_label("Search").fill("")
    page.get_by_label("Mentions, at least").fill("3")
    assert [item.is_visible() for item in items.all()] == [True, False]


def test_other_antecedents_are_asked_for_on_demand(service, open_page):
    page = coref_page(open_page, service)
    mention(page, "She").click()
    page.get_by_role("button", name="Show other antecedents").click()
    table = page.locator(".details table")
    table.wait_for()
    assert lit(page, "current") == ["She1"]
    assert table.locator("tbody tr").all_inner_texts() == [
        "Ida Berg\t1.25\t0.750",
        "none: a new chain\t0.00\t0.250",
    ]


def test_answers_are_marked_and_those_of_one_place_are_one(service, open_page):
    page = open_page(service)
    page.get_by_label("Model").select_option("answers")
    page.get_by_label("Question").fill("What did she lose?")
    page.get_by_label("Text", exact=True).fill("She lost her keys in Oslo.")
    page.get_by_label("Question").press("Control+Enter")
    page.locator("article").wait_for()
    answers = page.locator("ol.answers > li")
    assert answers.count() == 2
    assert answers.first.inner_text().startswith("0.875 her keys")
    page.get_by_text("cut in 3 ways").click()
    assert page.get_by_text("0.250 She lost her keys").is_visible()
    answers.first.hover()
    assert lit(page, "on") == ["her keys1"]


def test_entities_are_marked_by_selecting_and_move_with_the_text(service, open_page):
    page = open_page(service)
    page.get_by_label("Model").select_option("people")
    text = page.get_by_label("Text", exact=True)
    text.fill("\U0001f511 Ida lives in Oslo.")
    for start, end in ((3, 7), (16, 20)):  # JavaScript counts the key as two
        text.evaluate("(area, place) => area.setSelectionRange(...place)", [start, end])
        text.press("Alt+m")
    assert page.locator(".spans b").all_inner_texts() == ["Ida", "Oslo"]
    page.get_by_label("Type of Oslo").fill("CITY")
    record = json.loads(shlex.split(copied(page, "curl"))[-1])
    assert record == ENTITIES
    text.evaluate("area => area.setSelectionRange(0, 0)")
    text.press("X")
    assert json.loads(shlex.split(copied(page, "curl"))[-1])["entities"][1] == [16, 20, "CITY"]
    page.get_by_role("button", name="Predict").click()
    rows = page.locator("table.relations tbody tr")
    rows.first.wait_for()
    assert [row.is_visible() for row in rows.all()] == [True, False]
    arcs = page.locator("svg.arcs text")
    assert arcs.all_text_contents() == ["per:city"]
    page.get_by_text("1 pair without a relation").click()
    page.locator("svg.arcs text").nth(1).wait_for()
    rows.first.hover()
    assert page.locator("text.arc.on").all_text_contents() == ["per:city"]
    page.get_by_role("button", name="Remove Ida").click()
    assert page.locator(".spans b").all_inner_texts() == ["Oslo"]


def test_labels_of_relations_stand_apart_from_each_other(open_page, tmp_path):
    names = ["Ida Berg", "Oslo", "Acme Corporation", "Bo", "Bergen", "a bakery", "Clara"]
    text = (
        "Ida Berg was born in Oslo, and has worked for Acme Corporation since 2001. Her brother Bo "
        "lives in Bergen, where he owns a bakery with his daughter Clara. The firm has moved."
    )
    places = [[text.index(name), text.index(name) + len(name)] for name in names]
    result = relation({"text": text, "entities": places}, {})
    pairs = [(0, 1), (0, 2), (3, 0), (0, 3), (3, 4), (3, 5), (3, 6), (2, 4)]
    result["relations"] = [
        {"subject": one, "object": other, "label": f"org:city_of_branch_{number}"}
        | {"probability": 0.9, "is_cut": False}
        for number, (one, other) in enumerate(pairs)
    ]
    schema = {"schema": "spanbert_allen.relation/1"}
    write_html([schema | result], tmp_path / "page.html")
    page = open_page(f"file://{tmp_path}/page.html", viewport={"width": 620, "height": 900})
    assert len(set(tops(page.locator(".text .mention")))) > 1  # lines, by the fonts there are
    labels = page.locator("svg.arcs text")
    # Of the letters: Playwright's own box is that of their halos.
    boxes = labels.evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
    assert len(boxes) == len(pairs)
    assert [pair for pair in combinations(boxes, 2) if do_intersect(*pair)] == []
    labels.last.hover()
    assert page.locator("text.arc.on").all_text_contents() == [labels.last.text_content()]
    assert page.locator("tr.on").count() == 1


def tops(elements):
    return elements.evaluate_all("all => all.map(one => Math.round(one.getClientRects()[0].top))")


def do_intersect(one, other):
    return all(
        one[place] < other[place] + other[size] and other[place] < one[place] + one[size]
        for place, size in (("x", "width"), ("y", "height"))
    )


def test_a_link_holds_the_input_and_stays_in_the_browser(service, open_page):
    page = coref_page(open_page, service)
    page.get_by_role("button", name="Copy a link").click()
    page.get_by_text("Copied a link").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{service}/#") and "Ida" not in link
    other = open_page(link)
    other.locator("article").wait_for()
    assert other.get_by_label("Text", exact=True).input_value() == TEXT
    assert lit(other, "mention") == lit(page, "mention")
    broken = open_page(f"{service}/#nothing")
    broken.get_by_role("button", name="Predict").wait_for()


def test_input_and_result_are_copied_as_others_take_them(service, open_page):
    page = coref_page(open_page, service)
    result = json.loads(copied(page, "JSON"))
    assert [len(cluster) for cluster in result["clusters"]] == [3, 2]
    conll = copied(page, "CoNLL")
    assert conll.startswith("#begin document (document)") and "(0)" in conll
    command = shlex.split(copied(page, "curl"))
    assert command[:2] == ["curl", f"{service}/coref?model=names"]
    assert json.loads(command[-1])["text"] == TEXT
    python = copied(page, "Python")
    compile(python, "copied", "exec")
    assert f'text="{TEXT}"' in python and "sentences=True" in python


def test_a_link_of_somebody_else_puts_no_code_into_what_is_copied(service, open_page):
    page = open_page(service)
    name = "genre=1)\nprint('mine')\n#"
    link = "async (record) => (await import('./page/permalink.js')).toFragment(record)"
    fragment = page.evaluate(link, {"model": "names", "record": {"text": TEXT, name: "x"}})
    other = open_page(f"{service}/{fragment}")
    other.locator("article").wait_for()
    nodes = ast.walk(ast.parse(copied(other, "Python")))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    assert [call.func.attr for call in calls] == ["load", "predict"]


def test_what_goes_wrong_is_one_sentence(service, open_page):
    page = open_page(service, allowed=["422"])
    page.get_by_label("Text", exact=True).fill("An error.")
    page.get_by_role("button", name="Predict").click()
    page.get_by_text("the text has an error; write another one").wait_for()
    page.get_by_text("Options").click()
    page.get_by_label("As JSON").fill("{")
    page.get_by_role("button", name="Predict").click()
    page.get_by_text("Options must be JSON").wait_for()


def test_a_key_is_asked_for_where_the_service_has_one(locked_service, open_page):
    page = open_page(locked_service, allowed=["401"])
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Use this key").click()
    page.get_by_label("Model").select_option("pairs")
    ask(page, "It was.")
    assert page.locator("article").get_by_text("0.750 same").is_visible()
    assert KEY not in copied(page, "curl")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_use_it(service, open_page, violations, scheme, width):
    viewport = {"width": width, "height": 800}
    page = coref_page(open_page, service, color_scheme=scheme, viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    mention(page, "She").click()
    assert violations(page) == []
    page.get_by_label("Model").select_option("people")
    page.get_by_role("button", name="Example").click()
    page.get_by_role("button", name="Predict").click()
    page.locator("table.relations").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []


def test_colours_are_switched_and_kept(service, open_page):
    page = open_page(service)
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Colours").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark


def test_a_page_of_results_is_one_file_that_does_the_same(tmp_path, open_page, violations):
    entities = {"text": "Ida lives in Oslo.", "entities": [[0, 3, "PERSON"], [13, 17, "CITY"]]}
    asked = {"question": "What?", "context": "She lost her keys in Oslo."}
    results = [coref({"text": TEXT}, {}), qa(asked, {}), relation(entities, {})]
    write_html(results, tmp_path / "page.html")
    page = open_page(f"file://{tmp_path}/page.html")
    mention(page, "She").click()
    assert lit(page, "chosen") == ["Ida Berg1", "her1", "She1"]
    assert page.locator("svg.arcs text").all_text_contents() == ["per:city"]
    assert violations(page) == []


def test_a_novel_is_laid_out_only_where_it_is_looked_at(service, open_page):
    page = open_page(service)
    area = page.get_by_label("Text", exact=True)
    # Playwright types into the field, which takes a browser long for so many lines.
    area.evaluate("(area, text) => { area.value = text; }", f"{TEXT}\n" * 2000)
    page.get_by_role("button", name="Predict").click()
    page.locator("article").wait_for()
    parts = page.locator(".text .part")
    assert parts.count() > 20
    assert not parts.last.locator(".mention").first.evaluate(
        "one => one.checkVisibility({contentVisibilityAuto: true})"
    )
    page.get_by_role("group", name="Text with its mentions").focus()
    page.keyboard.press("Shift+ArrowLeft")
    from playwright.sync_api import expect  # here, where it is known to be installed

    expect(page.locator(".current")).to_be_in_viewport()
    assert lit(page, "current") == ["them2"]
    assert page.evaluate("scrollY") > 1000


def test_a_document_has_an_article_for_each_part(service, open_page, violations):
    page = open_page(service)
    page.get_by_label("Model").select_option("everything")
    page.get_by_label("Questions, one in each line").fill("Who lost the keys?\n\nWho found them?")
    ask(page, TEXT)
    kinds = page.locator("article").evaluate_all("all => all.map(one => one.dataset.kind)")
    assert kinds == ["coref", "relation", "qa", "qa"]
    assert page.locator("#status").inner_text().startswith("coref, relation, qa;")
    record = json.loads(copied(page, "JSON"))
    assert [one["question"] for one in record["answers"]] == [
        "Who lost the keys?",
        "Who found them?",
    ]
    page.get_by_role("button", name="Copy a link").click()
    page.get_by_text("Copied a link").wait_for()
    again = open_page(page.evaluate("navigator.clipboard.readText()"))
    again.locator("article").first.wait_for()
    field = again.get_by_label("Questions, one in each line")
    assert field.input_value() == "Who lost the keys?\nWho found them?"
    assert violations(again) == []
