"""What fails a check is said in a way that users can follow."""

from spanbert_allen.common.record_checks import shown


def test_a_value_too_deep_or_too_long_to_show_is_still_said():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "a value (list) too deep or too long to show"
    assert shown(10**5000) == "a value (int) too deep or too long to show"
    while deep:
        deep = deep.pop()
