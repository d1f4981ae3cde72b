import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.sample_corpus import read_sample
from spanbert_allen.sample_corpus.__main__ import main
from spanbert_allen.sample_corpus.checks import check_texts, proofreading
from spanbert_allen.sample_corpus.sample_text import Question, Relation, Turn

FILLER = " ".join(["Nothing else happened on that long day in the valley."] * 10)
PROSE = f"""# title: The bakery
== text
[1 Anna] opened [2 [1 her] bakery] in Lunde. [2 It] sells bread and more bread.

{FILLER}
== questions
Who opened the bakery? => Anna
What else does it sell? => bread @2
Where is it? => Lunde
When did it close? => -
== relations
org:founded_by | {{O:PERSON Anna}} opened {{S:ORGANIZATION her bakery}}
no_relation | {{S:PERSON Anna}} opened her bakery in {{O:CITY Lunde}}
"""
DIALOGUE = f"""# title: At the door
== text
Ida Lund: Did [1 you] ring, [1 Tom]?
Tom: [1 I] did not. {FILLER}
== questions
Who rang? => -
Who is at the door? => Tom
What did Ida ask? => Did you ring
Why did nobody hear? => -
== relations
no_relation | {{S:PERSON Tom}}
no_relation | {{S:PERSON Tom}}
"""


@pytest.fixture
def write(tmp_path):
    def write_text(content, name="train_news_bakery.txt"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write_text


def test_everything_is_read(write):
    sample = read_sample(write(PROSE))
    assert (sample.name, sample.split, sample.genre) == ("train_news_bakery", "train", "news")
    assert sample.title == "The bakery"
    opening = "Anna opened her bakery in Lunde. It sells bread and more bread."
    assert sample.text == f"{opening}\n\n{FILLER}"
    assert sample.turns == ()
    assert sample.clusters == (
        (CharSpan(0, 4), CharSpan(12, 15)),
        (CharSpan(12, 22), CharSpan(33, 35)),
    )
    assert sample.questions == (
        Question("Who opened the bakery?", CharSpan(0, 4)),
        Question("What else does it sell?", CharSpan(57, 62)),
        Question("Where is it?", CharSpan(26, 31)),
        Question("When did it close?", None),
    )
    assert sample.relations == (
        Relation("org:founded_by", CharSpan(12, 22), "ORGANIZATION", CharSpan(0, 4), "PERSON"),
        Relation("no_relation", CharSpan(0, 4), "PERSON", CharSpan(26, 31), "CITY"),
    )
    assert check_texts([write(PROSE)])[1] == []


def test_turns_carry_their_speaker(write):
    content = DIALOGUE.partition("== relations")[0] + "== relations\n"
    sample = read_sample(write(content, "dev_dialogue_door.txt"))
    assert sample.text.startswith("Did you ring, Tom?\nI did not. Nothing")
    assert sample.turns == (
        Turn("Ida Lund", CharSpan(0, 18)),
        Turn("Tom", CharSpan(19, len(sample.text))),
    )
    assert [sample.at(span) for span in sample.clusters[0]] == ["you", "Tom", "I"]


def test_answers_count_whole_words(write):
    content = PROSE.replace("in Lunde. [2", "in Lunde, once Alunde. Today [2").replace(
        "=> Anna", "=> unde"
    )
    with pytest.raises(
        DataError, match="`unde` stands 0 times in the text as whole words, 1 asked"
    ):
        read_sample(write(content))


BROKEN = {
    "bracket never closed": ("[2 It] sells", "[2 It sells", 3, "`[2 ` is never closed"),
    "bracket never opened": ("[2 It] sells", "It] sells", 3, "`]` closes nothing"),
    "literal bracket": ("[2 It] sells", "[It] sells", 3, "must be followed by a number"),
    "no words": ("[2 It] sells", "[2 ] sells", 3, "must be followed by a number"),
    "two spaces in the text": ("more bread", "more  bread", 3, "separated by one space"),
    "the same boundaries twice": ("[2 It]", "[2 [1 It]]", 3, "`It` is marked twice"),
    "a cluster of one": ("[2 It] sells", "It sells", 3, "cluster 2 has one mention only"),
    "no title": ("# title: ", "# ", 1, "the first line must be `# title: ...`"),
    "section out of order": ("== questions", "== relations", 6, "is not due here"),
    "unknown section": ("== relations", "== facts", 11, "is not due here"),
    "not a question": (
        "Where is it? => Lunde",
        "Where is it => Lunde",
        9,
        "must be `question? => ",
    ),
    "answer not in the text": ("=> Lunde", "=> Malmo", 9, "`Malmo` stands 0 times"),
    "answer inside a word": ("=> Lunde", "=> Lun", 9, "`Lun` stands 0 times"),
    "too few occurrences": ("bread @2", "bread @3", 8, "stands 2 times in the text"),
    "unknown relation": ("org:founded_by", "org:founded", 12, "with a label of per:title"),
    "no object": ("{O:PERSON Anna}", "Anna", 12, "one {S:TYPE words} and one {O:TYPE words}"),
    "quote not in the text": ("Anna} opened {", "Anna} sold {", 12, "stands 0 times in the text"),
    "wrong types": ("S:ORGANIZATION", "S:CITY", 12, "cannot join the types CITY and PERSON"),
    "unknown type": ("O:CITY", "O:PLACE", 13, "cannot join the types PERSON and PLACE"),
    "subject inside a word": ("{S:PERSON Anna} o", "{S:PERSON Ann}a o", 13, "where a word does"),
    "two sentences": (
        "{S:PERSON Anna} opened her bakery in {O:CITY Lunde}",
        "{O:CITY Lunde}. {S:MISC It} sells",
        13,
        "must stand in one sentence",
    ),
    "inside a word": ("[2 It] sells", "[2 It sell]s", 3, "must begin and end where a word does"),
    "punctuation inside": ("Lunde. [2 It]", "[2 Lunde.] It", 3, "ends with punctuation"),
    "possessive outside": ("[2 It] sells", "[2 Bun]'s sells", 3, "a possessive 's in"),
    "space at the edge": ("[2 It] sells", "[2 It ]sells", 3, "begins or ends with a space"),
    "curly quotation marks": ("[2 It] sells", "[2 It] “sells”", 3, "straight quotation"),
    "a long text": (FILLER, f"{FILLER} {FILLER} {FILLER}", 2, "100 to 250 are wanted"),
    "a question too few": ("Where is it? => Lunde\n", "", 6, "3 questions; 4 to 6 are wanted"),
    "a question twice": ("Where is it?", "Who opened the bakery?", 6, "is asked twice"),
    "all answered": ("When did it close? => -", "What? => bread", 6, "0 questions without answer"),
}


@pytest.mark.parametrize(("old", "new", "line", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_problem_names_file_and_line(write, old, new, line, words):
    assert old in PROSE
    path = write(PROSE.replace(old, new, 1))
    samples, problems = check_texts([path])
    assert samples == []
    assert any(
        str(problem).startswith(f"{path}:{line}: ") and words in str(problem)
        for problem in problems
    ), [str(problem) for problem in problems]


def test_line_of_a_mention_in_a_later_paragraph(write):
    content = PROSE.replace("Nothing else", "[1 Anna,] else", 1)
    (problem,) = check_texts([write(content)])[1]
    assert (problem.line, "ends with punctuation" in problem.problem) == (5, True)


@pytest.mark.parametrize("mention", ["[1 Anna, the baker,]", "[1 Anna the baker]", "[1 Anna B.]"])
def test_punctuation_that_belongs_to_a_mention(write, mention):
    content = PROSE.replace("more bread.", f"more bread to {mention} today.")
    assert check_texts([write(content)])[1] == []


def test_verb_after_a_pronoun_stays_outside(write):
    content = PROSE.replace("[2 It] sells", "[2 It]'s selling")
    assert check_texts([write(content)])[1] == []


def test_first_problem_is_raised(write):
    path = write(PROSE.replace("[2 It]", "[2 It"))
    with pytest.raises(DataError, match=r"train_news_bakery\.txt:3: `\[2 ` is never closed"):
        read_sample(path)


@pytest.mark.parametrize("name", ["bakery.txt", "train_poetry_x.txt", "train_news_.txt", "a.md"])
def test_name_must_tell_split_and_genre(write, name):
    with pytest.raises(DataError, match=r"the name must be <split>_<genre>_<name>\.txt"):
        read_sample(write(PROSE, name))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the first line must be"),
        ("# title: A\n== text\nA.\n", "the section `== questions` is missing"),
        ("# title: A\nA.\n== text\n", "nothing may stand between the title and"),
    ],
)
def test_incomplete_files(write, content, problem):
    with pytest.raises(DataError, match=problem):
        read_sample(write(content))


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"train_news_none\.txt: no such file"):
        read_sample(tmp_path / "train_news_none.txt")


def test_turn_without_speaker(write):
    path = write(DIALOGUE.replace("Tom: [1 I]", "[1 I]"), "dev_dialogue_door.txt")
    problems = check_texts([path])[1]
    assert any(
        problem.line == 4 and "every line of a dialogue must be `Name: words`" in problem.problem
        for problem in problems
    )


def test_two_texts_may_not_share_a_sentence(write):
    first = write(PROSE)
    second = write(PROSE.replace("Anna", "Berit"), "test_news_other.txt")
    samples, (problem,) = check_texts([first, second])
    assert [sample.name for sample in samples] == ["train_news_bakery"]
    assert str(problem).startswith(f"{second}:1: says the same as train_news_bakery")


def test_proofreading_shows_chains_and_what_is_unmarked(write):
    sample = read_sample(write(PROSE.replace("that long day", "that long day of Anna and hers")))
    lines = proofreading(sample)
    assert lines[:2] == ["Anna = her", "her bakery = It"]
    assert [line.split(":")[0] for line in lines[2:4]] == ["unmarked `Anna`", "unmarked `hers`"]


def test_command_prints_problems_and_counts(write, capsys):
    good = write(PROSE)
    bad = write(PROSE.replace("[2 It]", "It"), "train_fiction_bad.txt")
    assert main([str(good)]) == 0
    out = capsys.readouterr().out
    assert (
        "train: 1 texts, 112 words, 4 mentions, 2 clusters, 4 questions (25% unanswerable)" in out
    )
    assert "org:founded_by 1" in out
    assert main([str(good), str(bad), "--proofread"]) == 1
    out = capsys.readouterr().out
    assert f"{bad}:3: cluster 2 has one mention only" in out
    assert "train_news_bakery: Anna = her" in out
