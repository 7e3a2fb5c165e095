"""Each token of a vocabulary has the number of its line, whatever characters it consists of."""

from __future__ import annotations

import shutil

import pytest

from tlcourse.text import load_text_encoder

STRANGE = ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\u3000", "\xa0", "##\u2028", "a\u2028b"]


@pytest.fixture
def other(preset, tmp_path):
    """A copy of the preset, and its vocabulary file."""
    folder = tmp_path / "preset"
    shutil.copytree(preset, folder)
    return folder, folder / "assets/tokenizer/vocabulary.txt"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_tokens_that_look_like_line_ends_shift_no_other_token(other, ends):
    folder, file = other
    tokens = file.read_text().split("\n")[:-1]
    tokens[10 : 10 + len(STRANGE)] = STRANGE
    file.write_bytes((ends.join(tokens) + ends).encode())
    vocabulary = load_text_encoder(str(folder)).tokenizer.get_vocab()
    assert [vocabulary[token] for token in tokens] == list(range(len(tokens)))


@pytest.mark.parametrize("change", ["short", "long"])
def test_a_vocabulary_of_another_size_than_the_network_is_refused(other, change):
    folder, file = other
    tokens = file.read_text().split("\n")[:-1]
    file.write_text("\n".join(tokens[:-1] if change == "short" else [*tokens, "more"]) + "\n")
    with pytest.raises(
        ValueError, match=rf"has {len(tokens)} tokens.*len\(vocabulary\)={len(tokens) + (1, -1)[change == 'short']}"
    ):
        load_text_encoder(str(folder))
