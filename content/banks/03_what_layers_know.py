"""Instructors' side of lesson 03: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_CKA_TAIL = """
    top = np.linalg.norm(x.T @ y) ** 2
    return top / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))
"""
_CKA_HEAD = """
import numpy as np

def linear_cka(x, y):
"""


def _cka(centre: str, tail: str = _CKA_TAIL) -> str:
    return f"{_CKA_HEAD}    {centre}\n{tail}"


_COLUMNS = "x, y = x - x.mean(axis=0), y - y.mean(axis=0)"
CKA = Bank(
    right=[
        Right("by features", _cka(_COLUMNS)),
        Right(
            "by images, with the centring matrix",
            """
import numpy as np

def linear_cka(x, y):
    n = len(x)
    centre = np.eye(n) - 1 / n
    k, l = centre @ (x @ x.T) @ centre, centre @ (y @ y.T) @ centre
    return (k * l).sum() / np.sqrt((k * k).sum() * (l * l).sum())
""",
        ),
        Right(
            "einsum",
            """
import numpy as np

def linear_cka(x, y):
    x, y = np.asarray(x) - np.mean(x, 0), np.asarray(y) - np.mean(y, 0)
    def size(a, b):
        return np.sum(np.einsum("ni,nj->ij", a, b) ** 2)
    return size(x, y) / (size(x, x) * size(y, y)) ** 0.5
""",
        ),
    ],
    wrong=[
        Wrong("means left in", "not-centred", _cka("pass")),
        Wrong("one mean for all", "centred-by-one-mean", _cka("x, y = x - x.mean(), y - y.mean()")),
        Wrong(
            "rows centred",
            "centred-by-rows",
            _cka("x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)"),
        ),
        Wrong(
            "norm not squared",
            "not-squared",
            _cka(
                _COLUMNS,
                """
    top = np.linalg.norm(x.T @ y)
    return top / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)) ** 0.5
""",
            ),
        ),
        Wrong("no division", "not-normalised", _cka(_COLUMNS, "    return np.linalg.norm(x.T @ y) ** 2\n")),
    ],
)


def _copy(numbers: str = "range(1, count + 1)", body: str = "", end: str = "") -> str:
    body = body or "target.get_layer(name).set_weights(source.get_layer(name).get_weights())"
    freeze = "target.get_layer(name).trainable = False" if "#keep" not in body else "pass"
    return f"""
def copy_first_blocks(source, target, count):
    for i in {numbers}:
        for name in (f"conv{{i}}", f"norm{{i}}"):
            {body}
            {freeze}
    {end or "return target"}
"""


COPY = Bank(
    right=[
        Right("layer by layer", _copy()),
        Right(
            "all layers, by their number",
            """
import re

def copy_first_blocks(source, target, count):
    for layer in target.layers:
        found = re.fullmatch(r"(conv|norm)(\\d+)", layer.name)
        if found and int(found[2]) <= count:
            layer.set_weights(source.get_layer(layer.name).get_weights())
            layer.trainable = False
""",
        ),
        Right(
            "variable by variable",
            """
def copy_first_blocks(source, target, count):
    kept = [f"{kind}{i}" for i in range(1, count + 1) for kind in ("conv", "norm")]
    for name in kept:
        a, b = source.get_layer(name), target.get_layer(name)
        for theirs, ours in zip(a.weights, b.weights):
            ours.assign(theirs)
        b.trainable = False
    return target
""",
        ),
    ],
    wrong=[
        Wrong("range ends early", "off-by-one", _copy("range(1, count)")),
        Wrong(
            "not frozen",
            "not-frozen",
            _copy(body="target.get_layer(name).set_weights(source.get_layer(name).get_weights())  #keep"),
        ),
        Wrong(
            "convolutions frozen, BatchNorm forgotten",
            "not-frozen",
            """
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).set_weights(source.get_layer(name).get_weights())
        target.get_layer(f"conv{i}").trainable = False
""",
        ),
        Wrong("whole target frozen", "froze-too-much", _copy(end="target.trainable = False")),
        Wrong("everything copied", "copied-everything", _copy(end="target.set_weights(source.get_weights())")),
        Wrong(
            "wrong way round",
            "copied-backwards",
            _copy(body="source.get_layer(name).set_weights(target.get_layer(name).get_weights())"),
        ),
        Wrong("only frozen", "nothing-copied", _copy(body="pass")),
    ],
)

_EDGE_TOP = """
import numpy as np

def edge_score(kernel):
    power = np.abs(np.fft.fft2({kernel}, (16, 16))) ** 2
    fy, fx = np.meshgrid(np.fft.fftfreq(16), np.fft.fftfreq(16), indexing="ij")
    angle = np.arctan2(fy, fx)
    return {result}
"""


def _edge(kernel: str = "kernel - kernel.mean()", result: str = "abs((power * np.exp(2j * angle)).sum()) / power.sum()") -> str:
    return _EDGE_TOP.format(kernel=kernel, result=result)


EDGE = Bank(
    right=[
        Right("complex numbers", _edge()),
        Right(
            "cosine and sine",
            _edge(result="np.hypot((power * np.cos(2 * angle)).sum(), (power * np.sin(2 * angle)).sum()) / power.sum()"),
        ),
        Right(
            "gradients in place of frequencies",
            """
import numpy as np

def edge_score(kernel):
    padded = np.pad(kernel - kernel.mean(), 8)
    spectrum = np.fft.fft2(padded)
    f = np.fft.fftfreq(len(padded))
    power = np.abs(spectrum) ** 2
    z = f[None, :] + 1j * f[:, None]
    unit = np.divide(z, np.abs(z), out=np.ones_like(z), where=np.abs(z) > 0)
    return abs((power * unit**2).sum()) / power.sum()
""",
        ),
    ],
    wrong=[
        Wrong("mean left in", "mean-not-removed", _edge("kernel")),
        Wrong("angle not doubled", "angle-not-doubled", _edge(result="abs((power * np.exp(1j * angle)).sum()) / power.sum()")),
        Wrong("no division", "not-divided", _edge(result="abs((power * np.exp(2j * angle)).sum())")),
        Wrong(
            "share of power off the axes", "counts-strength-not-direction", _edge(result="power[1:, 1:].sum() / power.sum()")
        ),
    ],
)

BANK = {"3.1": CKA, "3.2": COPY, "3.3": EDGE}
