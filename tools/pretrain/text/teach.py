"""Choose the student's vocabulary, and run the teacher once over all texts.

    python teach.py --work FOLDER --teacher DIRECTORY

`DIRECTORY` is a Hugging Face directory of a BERT (`config.json`, `model.safetensors`, `vocab.txt`). Needs `texts.jsonl` (corpus.py).
Writes `vocab.txt` (VOCABULARY tokens in the teacher's order), `kept.npy` (their ids at the teacher), `tokens.npz` (the texts in the
student's tokens) and `states.npy`: for each of the student's tokens the teacher's middle and last states, float16. Where the smaller
vocabulary cuts a word into other pieces, each piece gets the mean over the teacher's pieces of that word. A second start goes on
where the first one stopped.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from network import load_teacher
from tokenizers import BertWordPieceTokenizer

VOCABULARY = 13_000
LONGEST = 160  # tokens
MIDDLE = 3  # layers of the teacher below its middle states
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def tokenizer_of(vocabulary):
    tokenizer = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    tokenizer.enable_truncation(LONGEST)
    return tokenizer


def choose_vocabulary(tokenizer, texts):
    """Special tokens, all single ASCII characters, what occurs twice, then the teacher's most frequent tokens (its order of ids)."""
    counts = Counter()
    for encoding in tokenizer.encode_batch([text for pair in texts for text in pair if text]):
        counts.update(encoding.tokens)
    names = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    plain = [n for n in names if n.isascii() and not n.startswith("[unused")]
    must = [n for n in plain if n in SPECIAL or len(n.removeprefix("##")) == 1]
    often = [n for n in plain if counts[n] >= 2]
    chosen = dict.fromkeys([*must, *sorted(often, key=lambda n: -counts[n]), *plain])
    keep = set(list(chosen)[:VOCABULARY])
    return [n for n in names if n in keep]


def aligned(student, teacher, states):
    """Give each of the student's tokens the teacher's states, `(student's tokens, kinds, hidden)`."""
    places = {}
    for place, (word, segment) in enumerate(zip(teacher.word_ids, teacher.sequence_ids, strict=True)):
        places.setdefault((segment, word) if word is not None else ("special", place), []).append(place)
    special = [key for key in places if key[0] == "special"]
    ours = {}
    for place, (word, segment) in enumerate(zip(student.word_ids, student.sequence_ids, strict=True)):
        ours.setdefault((segment, word) if word is not None else ("special", place), []).append(place)
    own_special = [key for key in ours if key[0] == "special"]
    pairs = dict(zip(own_special, special, strict=False))
    out = np.empty((len(student.ids), *states.shape[1:]), states.dtype)
    for key, mine in ours.items():
        theirs = places.get(pairs.get(key, key), [len(teacher.ids) - 1])
        out[mine] = states[theirs] if len(mine) == len(theirs) else states[theirs].astype("float32").mean(axis=0)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    options = parser.parse_args()
    work = options.work
    texts = [json.loads(line) for line in (work / "texts.jsonl").read_text(encoding="utf-8").splitlines()]
    full = tokenizer_of(options.teacher / "vocab.txt")
    if not (work / "vocab.txt").exists():
        vocabulary = choose_vocabulary(full, texts)
        np.save(work / "kept.npy", np.array([full.token_to_id(name) for name in vocabulary]))
        (work / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    small = tokenizer_of(work / "vocab.txt")
    inputs = [tuple(pair) if pair[1] else pair[0] for pair in texts]
    own = small.encode_batch(inputs)
    lengths = np.array([len(e.ids) for e in own])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.concatenate([e.ids for e in own]).astype("int32")
    np.savez(work / "tokens.npz", ids=ids, segments=np.concatenate([e.type_ids for e in own]).astype("int8"), starts=starts)
    print(f"{len(ids)} tokens, of them unknown {np.mean(ids == small.token_to_id('[UNK]')):.4f}", flush=True)

    torch.set_num_threads(1)
    teacher = load_teacher(options.teacher)
    size, done_file = teacher.shape.hidden, work / "states.done"
    done = int(done_file.read_text()) if done_file.exists() else 0
    states = np.lib.format.open_memmap(work / "states.npy", mode="r+" if done else "w+", dtype="float16",
                                       shape=None if done else (len(ids), 2, size))  # fmt: skip
    order = np.argsort(lengths, kind="stable")
    for block in range(done, len(order), 64):
        batch = order[block : block + 64]
        theirs = full.encode_batch([inputs[i] for i in batch])
        longest = max(len(e.ids) for e in theirs)
        padded = np.zeros((3, len(batch), longest), "int64")
        for row, e in enumerate(theirs):
            padded[:, row, : len(e.ids)] = e.ids, e.type_ids, np.ones(len(e.ids))
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            found = teacher(torch.from_numpy(padded[0]), torch.from_numpy(padded[1]), torch.from_numpy(padded[2]).bool())
        both = torch.stack([found[MIDDLE], found[-1]], dim=2).float().numpy().astype("float16")
        for row, i in enumerate(batch):
            states[starts[i] : starts[i + 1]] = aligned(own[i], theirs[row], both[row])
        if block // 64 % 50 == 0:
            states.flush()
            done_file.write_text(str(block))
            print(block, "of", len(order), flush=True)
    states.flush()
    done_file.write_text(str(len(order)))


if __name__ == "__main__":
    main()
