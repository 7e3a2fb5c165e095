"""Pages of claims: numbers that differ between seeds become means with spreads, beside what the notebook asserts."""

from __future__ import annotations

from itertools import count

import nbformat
import pytest

from tlcourse.authoring.claims import Claim, bounds_of, measured, stale_claims, table

SEEDS = count()


def notebook(*cells):
    """A run: pairs of source and what the cell printed, below a setup cell that prints something, too."""
    made = [nbformat.v4.new_code_cell("start()", outputs=[nbformat.v4.new_output("stream", text=f"seed {next(SEEDS)}\n")])]
    for source, text in cells:
        outputs = [nbformat.v4.new_output("stream", text=text)] if text else []
        made.append(nbformat.v4.new_code_cell(source, outputs=outputs))
    return nbformat.v4.new_notebook(cells=made)


def runs(*texts, source="pass"):
    return measured([notebook((source, text)) for text in texts])


def test_numbers_that_differ_become_mean_and_spread_and_the_others_stay():
    assert runs("head 2.1: 0.50 of 40", "head 2.1: 0.70 of 40") == [Claim("head 2.1: … of 40", "0.60 ± 0.14", ())]
    assert runs("gain +0.1, 1,000 kept", "gain +0.3, 3,000 kept")[0].value == "+0.2 ± 0.1; 2000 ± 1414"
    assert runs("needs 97", "needs inf")[0].value == "97 / inf"


def test_a_spread_that_a_run_printed_itself_is_named_and_has_none_of_its_own():
    for sign in ("±", "+-"):
        (claim,) = runs(f"worst group 0.10 {sign} 0.02, mean 0.9", f"worst group 0.30 {sign} 0.04, mean 0.7")
        assert claim.text == "worst group …, mean …"
        assert claim.value == "0.20 ± 0.14 (within a run ± 0.03); 0.8 ± 0.1"


def test_a_cell_that_asserts_keeps_its_lines_and_its_bounds_stand_beside_the_last():
    claims = runs("all frozen\n1 of 2", "all frozen\n1 of 2", source="assert a[\n  0] > 1, 'why'\nif b:\n    assert not b")
    assert claims == [
        Claim("all frozen", "the same with every seed", ()),
        Claim("1 of 2", "the same with every seed", ("a[0] > 1", "not b")),
    ]
    assert runs("", "", source="assert x") == [Claim("(nothing is printed)", "holds with every seed", ("x",))]
    assert runs("1 of 2", "1 of 2") == []


def test_a_line_that_one_run_did_not_print_is_left_out_and_equal_shapes_are_counted():
    assert [claim.value for claim in runs("x 1\nx 2\ny 5", "x 3\nx 4\nz 6")] == ["2 ± 1", "3 ± 1"]


def test_a_row_shows_what_was_printed_as_it_is():
    assert Claim("<a | *b*>", "1 ± 0", ("x | y",)).row() == r"| \<a \| \*b\*\> | 1 ± 0 | `x \| y` |"


@pytest.mark.parametrize("code", ["assert a < b - 0.1  # why", "for x in y:\n    assert a < b - 0.1, 'why'"])
def test_bounds_are_found_wherever_they_stand(code):
    assert list(bounds_of(code)) == ["a < b - 0.1"]


def test_a_page_that_shows_other_bounds_than_its_lesson_asserts_is_named(tmp_path):
    for name in ("content/lessons", "docs/claims"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "content/lessons/97_x.py").write_text("# %%\nassert a > 1\nassert b | c\n")
    page = tmp_path / "docs/claims/97_x.md"
    assert stale_claims(tmp_path) == ["97_x.md lacks: a > 1", "97_x.md lacks: b | c"]
    page.write_text(table([Claim("a", "2", ("a > 1", "b | c"))]))
    assert stale_claims(tmp_path) == []
    page.write_text(table([Claim("a", "2", ("a > 0", "b | c"))]))
    assert stale_claims(tmp_path) == ["97_x.md lacks: a > 1", "97_x.md has, and the lesson has not: a > 0"]
