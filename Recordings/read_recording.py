"""Reads a recording with nothing but Python: read_recording.py FILE [--csv]"""
import csv, json, pathlib, struct, sys, zlib


def read_recording(path):
    """Returns the header, the columns' names, a row per step, and the last chunk's numbers."""
    data = pathlib.Path(path).read_bytes()
    assert data[:12] == b"\x89RLREC\r\n\x01\0\0\0", "not a recording of format 1"
    offset, sums, rows, end = 12, b"", [], None
    while offset < len(data):
        tag, size, checksum = struct.unpack_from("<4sII", data, offset)
        payload = data[offset + 12 : offset + 12 + size]
        sound = zlib.crc32(payload, zlib.crc32(data[offset : offset + 8])) == checksum
        assert sound, f"the chunk at byte {offset} is damaged"
        if tag == b"HEAD":
            header = json.loads(payload)
            actions = [f"action {i}" for i in range(len(header["action-space"].get("low", "x")))]
            pushes, seen = ([c["name"] for c in header[k]] for k in ("disturbances", "observations"))
            names = ["step", "hash", "flags"] + actions + pushes + ["reward"] + seen
        elif tag == b"STEP":
            first, n = struct.unpack_from("<II", payload)
            raw, m = zlib.decompress(payload[8 + 8 * n :]), n * (len(names) - 3)
            words = list(zip(*(raw[k * m : k * m + m] for k in range(4))))  # bytes of equal weight
            columns = [struct.unpack_from(f"<{n}Q", payload, 8), raw[4 * m :]]
            for start in range(0, m, n):  # differences to floats
                value, column = 0, []
                for word in words[start : start + n]:
                    value = (value + int.from_bytes(word, "little")) & 0xFFFFFFFF
                    column += struct.unpack("<f", struct.pack("<I", value))
                columns.append(column)
            rows += zip(range(first, first + n), *columns)
        elif tag == b"DONE":
            end = dict(zip(("steps", "chunks", "return", "chain"), struct.unpack("<IIdI", payload)))
            assert end["steps"] == len(rows) and end["chain"] == zlib.crc32(sums), "steps are missing"
        offset, sums = offset + 12 + size, sums + data[offset + 8 : offset + 12]
    return header, names, rows, end

if __name__ == "__main__":
    header, names, rows, end = read_recording(sys.argv[1])
    csv.writer(sys.stdout).writerows([names] + rows if "--csv" in sys.argv else {**header, **(end or {})}.items())
