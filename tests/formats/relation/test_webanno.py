"""Relations in WebAnno TSV 3, beyond what all annotation tools have."""

from __future__ import annotations

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import find_files
from spanbert_allen.formats.relation.detection import SUFFIXES, read_relations
from spanbert_allen.formats.relation.labels import read_labels

# Entities of several words, two on one word, part of a word; syntax and slots besides.
STACKED = """#FORMAT=WebAnno TSV 3.3
#T_SP=syntax.POS|PosValue
#T_SP=custom.Entity|ROLE_custom.Entity:Parts_PartsLink|custom.Entity|Entity|note
#T_SP=custom.Place|
#T_RL=syntax.dependency.Dependency|DependencyType|BT_syntax.POS
#T_RL=custom.Link|BT_custom.Entity
#T_RL=custom.Named|kind|label|BT_custom.Entity

#Text=The New_York bank hired Ann-Lee.
1-1\t0-3\tThe\tDET\t*[1]\t_\tORG[1]\tx[1]\t_\tdet\t1-3\t_\t_\t_\t_
1-2\t4-12\tNew\\_York\tPROPN\t*[1]|*[2]\t_\tORG[1]|GEO\\_POL[2]\tx[1]|*[2]\t*\t_\t_\t1-1[1_2]\t_\t_\t_
1-3\t13-17\tbank\tNOUN\t*[1]\t_\tORG[1]\tx[1]\t_\troot\t1-3\t_\t_\t_\t_
1-4\t18-23\thired\tVERB\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_
1-5\t24-31\tAnn-Lee\tPROPN\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_
1-5.1\t24-27\tAnn\t_\t*\t_\t*\t*\t_\t_\t_\t_\t*|*\thires|pays\\|now\t1-1[1_0]|1-2[2_0]
"""


def examples(folder, text: str = STACKED) -> dict:
    path = folder / "doc.tsv"
    path.write_text(text)
    return {one.id: one for one in read_relations(path)}


def test_entities_are_told_apart_by_their_numbers(tmp_path):
    found = examples(tmp_path)
    labels = {name: one.label for name, one in found.items() if one.label != "no_relation"}
    assert labels == {"doc:0-1": "Link", "doc:0-2": "hires", "doc:1-2": "pays|now"}
    assert len(found) == 6
    one, other = found["doc:0-1"], found["doc:1-2"]
    assert list(one.words) == ["The", "New_York", "bank", "hired", "Ann-Lee"]
    assert (one.subject, one.object, other.object) == ((0, 2), (1, 1), (4, 4))
    assert (one.subject_type, one.object_type) == ("ORG", "GEO_POL")
    assert other.object_type == "Entity"  # without a value, the layer's name
    assert read_labels(tmp_path / "doc.tsv") == {name: one.label for name, one in found.items()}
    assert find_files(tmp_path, suffixes=SUFFIXES) == [tmp_path / "doc.tsv"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("T_RL=custom", "T_SP=custom"), r"doc\.tsv: the file has no layer of relations"),
        (("1-2[2_0]", "1-2[3_0]"), r"doc\.tsv:15: a relation of Named needs an annotation of cus"),
        (("1-2[2_0]", "x"), r"doc\.tsv:15: 'x' is no place that a relation comes from"),
        (("hires|", ""), r"doc\.tsv:15: the row has 1 labels of Named, but 2 relations"),
        (("1-1[1_2]", "1-1[1_1]"), r"doc\.tsv: relation 0 is one of an entity with itself"),
        (("1-4\t18", "four\t18"), r"doc\.tsv:13: .* is no row of a token"),
    ],
)
def test_what_cannot_be_read(tmp_path, change, sentence):
    with pytest.raises(DataError, match=sentence):
        examples(tmp_path, STACKED.replace(*change))
