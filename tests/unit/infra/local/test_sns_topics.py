"""Lists of objects in the body of a message, for filter policies of SNS."""

import pytest
from infra.local.ministack_patches.sns_topics import expand_lists


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ([{"a": 1}], {"a": 1}),
        ([{"a": {"b": 1}}], {"a": [{"b": 1}]}),
        ([{"a": {"b": 1}}, {"a": {"b": 2}}], {"a": [{"b": 1}, {"b": 2}]}),
        ([{"a": [1, 2], "b": "x"}], {"a": [1, 2], "b": "x"}),  # a list of plain values is one value
        ([{"a": []}], {"a": []}),
        ([{"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}], {"a": [{"b": [{"c": 1}, {"c": 2}]}]}),
        (
            [{"a": {"x": 1}, "b": {"y": 2}}, {"a": {"x": 1}, "b": {"y": 3}}],
            {"a": [{"x": 1}], "b": [{"y": 2}, {"y": 3}]},
        ),
        (["no object"], "no object"),
    ],
)
def test_list_of_objects_is_expanded_to_each_of_them(expected: list[object], value: object) -> None:
    assert list(expand_lists(value)) == expected
