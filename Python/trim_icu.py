"""Writes the data of Foundation's ICU without other languages, from 34 MB to about 4.

    trim_icu.py STATIC-LIBRARY-FOLDER OUTPUT.s OUTPUT.dat

Reads the object with the data from Swift's static library, keeps what holds in every language and English, and writes an
assembler source whose symbol takes the place of the original.  The suite's output depends on no language; dates, numbers and
texts of others fall back to the root's.

Source: the format of a package of ICU data, https://unicode-org.github.io/icu/userguide/icu_data/#icu-data-directory, `udata.h`
and `ucmndata.h`: a header, then a count, pairs of offsets of names and items, the names, and the items.
"""

import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

# Files of languages and regions: `de.res`, `coll/zh_Hant.res`.
LOCALE = re.compile(r"(^|/)[a-z]{2,3}(_[A-Za-z0-9]+)*\.res$")
KEPT_LOCALE = re.compile(r"(^|/)(en|en_US|en_US_POSIX)\.res$")
# Dictionaries of scripts without spaces, converters of other encodings, and transliterations.
OTHER = re.compile(r"\.dict$|\.cnv$|^translit/|lstm|^rbnf/")


def items_of(data):
    """Name and contents of each item, and the start of the table of contents."""
    start = struct.unpack_from("<H", data)[0]
    if data[2:4] != b"\xda\x27":
        sys.exit("trim_icu: this is no ICU data")
    count = struct.unpack_from("<I", data, start)[0]
    entries = [struct.unpack_from("<II", data, start + 4 + 8 * i) for i in range(count)]
    ends = [offset for _, offset in entries[1:]] + [len(data) - start]
    for (name, offset), end in zip(entries, ends):
        text = data[start + name:data.index(b"\0", start + name)].decode()
        yield text, data[start + offset:start + end]


def is_kept(name):
    path = name.split("/", 1)[1]
    if OTHER.search(path):
        return False
    return not LOCALE.search(path) or KEPT_LOCALE.search(path) is not None


def package(header, items):
    """Items as a package with the header of the original."""
    table = 4 + 8 * len(items)
    names, offsets = b"", []
    for name, _ in items:
        offsets.append(table + len(names))
        names += name.encode() + b"\0"
    position = (table + len(names) + 15) // 16 * 16
    toc, body = struct.pack("<I", len(items)), b""
    for (_, contents), offset in zip(items, offsets):
        body += bytes(-len(body) % 16)
        toc += struct.pack("<II", offset, position + len(body))
        body += contents
    return header + (toc + names).ljust(position, b"\0") + body


def main():
    library, source, output = Path(sys.argv[1]) / "lib_FoundationICU.a", sys.argv[2], sys.argv[3]
    with tempfile.TemporaryDirectory() as folder:
        member = "icu_packaged_data.cpp.o"
        subprocess.run(["ar", "x", library, member], cwd=folder, check=True)
        symbols = subprocess.run(["nm", member], cwd=folder, check=True, capture_output=True, text=True).stdout
        symbol = re.search(r"\b(icudt\d+_dat)$", symbols, re.M)[1]
        subprocess.run(["objcopy", "-O", "binary", "--only-section=.rodata", member, "data"], cwd=folder, check=True)
        data = Path(folder, "data").read_bytes()
    kept = [(name, contents) for name, contents in items_of(data) if is_kept(name)]
    Path(output).write_bytes(package(data[:struct.unpack_from("<H", data)[0]], kept))
    Path(source).write_text(
        f'.section .rodata\n.balign 16\n.globl {symbol}\n{symbol}:\n.incbin "{output}"\n'
        '.section .note.GNU-stack,"",@progbits\n', "utf-8")


if __name__ == "__main__":
    main()
