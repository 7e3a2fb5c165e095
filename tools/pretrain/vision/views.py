"""Draw augmented views of the training pictures, and the teacher's pooled features of each view.

    TLCOURSE_MIRROR_DATA=FOLDER python views.py --work FOLDER [--views 0 1 2 3]

The teacher is ImageNet MobileNetV2, width 0.35, on the view enlarged to 192 pixels; among 128, 160 and 192 its features were the
better the larger the picture. The student is shown exactly what the teacher saw (Beyer et al. 2022, "Knowledge distillation: a
good teacher is patient and consistent"). View 0 is the whole picture, the others are random crops, partly mirrored and with other
colours. Writes `view{k}_x.npy` (uint8) and `view{k}_f.npy` (float16, 1280 numbers a picture), one gigabyte a view.
"""

import argparse
import os
import time
from pathlib import Path

import keras
import numpy as np
from decode import mirror
from PIL import Image, ImageEnhance

TEACHER_SIZE = 192
CHUNK = 2048


def build_teacher(size=TEACHER_SIZE):
    """Return the teacher: (batch, 64, 64, 3), 0..255 -> (batch, 1280)."""
    base = keras.applications.MobileNetV2((size, size, 3), alpha=0.35, include_top=False, weights=None, pooling="avg")
    base.load_weights(mirror() / "keras/models/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5")
    images = keras.Input((64, 64, 3))
    x = keras.layers.Resizing(size, size, interpolation="bicubic")(images)
    return keras.Model(images, base(keras.layers.Rescaling(1 / 127.5, -1)(x)))


def draw_view(picture, view, rng):
    """Return one augmented view of a (64, 64, 3) uint8 picture; view 0 is the picture itself."""
    if view == 0:
        return picture
    area, aspect = rng.uniform(0.35, 1.0), np.exp(rng.uniform(-0.29, 0.29))
    width, height = min(64, 64 * np.sqrt(area * aspect)), min(64, 64 * np.sqrt(area / aspect))
    left, top = rng.uniform(0, 64 - width), rng.uniform(0, 64 - height)
    image = Image.fromarray(picture).resize((64, 64), Image.BICUBIC, box=(left, top, left + width, top + height))
    if rng.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    if rng.random() < 0.6:
        image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.7, 1.3))
        image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.7, 1.3))
        image = ImageEnhance.Color(image).enhance(rng.uniform(0.5, 1.5))
    return np.asarray(image)


def write_view(view, pictures, teacher, work):
    """Write the images and features of one view; files appear under their names when they are complete."""
    images_path, features_path = work / f"view{view}_x.npy", work / f"view{view}_f.npy"
    partial = [path.with_suffix(".part") for path in (images_path, features_path)]
    images = np.lib.format.open_memmap(partial[0], "w+", np.uint8, pictures.shape)
    features = np.lib.format.open_memmap(partial[1], "w+", np.float16, (len(pictures), 1280))
    for start in range(0, len(pictures), CHUNK):
        part = slice(start, min(start + CHUNK, len(pictures)))
        for i in range(part.start, part.stop):
            images[i] = draw_view(pictures[i], view, np.random.default_rng([view, i]))
        features[part] = teacher.predict(images[part], batch_size=128, verbose=0)
    images.flush(), features.flush()
    os.replace(partial[0], images_path), os.replace(partial[1], features_path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", required=True, help="folder of train_x.npy")
    parser.add_argument("--views", type=int, nargs="+", default=[0, 1, 2, 3])
    args = parser.parse_args()
    work = Path(args.work)
    pictures, teacher = np.load(work / "train_x.npy", mmap_mode="r"), build_teacher()
    for view in args.views:
        if (work / f"view{view}_f.npy").exists():
            continue
        began = time.time()
        write_view(view, pictures, teacher, work)
        print(f"view {view}: {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
