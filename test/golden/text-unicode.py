"""What text vectorizers read as characters of words and as blanks, and how they change case and accents, from Python.

Made with Python 3.11, which has Unicode 14. From this folder:

    python text-unicode.py

writes text-unicode.golden.json. Its `table` is WORD_TABLE of src/features/text/characters.ts: a number for each change
between characters of words and others, as the distance from the change before, high digits in base 32 from '^', the last
in base 52 from '('.
"""

import hashlib
import json
import platform
import re
import sys
import unicodedata

POINTS = [point for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]


def changes(holds):
    found, before = [], False
    for point in POINTS:
        if holds(chr(point)) != before:
            found.append(point)
            before = not before
    return found


def encoded(ends):
    text, last = "", 0
    for end in ends:
        high, low = divmod(end - last, 52)
        digits = ""
        while high > 0:
            high, digit = divmod(high, 32)
            digits = chr(94 + digit) + digits
        text, last = text + digits + chr(40 + low), end
    return text


def digest(change):
    """Of the characters that change, one a line: the code, a colon, the codes it becomes."""
    lines = []
    for point in POINTS:
        changed = change(chr(point))
        if changed != chr(point):
            lines.append(f"{point:x}:{' '.join(f'{ord(c):x}' for c in changed)}\n")
    return {"count": len(lines), "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}


def without_accents(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


word = changes(lambda c: re.match(r"\w", c) is not None)
golden = {
    "program": f"Python {platform.python_version()}, Unicode {unicodedata.unidata_version}",
    "word": word,
    "blank": changes(str.isspace),
    "table": encoded(word),
    "lower": digest(str.lower),
    "accents": digest(without_accents),
    "sigma": [[text, text.lower()] for text in ["ΑΣ", "ΑΣ.", "ΑΣ ΣΑ", "Σ", "Α\u0301Σ", "ΑΣ\u0301", "Α'Σ'Α", "ΑΣ\u00ad", "1Σ", "ΑΣ1"]],
}
with open("text-unicode.golden.json", "w") as output:
    json.dump(golden, output, ensure_ascii=True)
    output.write("\n")
