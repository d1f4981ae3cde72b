from spanbert_allen.common.errors import DataError


def test_a_message_is_one_line_that_ends_in_the_cure():
    error = DataError("the name\n\r\n" + "x" * 5000 + "\ud800 is wrong; give another", "f", 3)
    assert str(error).startswith("f:3: the name xxx")
    assert str(error).endswith("x\\ud800 is wrong; give another")
    assert len(error.problem) == 500
    assert str(DataError("short", "f")) == "f: short"
