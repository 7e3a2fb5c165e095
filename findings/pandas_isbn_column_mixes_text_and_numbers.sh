#!/bin/sh
# pandas 3.0: read_csv gives one column of ISBNs as text in some rows and as numbers, without leading zeros, in others.
#
# Expected: a column has one type; an ISBN such as 0155061224 is the same value in every row of a file.
# Seen: in a file of 600,000 rows whose last ISBN ends with X, rows of chunks that hold digits only become int, the rest stay
# str; 0155061224 is 155061224 in the first row and "0155061224" near the end. A DtypeWarning says "mixed types" and no more.
# dtype={"ISBN": str} reads all rows as text.
# Version: pandas 3.0.1, default engine, low_memory as it is by default.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check -q install "pandas==3.0.1"
cat >"$folder/try.py" <<'CODE'
import io
import warnings

import pandas as pd

lines = ['"User-ID";"ISBN";"Book-Rating"', *['"1";"0155061224";"5"'] * 599_999, '"2";"034545104X";"0"']
text = "\n".join(lines) + "\n"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    isbn = pd.read_csv(io.StringIO(text), sep=";")["ISBN"]
counts = isbn.map(lambda value: type(value).__name__).value_counts().to_dict()
print("pandas", pd.__version__, "types in one column:", counts)
print("the same ISBN:", repr(isbn.iloc[0]), "and", repr(isbn.iloc[-2]))
assert set(counts) == {"int", "str"}, counts
assert isbn.iloc[0] == 155061224 and isbn.iloc[-2] == "0155061224"
as_text = pd.read_csv(io.StringIO(text), sep=";", dtype={"ISBN": str})["ISBN"]
assert set(as_text) == {"0155061224", "034545104X"}
CODE
"$folder/venv/bin/python" "$folder/try.py"
