"""Instructors' side of lesson 12: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_CORAL = """
import numpy as np

def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T

def coral(source_features, target_features):
    s, t = source_features, target_features
    cs, ct = np.cov(s, rowvar=False), np.cov(t, rowvar=False)
    {before}
    return {result}
"""


def _coral(
    result: str = "(s - s.mean(axis=0)) @ power(cs, -0.5) @ power(ct, 0.5) + t.mean(axis=0)", before: str = "pass"
) -> str:
    return _CORAL.format(result=result, before=before)


CORAL = Bank(
    right=[
        Right("eigenvalues", _coral()),
        Right(
            "Cholesky factors, another root of the same covariance",
            _coral("(s - s.mean(0)) @ np.linalg.inv(np.linalg.cholesky(cs)).T @ np.linalg.cholesky(ct).T + t.mean(0)"),
        ),
        Right(
            "singular values of the clouds",
            """
import numpy as np

def coral(source_features, target_features):
    s = source_features - np.mean(source_features, axis=0)
    t = target_features - np.mean(target_features, axis=0)
    u, _, rotate = np.linalg.svd(s, full_matrices=False)
    _, values, directions = np.linalg.svd(t, full_matrices=False)
    white = u @ rotate * np.sqrt(len(s) - 1)
    root = directions.T @ np.diag(values / np.sqrt(len(t) - 1)) @ directions
    return white @ root + np.mean(target_features, axis=0)
""",
        ),
    ],
    wrong=[
        Wrong("mean forgotten", "mean-forgotten", _coral("(s - s.mean(axis=0)) @ power(cs, -0.5) @ power(ct, 0.5)")),
        Wrong("whitened only", "only-whitened", _coral("(s - s.mean(axis=0)) @ power(cs, -0.5) + t.mean(axis=0)")),
        Wrong("coloured only", "only-coloured", _coral("(s - s.mean(axis=0)) @ power(ct, 0.5) + t.mean(axis=0)")),
        Wrong(
            "columns standardised",
            "one-scale-a-column",
            _coral("(s - s.mean(axis=0)) / s.std(axis=0) * t.std(axis=0) + t.mean(axis=0)"),
        ),
        Wrong("means only", "nothing-moved", _coral("s - s.mean(axis=0) + t.mean(axis=0)")),
        Wrong("powers of 1", "powers-not-halved", _coral("(s - s.mean(axis=0)) @ power(cs, -1) @ ct + t.mean(axis=0)")),
        Wrong("in place", "changes-input", _coral(before="s -= s.mean(axis=0)")),
        Wrong(
            "rows sorted",
            "rows-of-the-target",
            _coral("np.sort(s[:, 0])[:, None] * 0 + ((s - s.mean(0)) @ power(cs, -0.5) @ power(ct, 0.5) + t.mean(0))[::-1]"),
        ),
    ],
)

_TEST = """
import numpy as np

def discrepancy(kernel, in_source):
    within = kernel[in_source][:, in_source].mean() + kernel[~in_source][:, ~in_source].mean()
    return within - 2 * kernel[in_source][:, ~in_source].mean()

def permutation_test(kernel, in_source, permutations, rng):
    splits = [discrepancy(kernel, {split}) for _ in range(permutations)]
    return {result}
"""


def _test(
    split: str = "rng.permutation(in_source)", result: str = "discrepancy(kernel, in_source), np.quantile(splits, 0.95)"
) -> str:
    return _TEST.format(split=split, result=result)


PERMUTATIONS = Bank(
    right=[
        Right("permuted flags", _test()),
        Right(
            "one product for all splits",
            """
import numpy as np

def permutation_test(kernel, in_source, permutations, rng):
    signs = np.where(in_source, 1 / in_source.sum(), -1 / (~in_source).sum())
    many = rng.permuted(np.tile(signs, (permutations, 1)), axis=1)
    return signs @ kernel @ signs, np.percentile(np.sum(many @ kernel * many, axis=1), 95)
""",
        ),
        Right(
            "the kernel is shuffled in place of the flags, sorted",
            _test("in_source")
            .replace("discrepancy(kernel, in_source) for", "discrepancy(shuffled(kernel, rng), in_source) for")
            .replace("np.quantile(splits, 0.95)", "sorted(splits)[int(0.95 * permutations)]")
            + "\ndef shuffled(kernel, rng):\n    order = rng.permutation(len(kernel))\n    return kernel[order][:, order]\n",
        ),
    ],
    wrong=[
        Wrong("exchanged", "order-exchanged", _test(result="np.quantile(splits, 0.95), discrepancy(kernel, in_source)")),
        Wrong("the largest", "the-largest", _test(result="discrepancy(kernel, in_source), max(splits)")),
        Wrong(
            "5 % quantile", "the-smallest-5-percent", _test(result="discrepancy(kernel, in_source), np.quantile(splits, 0.05)")
        ),
        Wrong("the mean", "the-middle", _test(result="discrepancy(kernel, in_source), np.mean(splits)")),
        Wrong("halves", "group-sizes-changed", _test("rng.permutation(len(in_source)) < len(in_source) // 2")),
        Wrong("not shuffled", "never-permuted", _test("in_source")),
        Wrong("own generator", "own-randomness", _test("np.random.default_rng(_).permutation(in_source)")),
    ],
)

_STATISTICS = """
import keras
import numpy as np

def adapt_statistics(model, images, batch_size):
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]{which}
    momenta = [norm.momentum for norm in norms]
    for count, start in enumerate(range(0, {end}, batch_size)):
        for norm in norms:
            norm.momentum = {momentum}
        model(images[start : start + {size}], training={mode})
    for norm, momentum in zip(norms, momenta):
        norm.momentum = {last}
"""


def _statistics(**changes: str) -> str:
    parts = {
        "which": "",
        "end": "len(images) - batch_size + 1",
        "momentum": "count / (count + 1)",
        "size": "batch_size",
        "mode": "True",
        "last": "momentum",
    }
    return _STATISTICS.format(**{**parts, **changes})


STATISTICS = Bank(
    right=[
        Right("momentum for each batch", _statistics()),
        Right(
            "averages the statistics of single batches",
            """
import keras
import numpy as np

def adapt_statistics(model, images, batch_size):
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    kept, seen = [norm.momentum for norm in norms], []
    for norm in norms:
        norm.momentum = 0.0
    for number in range(len(images) // batch_size):
        model(images[number * batch_size : (number + 1) * batch_size], training=True)
        seen.append([[keras.ops.convert_to_numpy(w) for w in (norm.moving_mean, norm.moving_variance)] for norm in norms])
    for place, norm in enumerate(norms):
        norm.moving_mean.assign(np.mean([row[place][0] for row in seen], axis=0))
        norm.moving_variance.assign(np.mean([row[place][1] for row in seen], axis=0))
        norm.momentum = kept[place]
""",
        ),
        Right(
            "layer by layer by hand",
            """
import keras
import numpy as np

def adapt_statistics(model, images, batch_size):
    parts = [images[i : i + batch_size] for i in range(0, len(images), batch_size)]
    parts = [part for part in parts if len(part) == batch_size]
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            parts = [np.asarray(part) for part in parts]
            layer.moving_mean.assign(np.mean([part.mean(axis=0) for part in parts], axis=0))
            layer.moving_variance.assign(np.mean([part.var(axis=0) for part in parts], axis=0))
            gamma, beta = layer.get_weights()[:2]
            parts = [(p - p.mean(0)) / np.sqrt(p.var(0) + layer.epsilon) * gamma + beta for p in parts]
        else:
            parts = [keras.ops.convert_to_numpy(layer(part)) for part in parts]
""",
        ),
    ],
    wrong=[
        Wrong("inference mode", "inference-mode", _statistics(mode="False")),
        Wrong("own momentum", "layers-own-momentum", _statistics(momentum="norm.momentum")),
        Wrong("momentum 0", "last-batch-only", _statistics(momentum="0.0")),
        Wrong("first batch", "first-batch-only", _statistics(end="1")),
        Wrong("the rest counts", "half-batch-counts", _statistics(end="len(images)")),
        Wrong("all at once", "all-at-once", _statistics(end="1", size="len(images)")),
        Wrong(
            "first layer",
            "first-layer-only",
            _statistics(which="[:1]", momentum="count / (count + 1)").replace(
                "    momenta =",
                "    others = [l for l in model.layers if isinstance(l, keras.layers.BatchNormalization)][1:]\n"
                "    for other in others:\n        other.trainable = False\n    momenta =",
            ),
        ),
        Wrong("momentum left", "momentum-left", _statistics(last="norm.momentum")),
        Wrong(
            "frozen afterwards",
            "left-frozen",
            _statistics() + "    model.trainable = False\n",
        ),
        Wrong(
            "trained",
            "weights-changed",
            """
def adapt_statistics(model, images, batch_size):
    model.compile("sgd", "mse")
    import numpy as np
    model.fit(images, np.ones((len(images), 2)), batch_size=batch_size, verbose=0)
""",
        ),
    ],
)

BANK = {"12.1": CORAL, "12.2": PERMUTATIONS, "12.3": STATISTICS}
