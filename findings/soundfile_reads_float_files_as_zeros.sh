#!/bin/sh
# soundfile 0.14 reads a WAV file of floats as int16 and returns zeros only, without a warning.
#
# Expected: dtype="int16" scales, as it does between whole-number formats; or an error.
# Seen: floats between -1 and 1 are cut to whole numbers, so every sample is 0.
# Versions: soundfile 0.14.0 with the libsndfile in its wheel.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check -q install "soundfile==0.14.0" "numpy==2.4.6"

cat > "$folder/try.py" <<'PY'
import io
import numpy as np
import soundfile

tone = 0.5 * np.sin(np.arange(4000) / 9)
for subtype in ("PCM_24", "FLOAT"):
    file = io.BytesIO()
    soundfile.write(file, tone, 8000, subtype, format="WAV")
    file.seek(0)
    print(subtype, int(np.abs(soundfile.read(file, dtype="int16")[0]).max()))
PY
found=$("$folder/venv/bin/python" "$folder/try.py")
echo "$found"
[ "$found" = "PCM_24 16384
FLOAT 0" ]
