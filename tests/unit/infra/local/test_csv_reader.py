"""CSV as Step Functions documents it: the example of that page, and its rules."""

import pytest
from infra.local.ministack_patches.csv_reader import parse_rows, to_item

EXAMPLE = """abc,123,"This string contains commas, a double quotation marks (""), and a newline (
)",{""MyKey"":""MyValue""},"[1,2,3]"
"""


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (
            [
                [
                    "abc",
                    "123",
                    'This string contains commas, a double quotation marks ("), and a newline (\n)',
                    '{"MyKey":"MyValue"}',
                    "[1,2,3]",
                ]
            ],
            EXAMPLE,
        ),
        ([["path", "size"], ["C:\\Program Files\\My", "6"]], "path,size\nC:\\\\Program Files\\\\My,6\n"),
        ([["https://a.example/ab", "1,2"]], "https://a.example/a\\b,1\\,2"),
        ([["a", ""], ["b"]], "a,\r\n\r\nb\r\n"),
        ([['"a"', "", "x"]], '"""a""","",x'),
        ([["\ufeffid", "url"]], '\ufeff"id",url'),
        ([], "\n"),
    ],
)
def test_rows_follow_the_rules_of_step_functions(expected: list[list[str]], text: str) -> None:
    assert expected == list(parse_rows(text))


def test_item_has_a_cell_for_each_column() -> None:
    assert to_item(["a", "b", "c"], ["1", "2"]) == {"1": "a", "2": "b"}
    assert to_item(["a"], ["1", "2"]) == {"1": "a", "2": ""}
