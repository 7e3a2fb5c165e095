"""Instructors' side of lesson 08: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_GAIN = """
import numpy as np
from scipy import stats

def gain_with_interval(runs, confidence):
    transfer = {{draw: a for draw, way, a in runs if way == "transfer"}}
    scratch = {{draw: a for draw, way, a in runs if way == "scratch"}}
    gains = np.array({gains})
    margin = {quantile} * {spread}
    return {mean}, gains.mean() - margin, gains.mean() + margin
"""


def _gain(
    gains: str = "[transfer[d] - scratch[d] for d in transfer if d in scratch]",
    quantile: str = "stats.t.ppf((1 + confidence) / 2, len(gains) - 1)",
    spread: str = "gains.std(ddof=1) / len(gains) ** 0.5",
    mean: str = "gains.mean()",
) -> str:
    return _GAIN.format(gains=gains, quantile=quantile, spread=spread, mean=mean)


RUNS = Bank(
    right=[
        Right("two dicts", _gain()),
        Right(
            "scipy's paired test",
            """
from scipy import stats

def gain_with_interval(runs, confidence):
    table = {}
    for draw, way, accuracy in runs:
        table.setdefault(draw, {})[way] = accuracy
    pairs = [row for row in table.values() if len(row) == 2]
    t, s = [row["transfer"] for row in pairs], [row["scratch"] for row in pairs]
    interval = stats.ttest_rel(t, s).confidence_interval(confidence)
    return [sum(t) / len(t) - sum(s) / len(s), interval.low, interval.high]
""",
        ),
        Right(
            "the package",
            """
from tlcourse import evaluate

def gain_with_interval(runs, confidence):
    found = {(draw, way): a for draw, way, a in runs}
    both = [d for d, way in found if way == "scratch" and (d, "transfer") in found]
    r = evaluate.paired_difference([found[d, "transfer"] for d in both], [found[d, "scratch"] for d in both], confidence)
    return r.mean, r.interval.low, r.interval.high
""",
        ),
    ],
    wrong=[
        Wrong("sign turned", "scratch-minus-transfer", _gain("[scratch[d] - transfer[d] for d in transfer if d in scratch]")),
        Wrong("normal quantile", "normal-not-t", _gain(quantile="stats.norm.ppf((1 + confidence) / 2)")),
        Wrong("divides by n", "divides-by-n", _gain(spread="gains.std() / len(gains) ** 0.5")),
        Wrong("spread of one draw", "spread-not-mean", _gain(spread="gains.std(ddof=1)")),
        Wrong("one-sided quantile", "confidence-on-one-side", _gain(quantile="stats.t.ppf(confidence, len(gains) - 1)")),
        Wrong(
            "broken draws in the mean",
            "broken-draws-counted",
            _gain(mean="np.mean(list(transfer.values())) - np.mean(list(scratch.values()))"),
        ),
        Wrong(
            "zipped as they finished",
            "paired-by-order",
            """
import numpy as np
from scipy import stats

def gain_with_interval(runs, confidence):
    t, s = ([a for _, w, a in runs if w == way] for way in ("transfer", "scratch"))
    gains = np.array([a - b for a, b in zip(t, s)])
    margin = stats.t.ppf((1 + confidence) / 2, len(gains) - 1) * gains.std(ddof=1) / len(gains) ** 0.5
    return gains.mean(), gains.mean() - margin, gains.mean() + margin
""",
        ),
        Wrong(
            "two independent samples",
            "not-paired",
            """
import numpy as np
from scipy import stats

def gain_with_interval(runs, confidence):
    found = {(draw, way): a for draw, way, a in runs}
    both = [d for d, way in found if way == "scratch" and (d, "transfer") in found]
    t, s = (np.array([found[d, way] for d in both]) for way in ("transfer", "scratch"))
    interval = stats.ttest_ind(t, s, equal_var=False).confidence_interval(confidence)
    return (t - s).mean(), interval.low, interval.high
""",
        ),
    ],
)

_RANK = """
import numpy as np

def rank_sources(tables, labels, score, seed):
    rng = np.random.default_rng(seed)
    kept = {{}}
    for name, table in tables.items():
        true = score(table, labels)
        placebos = {placebos}
        if {keep}:
            kept[name] = true
    return sorted(kept, key=kept.get, reverse={reverse})
"""


def _rank(
    placebos: str = "[score(table, rng.permutation(labels)) for _ in range(20)]",
    keep: str = "true > max(placebos)",
    reverse: str = "True",
) -> str:
    return _RANK.format(placebos=placebos, keep=keep, reverse=reverse)


SOURCES = Bank(
    right=[
        Right("max of twenty", _rank()),
        Right(
            "all, fifty of them",
            _rank("[score(table, rng.permutation(labels)) for _ in range(50)]", "all(true > p for p in placebos)"),
        ),
        Right(
            "the same shuffles for all sources",
            """
import numpy as np

def rank_sources(tables, labels, score, seed):
    rng = np.random.default_rng(seed)
    shuffles = [labels[rng.permutation(len(labels))] for _ in range(20)]
    scored = [(score(t, labels), name) for name, t in tables.items()]
    return [n for s, n in sorted(scored, reverse=True) if s > np.max([score(tables[n], other) for other in shuffles])]
""",
        ),
    ],
    wrong=[
        Wrong("no placebo", "no-placebo", _rank("[]", "True")),
        Wrong("worst first", "worst-first", _rank(reverse="False")),
        Wrong("turned around", "the-unrelated-ones", _rank(keep="true <= max(placebos)")),
        Wrong("one placebo", "one-placebo-is-enough", _rank("[score(table, rng.permutation(labels))]")),
        Wrong(
            "the same shuffle",
            "same-shuffle-again",
            _rank("[score(table, np.random.default_rng(seed).permutation(labels)) for _ in range(20)]"),
        ),
        Wrong(
            "shuffles in place", "changes-labels", _rank("[(rng.shuffle(labels), score(table, labels))[1] for _ in range(20)]")
        ),
    ],
)

_DECIDE = """
import numpy as np
from scipy import stats

def decide(gains, cost):
    paying = {{}}
    for name, values in gains.items():
        {single}
        margin = {quantile} * np.std(values, ddof=1) / len(values) ** 0.5
        if {pays}:
            paying[name] = {by}
    return {choose}
"""


def _decide(
    single: str = "if len(values) < 2: continue",
    quantile: str = "stats.t.ppf(0.975, len(values) - 1)",
    pays: str = "np.mean(values) - margin > cost",
    by: str = "np.mean(values)",
    choose: str = 'max(paying, key=paying.get, default="scratch")',
) -> str:
    return _DECIDE.format(single=single, quantile=quantile, pays=pays, by=by, choose=choose)


DECIDE = Bank(
    right=[
        Right("lower end", _decide()),
        Right(
            "with the package",
            """
from tlcourse import evaluate

def decide(gains, cost):
    best, name = None, "scratch"
    for source, values in gains.items():
        if len(values) == 1:
            continue
        summary = evaluate.mean_and_spread(values)
        if summary.interval.low > cost and (best is None or summary.mean > best):
            best, name = summary.mean, source
    return name
""",
        ),
        Right(
            "a t test against the cost",
            """
import numpy as np
from scipy import stats

def decide(gains, cost):
    several = {n: v for n, v in gains.items() if len(v) > 1}
    proven = [n for n, v in several.items() if stats.ttest_1samp(v, cost).confidence_interval(0.95).low > cost]
    return sorted(proven, key=lambda n: np.mean(gains[n]))[-1] if proven else "scratch"
""",
        ),
    ],
    wrong=[
        Wrong(
            "the largest mean",
            "never-abstains",
            "import numpy as np\n\ndef decide(gains, cost):\n    return max(gains, key=lambda n: np.mean(gains[n]))\n",
        ),
        Wrong(
            "mean above cost",
            "mean-alone-decides",
            _decide(single="if len(values) < 2: paying[name] = values[0]; continue", pays="np.mean(values) > cost"),
        ),
        Wrong("above zero", "ignores-the-cost", _decide(pays="np.mean(values) - margin > 0")),
        Wrong("one draw", "trusts-one-draw", _decide(single="if len(values) < 2: paying[name] = values[0]; continue")),
        Wrong("1.96", "normal-not-t", _decide(quantile="1.96")),
        Wrong("largest lower end", "largest-lower-end", _decide(by="np.mean(values) - margin")),
        Wrong("upper end", "upper-end", _decide(pays="np.mean(values) + margin > cost")),
        Wrong("always no", "always-abstains", _decide(choose='"scratch"')),
    ],
)

_MAP = """
import numpy as np

def class_map(maps, gradients):
    heat = {heat}
    return {scaled}
"""


def _map(
    heat: str = "np.maximum((maps * gradients.mean(axis=(0, 1))).sum(axis=-1), 0)",
    scaled: str = "heat / heat.max() if heat.max() > 0 else heat",
) -> str:
    return _MAP.format(heat=heat, scaled=scaled)


MAP = Bank(
    right=[
        Right("broadcast", _map()),
        Right(
            "matrix product",
            _map("(maps @ gradients.reshape(-1, maps.shape[-1]).mean(axis=0)).clip(min=0)", "heat / (heat.max() or 1)"),
        ),
        Right(
            "channel by channel",
            """
import numpy as np

def class_map(maps, gradients):
    heat = np.zeros(maps.shape[:2])
    for channel in range(maps.shape[2]):
        heat += gradients[..., channel].sum() * maps[..., channel]
    heat[heat < 0] = 0
    top = heat.max()
    return (heat / top).tolist() if top else heat.tolist()
""",
        ),
    ],
    wrong=[
        Wrong("place by place", "place-by-place", _map("np.maximum((maps * gradients).sum(axis=-1), 0)")),
        Wrong("negative kept", "negative-kept", _map("(maps * gradients.mean(axis=(0, 1))).sum(axis=-1)")),
        Wrong(
            "stretched",
            "stretched",
            _map("(maps * gradients.mean(axis=(0, 1))).sum(axis=-1)", "(heat - heat.min()) / (heat.max() - heat.min())"),
        ),
        Wrong("absolute", "absolute", _map("np.abs((maps * gradients.mean(axis=(0, 1))).sum(axis=-1))")),
        Wrong("clipped early", "clipped-too-early", _map("np.maximum(maps * gradients.mean(axis=(0, 1)), 0).sum(axis=-1)")),
        Wrong("no gradients", "gradients-forgotten", _map("np.maximum(maps.sum(axis=-1), 0)")),
        Wrong("no maps", "maps-forgotten", _map("np.maximum(gradients.mean(axis=-1), 0)")),
        Wrong("not divided", "not-divided", _map(scaled="heat")),
        Wrong("divides always", "divides-by-zero", _map(scaled="heat / heat.max()")),
    ],
)

BANK = {"8.1": RUNS, "8.2": SOURCES, "8.3": DECIDE, "8.4": MAP}
