#!/bin/sh
# tensorflow-hub 0.16.1, the newest release, installs without a complaint and cannot be imported in a new environment.
#
# Expected: `pip install tensorflow-hub`, then `import tensorflow_hub`.
# Seen: it imports pkg_resources, which it does not declare. Python's venv brings no setuptools since 3.12, and setuptools
# has no pkg_resources since 82. With setuptools 80 the import works.
# Versions: tensorflow-hub 0.16.1, tensorflow-cpu 2.21.0, tf-keras 2.21.0, setuptools 84.2.1 and 80.10.2.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip="$folder/venv/bin/pip --disable-pip-version-check -q"
$pip install "tensorflow-cpu==2.21.0" "keras==3.15.1" "tf-keras==2.21.0" "tensorflow-hub==0.16.1" 2>/dev/null || \
    $pip install "tensorflow==2.21.0" "keras==3.15.1" "tf-keras==2.21.0" "tensorflow-hub==0.16.1"

try() {
    "$folder/venv/bin/python" -W ignore -c 'import tensorflow_hub; print("imported", tensorflow_hub.__version__)' 2>"$folder/err" || tail -n 1 "$folder/err"
}

$pip install "setuptools==84.2.1"
newer=$(try)
$pip install "setuptools==80.10.2"
older=$(try)
echo "with setuptools 84.2.1: $newer"
echo "with setuptools 80.10.2: $older"
[ "$newer" = "ModuleNotFoundError: No module named 'pkg_resources'" ] && [ "$older" = "imported 0.16.1" ]
