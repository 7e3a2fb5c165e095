"""The tasks that measure the encoder: sentiment, entities, answers. Everything here is read from files that the training never saw."""

import csv
import json
from pathlib import Path

from corpus import XQUAD_TRAIN_ARTICLES


def sentiment(real, split):
    """(sentences, labels) of SST-2; 1 is positive."""
    with open(Path(real) / f"text/SST2/{split}.tsv", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row[0] for row in rows], [int(row[1]) for row in rows]


def entities(real, file):
    """List of (words, tags) of WNUT-17; tags as B-person, I-person, O."""
    rows = (Path(real) / "text/wnut17" / file).read_text(encoding="utf-8").split("\n")
    found, words, tags = [], [], []
    for row in [*rows, ""]:
        if row.strip():
            word, tag = row.split("\t")[:2]
            words.append(word)
            tags.append(tag.strip())
        elif words:
            found.append((words, tags))
            words, tags = [], []
    return found


def answers(real):
    """(train, test) of XQuAD, split by article: lists of (question, passage, start, end) in characters of the passage."""
    articles = json.loads((Path(real) / "text/xquad/xquad.en.json").read_text(encoding="utf-8"))["data"]

    def rows(part):
        for article in part:
            for paragraph in article["paragraphs"]:
                for qa in paragraph["qas"]:
                    answer = qa["answers"][0]
                    start = answer["answer_start"]
                    yield qa["question"], paragraph["context"], start, start + len(answer["text"])

    return list(rows(articles[:XQUAD_TRAIN_ARTICLES])), list(rows(articles[XQUAD_TRAIN_ARTICLES:]))


def entity_spans(tags):
    """Set of (first, last, kind) of BIO tags; an I without its B begins one, as conlleval counts."""
    spans, start, kind = set(), None, None
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, name = tag.partition("-")
        if start is not None and (prefix != "I" or name != kind):
            spans.add((start, place - 1, kind))
            start = None
        if prefix in ("B", "I") and start is None:
            start, kind = place, name
    return spans
