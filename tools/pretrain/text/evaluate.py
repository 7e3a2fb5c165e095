"""Measure what the encoder is worth, beside its teacher and beside itself at random values.

    python evaluate.py --work FOLDER --teacher DIRECTORY [--draws 5] [--only probe sentiment entities answers]

- probe: mean of the token states, standardised, logistic regression (C=0.1) on 100 sentences of SST-2; its 1,821 test sentences.
- sentiment: fine-tuned whole on 1,000 sentences of SST-2, 5 epochs.
- entities: fine-tuned on WNUT-17's training tweets, F1 of whole entities on its test file, 3 epochs.
- answers: fine-tuned on the training articles of XQuAD, exact match and F1 of words on the other 12 articles, 5 epochs.

Settings are the same for all networks and were not chosen by these scores. Mean and standard deviation over draws of the labelled texts and
of the head's first values.
"""

import argparse
import copy
import math
import os
import re
import string
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from network import Bert, load_teacher
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tasks import answers, entities, entity_spans, sentiment
from teach import tokenizer_of
from torch import nn
from train import SHAPE

HEAD_RATE, BODY_RATE, BATCH = 1e-3, {"student": 3e-4, "teacher": 5e-5, "random": 3e-4}, 16
LONGEST = 256


def padded(encodings):
    """(ids, segments, mask) of the texts of one batch."""
    longest = max(len(e.ids) for e in encodings)
    out = np.zeros((3, len(encodings), longest), "int64")
    for row, e in enumerate(encodings):
        out[:, row, : len(e.ids)] = e.ids, e.type_ids, np.ones(len(e.ids))
    ids, segments, mask = torch.from_numpy(out)
    return ids, segments, mask.bool()


def states(bert, encodings, batch=64):
    """Yield the last states of each text, as long as the text."""
    order = np.argsort([len(e.ids) for e in encodings], kind="stable")
    found = [None] * len(order)
    bert.eval()
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            last = bert(*padded([encodings[i] for i in part]))[-1].float()
        for row, i in enumerate(part):
            found[i] = last[row, : len(encodings[i].ids)]
    return found


def fine_tune(bert, head, encodings, targets, loss, *, epochs, rate, rng):
    """Train a copy of `bert` with `head`; `loss(outputs, targets of the batch, mask)`. Returns both."""
    bert = copy.deepcopy(bert).train()
    optimizer = torch.optim.AdamW([{"params": bert.parameters(), "lr": rate}, {"params": head.parameters(), "lr": HEAD_RATE}],
                                  weight_decay=0.01)  # fmt: skip
    steps, step = epochs * math.ceil(len(encodings) / BATCH), 0
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) / (0.1 * steps), (steps - s) / (0.9 * steps)))
    for _ in range(epochs):
        order = rng.permutation(len(encodings))
        for step in range(0, len(order), BATCH):
            part = order[step : step + BATCH]
            inputs = padded([encodings[i] for i in part])
            with torch.autocast("cpu", torch.bfloat16):
                out = head(F.dropout(bert(*inputs, dropout=0.1)[-1], 0.1))
            value = loss(out.float(), [targets[i] for i in part], inputs[2])
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            nn.utils.clip_grad_norm_([*bert.parameters(), *head.parameters()], 1.0)
            optimizer.step()
            schedule.step()
    return bert.eval(), head.eval()


def probe(bert, tokenizer, real, draw):
    train, test = sentiment(real, "train"), sentiment(real, "test")
    rng = np.random.default_rng(draw)
    labels = np.array(train[1])
    chosen = np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:50] for c in (0, 1)])
    texts = [[train[0][i] for i in chosen], test[0]]
    if bert is None:
        vectors = TfidfVectorizer(ngram_range=(1, 2)).fit(texts[0])
        model = LogisticRegression(C=10.0, max_iter=2000).fit(vectors.transform(texts[0]), labels[chosen])
        return model.score(vectors.transform(texts[1]), test[1])
    features = [np.stack([s.mean(0).numpy() for s in states(bert, tokenizer.encode_batch(part))]) for part in texts]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)).fit(features[0], labels[chosen])
    return model.score(features[1], test[1])


def tuned_sentiment(bert, tokenizer, real, draw, rate):
    train, test = sentiment(real, "train"), sentiment(real, "test")
    rng = np.random.default_rng(draw)
    torch.manual_seed(draw)
    labels = np.array(train[1])
    chosen = np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:500] for c in (0, 1)])
    head = nn.Linear(bert.shape.hidden, 2)

    def pooled(out, mask):
        return (out * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def loss(out, targets, mask):
        return F.cross_entropy(pooled(out, mask), torch.tensor(targets))

    encodings = tokenizer.encode_batch([train[0][i] for i in chosen])
    bert, head = fine_tune(bert, head, encodings, labels[chosen].tolist(), loss, epochs=5, rate=rate, rng=rng)
    with torch.no_grad():
        said = [int(head(s).mean(0).argmax()) for s in states(bert, tokenizer.encode_batch(test[0]))]
    return float(np.mean(np.array(said) == test[1]))


def tuned_entities(bert, tokenizer, real, draw, rate):
    train, test = entities(real, "wnut17train.conll"), entities(real, "emerging.test.annotated")
    names = sorted({tag for _, tags in train for tag in tags})
    rng = np.random.default_rng(draw)
    torch.manual_seed(draw)

    def encode(rows):
        encodings = [tokenizer._tokenizer.encode([w.lower() for w in words], is_pretokenized=True) for words, _ in rows]
        firsts = [[e.word_ids.index(w) if w in e.word_ids else None for w in range(len(words))]
                  for e, (words, _) in zip(encodings, rows, strict=True)]  # fmt: skip
        return encodings, firsts

    encodings, firsts = encode(train)
    targets = []
    for e, first, (_, tags) in zip(encodings, firsts, train, strict=True):
        row = np.full(len(e.ids), -100)
        for place, tag in zip(first, tags, strict=True):
            if place is not None:
                row[place] = names.index(tag)
        targets.append(row)

    def loss(out, rows, mask):
        wanted = torch.full(mask.shape, -100)
        for i, row in enumerate(rows):
            wanted[i, : len(row)] = torch.from_numpy(row)
        return F.cross_entropy(out.transpose(1, 2), wanted, ignore_index=-100)

    bert, head = fine_tune(
        bert, nn.Linear(bert.shape.hidden, len(names)), encodings, targets, loss, epochs=3, rate=rate, rng=rng
    )
    encodings, firsts = encode(test)
    right = said = wanted = 0
    with torch.no_grad():
        for state, first, (_, tags) in zip(states(bert, encodings), firsts, test, strict=True):
            best = head(state).argmax(-1)
            mine = entity_spans([names[best[place]] if place is not None else "O" for place in first])
            theirs = entity_spans(tags)
            right, said, wanted = right + len(mine & theirs), said + len(mine), wanted + len(theirs)
    return 2 * right / max(said + wanted, 1)


def plain(text):
    """SQuAD's normal form: lower case, no punctuation, no articles."""
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def tuned_answers(bert, tokenizer, real, draw, rate):
    train, test = answers(real)
    rng = np.random.default_rng(draw)
    torch.manual_seed(draw)
    encode = lambda rows: tokenizer.encode_batch([(q, p) for q, p, _, _ in rows])  # noqa: E731

    def span(e, start, end):
        inside = [i for i, (a, b) in enumerate(e.offsets) if e.sequence_ids[i] == 1 and b > start and a < end]
        return (inside[0], inside[-1]) if inside else None

    encodings = encode(train)
    spans = [span(e, s, t) for e, (_, _, s, t) in zip(encodings, train, strict=True)]
    kept = [i for i, found in enumerate(spans) if found]  # an answer beyond LONGEST cannot be learned

    def loss(out, rows, mask):
        out = out.masked_fill(~mask[..., None], -1e4)
        return sum(F.cross_entropy(out[..., side], torch.tensor([row[side] for row in rows])) for side in (0, 1)) / 2

    bert, head = fine_tune(bert, nn.Linear(bert.shape.hidden, 2), [encodings[i] for i in kept], [spans[i] for i in kept], loss,
                           epochs=5, rate=rate, rng=rng)  # fmt: skip
    encodings, exact, score = encode(test), [], []
    with torch.no_grad():
        for state, e, (_, passage, start, end) in zip(states(bert, encodings), encodings, test, strict=True):
            out = head(state)
            inside = torch.tensor([s == 1 for s in e.sequence_ids])
            pair = out[:, 0].masked_fill(~inside, -1e4)[:, None] + out[:, 1].masked_fill(~inside, -1e4)[None]
            allowed = torch.ones_like(pair).triu() - torch.ones_like(pair).triu(20)
            first, last = divmod(int(pair.masked_fill(allowed == 0, -1e9).argmax()), len(out))
            mine, theirs = plain(passage[e.offsets[first][0] : e.offsets[last][1]]), plain(passage[start:end])
            common = sum((Counter(mine) & Counter(theirs)).values())
            exact.append(mine == theirs)
            score.append(2 * common / max(len(mine) + len(theirs), 1))
    return [float(np.mean(exact)), float(np.mean(score))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=["probe", "sentiment", "entities", "answers"])
    parser.add_argument("--networks", nargs="+", default=["student", "teacher", "random"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    real = os.environ["TLCOURSE_MIRROR_DATA"]
    small, full = tokenizer_of(options.work / "vocab.txt"), tokenizer_of(options.teacher / "vocab.txt")
    for tokenizer in (small, full):
        tokenizer.enable_truncation(LONGEST)
    saved = torch.load(options.work / "checkpoint.pt", weights_only=False)
    student = Bert(SHAPE)
    student.load_state_dict(
        {name.removeprefix("bert."): value for name, value in saved["ema"].items() if name.startswith("bert.")}
    )
    torch.manual_seed(0)
    random = Bert(SHAPE)
    for module in random.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.trunc_normal_(module.weight, std=0.02)  # BERT's own first values
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
    networks = {"student": (student, small), "teacher": (load_teacher(options.teacher), full), "random": (random, small)}
    jobs = {"sentiment": tuned_sentiment, "entities": tuned_entities, "answers": tuned_answers}
    for name in options.only:
        rows = {n: networks[n] for n in options.networks} | ({"TF-IDF": (None, None)} if name == "probe" else {})
        for network, (bert, tokenizer) in rows.items():
            if name == "probe":
                found = [probe(bert, tokenizer, real, draw) for draw in range(options.draws)]
            else:
                found = [jobs[name](bert, tokenizer, real, draw, BODY_RATE[network]) for draw in range(options.draws)]
            mean, spread = (
                np.mean(found, axis=0),
                np.std(found, axis=0, ddof=1) if options.draws > 1 else np.zeros_like(found[0]),
            )
            print(f"{name:10} {network:8} {np.round(mean, 3)} ± {np.round(spread, 3)}", flush=True)


if __name__ == "__main__":
    main()
