"""`mask-not-moved`: augmentation moves the image, and its mask or its boxes stay where they were."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.boxes import BOXES
from tlcourse.audit.data.masks import MASKS, Masks
from tlcourse.audit.data.moves import MOVES, Moves
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.box_forms import forms_of
from tlcourse.audit.report import Finding, NotChecked

_FEWEST = 4
_SHARE = 0.15
_MOVERS = (
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "RandomCrop",
    "RandomShear",
    "RandomPerspective",
    "RandomElastic",
)


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    import keras

    what = _places(context)
    if what is None:
        return
    own_step = type(context.model).train_step is not keras.Model.train_step
    movers = [layer for layer in context.model._flatten_layers() if type(layer).__name__.startswith(_MOVERS)]
    if movers and not own_step:
        yield _finding(
            what,
            f"The model itself moves its images, in {movers[0].name!r}, and the {what} do not pass through it",
            f"{len(movers)} layers of the model move images at random while it trains: {', '.join(layer.name for layer in movers[:3])}.",
            {"layers": len(movers)},
        )
        return
    try:
        moves: Moves = context.collector("train", MOVES)
    except CannotCheckError:
        kind = context.split("train").kind
        reason = "Arrays hold only what augmentation left." if kind == "arrays" else f"Data of kind {kind} were not read twice."
        yield NotChecked("mask-not-moved", reason)
        return
    if context.split("train").kind == "PyDataset":
        moves.read_again()
    found = moves.result()
    if found.pairs < _FEWEST:
        return  # masks and boxes change too
    if found.moved >= max(2, _SHARE * found.pairs):
        yield _finding(
            what,
            f"Augmentation moves the images, and not their {what}",
            f"Of {found.pairs} {what} that came back unchanged when the data was read again, {found.moved} had an image that was "
            "mirrored, turned, shifted or enlarged.",
            {"unchanged": found.pairs, "moved_images": found.moved},
        )
    elif found.unclear >= max(2, 0.5 * found.pairs):
        yield NotChecked("mask-not-moved", "Images change from reading to reading so much that no common movement explains it.")


def _places(context: Context) -> str | None:
    """Return what the labels say about places in the images: "masks", "boxes", or None."""
    masks: Masks = context.collector("train", MASKS)
    if len(masks.kept) and not masks.same_as_input and not _is_image(context, masks):
        return "masks"
    context.collector("train", BOXES)
    return "boxes" if forms_of(context) is not None else None


def _is_image(context: Context, masks: Masks) -> bool:
    """Tell whether the labels are images to be drawn (colours, sharper images) and not classes."""
    sample = masks.kept
    return bool((sample != sample.round()).mean() > 0.4 or (masks.high > 200 and len(set(sample.ravel()[:5000].tolist())) > 30))


def _finding(what: str, title: str, sentence: str, numbers: dict[str, int]) -> Finding:
    return Finding(
        "mask-not-moved",
        "serious",
        title,
        {"sentence": sentence, **numbers},
        f"A moved image with unmoved {what} teaches wrong places. The more the augmentation moves, the less the {what} fit.",
        "Move both by one call, in the data:\n"
        'augment = keras.layers.RandomFlip("horizontal")\n'
        "def moved(image, mask):\n"
        '    both = augment({"images": image, "segmentation_masks": mask}, training=True)\n'
        '    return both["images"], both["segmentation_masks"]\n'
        "train = train.map(moved)"
        if what == "masks"
        else "Move both by one call, in the data:\n"
        'augment = keras.layers.RandomFlip("horizontal", bounding_box_format="xyxy")\n'
        'both = augment({"images": image, "bounding_boxes": {"boxes": boxes, "labels": labels}}, training=True)',
    )


DETECTOR = Detector(("mask-not-moved",), _check)
