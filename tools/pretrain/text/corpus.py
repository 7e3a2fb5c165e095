"""Gather the sentences of the training, and leave out all that later measures the network.

    python corpus.py --work FOLDER

`TLCOURSE_MIRROR_DATA` names the folder of the real texts. Left out, so that no measurement is spoiled: SST-2's `dev` and `test` files, the
`test` folder of the IMDB reviews, WNUT-17's `dev` and `test` files, the last 12 articles of XQuAD, and every training text that equals one
of these, or shares a run of eight words with one, after case and punctuation are taken away. Writes `texts.jsonl`: one `[first, second]` a
line, `second` empty but for a question with its passage.
"""

import argparse
import csv
import json
import os
import random
import re
import zipfile
from itertools import chain
from pathlib import Path

SEED = 0
XQUAD_TRAIN_ARTICLES = 36
RUN = 8  # words in a row that no training text may share with an evaluation text
_SENTENCE = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(A-Z])")


def words(text):
    """Lower-case words without punctuation."""
    return re.findall(r"[a-z0-9]+", text.lower())


def read_sst2(real, split):
    with open(real / f"text/SST2/{split}.tsv", encoding="utf-8") as file:
        return [row[0] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def read_reviews(real, part):
    """All reviews below `aclImdb/part/`, labels left aside."""
    with zipfile.ZipFile(real / "text/aclImdb_4k.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.startswith(f"aclImdb/{part}/") and name.endswith(".txt"))
        return [re.sub(r"<br\s*/?>", " ", archive.read(name).decode("utf-8")) for name in names]


def read_tweets(real, file):
    rows = (real / "text/wnut17" / file).read_text(encoding="utf-8").split("\n")
    found, sentence = [], []
    for row in [*rows, ""]:
        if row.strip():
            sentence.append(row.split("\t")[0])
        elif sentence:
            found.append(" ".join(sentence))
            sentence = []
    return found


def read_xquad(real):
    """(training, evaluation): lists of (question, passage)."""
    articles = json.loads((real / "text/xquad/xquad.en.json").read_text(encoding="utf-8"))["data"]
    pairs = [[(qa["question"], p["context"]) for p in article["paragraphs"] for qa in p["qas"]] for article in articles]
    return [*chain(*pairs[:XQUAD_TRAIN_ARTICLES])], [*chain(*pairs[XQUAD_TRAIN_ARTICLES:])]


def pieces(text, rng, longest=75):
    """Cut a text into runs of one to four sentences, none longer than `longest` words."""
    out, wanted = [], rng.randint(1, 4)
    current = []
    for sentence in _SENTENCE.split(text.strip()):
        parts = sentence.split()
        for start in range(0, len(parts), longest):
            part = parts[start : start + longest]
            if current and (len(current) >= wanted or sum(map(len, current)) + len(part) > longest):
                out.append(" ".join(chain(*current)))
                current, wanted = [], rng.randint(1, 4)
            current.append(part)
    if current:
        out.append(" ".join(chain(*current)))
    return [text for text in out if len(text.split()) >= 3]


def runs(text):
    """All runs of RUN words of a text; the text itself where it is shorter."""
    found = words(text)
    return {" ".join(found[i : i + RUN]) for i in range(max(1, len(found) - RUN + 1))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    work = parser.parse_args().work
    real, rng = Path(os.environ["TLCOURSE_MIRROR_DATA"]), random.Random(SEED)
    train_pairs, held_pairs = read_xquad(real)
    held = [*read_sst2(real, "dev"), *read_sst2(real, "test"), *read_reviews(real, "test"),
            *read_tweets(real, "emerging.dev.conll"), *read_tweets(real, "emerging.test.annotated"),
            *(text for pair in held_pairs for text in pair)]  # fmt: skip
    forbidden = set().union(*map(runs, held))
    forbidden_whole = {" ".join(words(text)) for text in held}
    texts = [(text, "") for text in (*read_sst2(real, "train"), *read_tweets(real, "wnut17train.conll"))]
    for long_text in [*read_reviews(real, "train"), *sorted({passage for _, passage in train_pairs})]:
        texts += [(piece, "") for piece in pieces(long_text, rng)]
    texts += train_pairs

    def shared(part):
        return " ".join(words(part)) in forbidden_whole or (len(words(part)) >= RUN and bool(runs(part) & forbidden))

    kept = [pair for pair in dict.fromkeys(texts) if not any(map(shared, pair))]
    rng.shuffle(kept)
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "texts.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(pair) + "\n" for pair in kept)
    print(
        f"{len(kept)} texts, {sum(len(a.split()) + len(b.split()) for a, b in kept)} words; left out {len(set(texts)) - len(kept)}"
    )


if __name__ == "__main__":
    main()
