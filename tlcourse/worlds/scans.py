"""Drawn scans: several images of each patient, whose body is easy to recognise and whose disease is hard to see.

Every patient has a body of their own (width, ribs, heart, tissue). All scans of the patient show it, and it says nothing about the
disease. Sick patients have a faint haze in a lung, at another place in every scan. Nothing medical is claimed.
"""

from __future__ import annotations

import numpy as np

from tlcourse.arguments import require_number, require_whole
from tlcourse.worlds.textures import power_law_field

CLASS_NAMES = ("healthy", "sick")
_TISSUE = 0.045  # standard deviation of a patient's tissue in grey levels of 0 to 1
_HAZE = 0.16  # grey level that the haze adds at its middle


def draw_scans(
    patients: int,
    per_patient: int,
    seed: int = 0,
    size: int = 64,
    *,
    signature: float = 1.0,
    sign: float = 1.0,
    noise: float = 1.0,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Draw `per_patient` scans of each patient; every second patient is sick.

    Every patient, and every scan of a patient, has a random stream made of the seed and its number: drawing more of either
    changes none of those that stay. A knob changes what it is named after and nothing else.

    Args:
        patients: 2 or more. The even ones are healthy, the odd ones sick.
        per_patient: Scans of each patient, 1 or more.
        seed: 0 or more; the same seed gives the same bytes.
        size: Side of the square images in pixels, 16 or more.
        signature: How much the patients' bodies differ, 0 (all have the same body) to 2.
        sign: Strength of the haze of the sick, 0 (invisible) to 5.
        noise: Strength of the sensor noise, 0 (none) to 5.

    Returns:
        `images` `(patients * per_patient, size, size, 3)` uint8, grey; `labels` `(patients * per_patient,)` int64, 0 healthy and
        1 sick; the names of the classes; and `patient`, int64, the number of the patient on each scan.

    Raises:
        ValueError: If an argument is out of range.
    """
    require_whole("patients", patients, 2)
    require_whole("per_patient", per_patient, 1)
    require_whole("seed", seed, 0)
    require_whole("size", size, 16)
    require_number("signature", signature, 0, 2)
    require_number("sign", sign, 0, 5)
    require_number("noise", noise, 0, 5)
    images = np.empty((patients * per_patient, size, size, 3), np.uint8)
    for patient in range(patients):
        body = _draw_body(np.random.default_rng([seed, patient]), size, signature)
        for visit in range(per_patient):
            rng = np.random.default_rng([seed, patient, visit + 1])
            grey = _take_scan(rng, *body, size, sign * (patient % 2), noise)
            images[patient * per_patient + visit] = grey[..., None]
    owners = np.repeat(np.arange(patients, dtype=np.int64), per_patient)
    return images, owners % 2, CLASS_NAMES, owners


def _draw_body(rng: np.random.Generator, size: int, signature: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a patient's body and the mask of the lungs, both 0 to 1, with a margin of an eighth on each side to move in."""
    wide = size + 2 * (size // 8)
    y, x = np.mgrid[-1 : 1 : wide * 1j, -1 : 1 : wide * 1j] * wide / size
    middle = np.array([0.40, 0.30, 0.62, 9.0, 0.0, 0.13, 0.25])
    spread = np.array([0.05, 0.05, 0.08, 2.5, 1.6, 0.06, 0.09])
    apart, width, height, ribs, phase, rib, heart = middle + signature * spread * rng.uniform(-1, 1, len(middle))
    tilt = signature * rng.uniform(-0.25, 0.25)
    tissue = signature * power_law_field(rng, wide, 1.3)
    lungs = sum(_soft(1 - ((x - side * (apart + tilt * y * side)) / width) ** 2 - (y / height) ** 2) for side in (-1, 1))
    lungs = np.clip(lungs, 0, 1)
    body = 0.62 * _soft(1 - (x / 0.92) ** 4 - (y / 1.25) ** 4)
    body = body - 0.34 * lungs + rib * lungs * np.cos(ribs * (y - 0.25 * np.abs(x)) + phase)
    body = body + 0.2 * _soft(1 - ((x - 0.12) / heart) ** 2 - ((y - 0.25) / (heart + 0.08)) ** 2)
    return body + _TISSUE * tissue, lungs


def _take_scan(
    rng: np.random.Generator, body: np.ndarray, lungs: np.ndarray, size: int, sign: float, noise: float
) -> np.ndarray:
    """Return one scan, uint8: the body moved a little, other exposure, noise, and the haze if there is a sign."""
    margin = (len(body) - size) // 2
    top, left = rng.integers(margin // 2, margin + margin // 2 + 1, 2)
    exposure, offset = rng.uniform(0.9, 1.1), rng.uniform(-0.04, 0.04)
    grain = rng.standard_normal((size, size))
    side, down, radius = rng.choice((-1, 1)), rng.uniform(-0.3, 0.3), rng.uniform(0.14, 0.24)
    y, x = np.mgrid[-1 : 1 : len(body) * 1j, -1 : 1 : len(body) * 1j] * len(body) / size
    haze = np.exp(-((x - 0.4 * side) ** 2 + (y - down) ** 2) / (2 * radius**2)) * lungs
    seen = (body + _HAZE * sign * haze)[top : top + size, left : left + size]
    return np.clip(255 * (seen * exposure + offset + 0.02 * noise * grain), 0, 255).astype(np.uint8)


def _soft(inside: np.ndarray) -> np.ndarray:
    """Turn "positive inside, negative outside" into a mask of 0 to 1 with a soft edge."""
    return 1.0 / (1.0 + np.exp(-12.0 * np.clip(inside, -5, 5)))
