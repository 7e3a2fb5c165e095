#!/bin/sh
# TensorFlow 2.21: TF_CPP_MIN_LOG_LEVEL=3 does not silence the import. Information lines come before any setting is read.
#
# Expected: 0 shows all, 1 hides information, 2 warnings too, 3 errors too; with 3 a program that imports TensorFlow is silent.
# Seen: with 3, `import tensorflow` writes "All log messages before absl::InitializeLog()" and an information line, I0000 (oneDNN),
# twice to standard error, from C++, so neither `logging` nor `warnings` can catch them.
# Version: tensorflow-cpu 2.21.0, Linux x86_64.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check -q install "tensorflow-cpu==2.21.0" "keras==3.15.1"
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" -c "import tensorflow" 2>"$folder/err"
sed 's/^I0000 [0-9: .]*/I0000 ... /' "$folder/err" | cut -c 1-110
grep -q "All log messages before absl::InitializeLog" "$folder/err"
[ "$(grep -c '^I0000' "$folder/err")" -ge 1 ]
