"""Packs the package, the shared library and every library that it needs into a wheel.

    make_wheel.py LIBRARY-FOLDER OUTPUT-FOLDER

Needs ldd, readelf, strip and patchelf, and nothing but Python's own library.
"""

import base64
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent

# What every Linux has: the C library, its parts, and the compiler's run-time libraries.
SYSTEM = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|gcc_s|stdc\+\+))\.so(\.\d+)*$")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dependencies(file):
    """Libraries that a file loads, as names and paths, those of the system left out."""
    for line in output_of("ldd", file).splitlines():
        match = re.match(r"\s*(\S+) => (\S+) \(", line)
        if "not found" in line:
            sys.exit(f"make_wheel: {file} needs{line}")
        if match and not SYSTEM.match(match[1]) and match[1] != "librlsuite.so":
            yield match[1], Path(match[2]).resolve()


def glibc(files):
    """The greatest version of the C library whose symbols files need."""
    versions = [
        tuple(map(int, version.split(".")))
        for file in files for version in re.findall(r"GLIBC_([\d.]+)", output_of("readelf", "-VW", file))]
    return max(version for version in versions if len(version) == 2)


def copyright_of(library):
    """The copyright file of the Debian package that owns a library; None elsewhere."""
    for path in (library, Path("/") / library.relative_to("/usr")) if library.is_relative_to("/usr") else (library,):
        found = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True)
        if found.returncode == 0:
            package = found.stdout.split(":")[0]
            file = Path("/usr/share/doc") / package / "copyright"
            return (package, file) if file.is_file() else None
    return None


def collect(library, folder):
    """Copies the package and its libraries into a folder, ready to be packed; returns files with machine code."""
    package = folder / "rlsuite"
    shutil.copytree(HERE / "rlsuite", package, ignore=shutil.ignore_patterns("__pycache__", "lib"))
    target = package / "lib"
    target.mkdir()
    binaries = []
    for name in ("librlsuite.so", "rlsuite"):
        shutil.copy(library / name, target / name)
        subprocess.run(["strip", "--strip-unneeded", target / name], check=True)
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN", target / name], check=True)
        binaries.append(target / name)
    shutil.copy(library / "rlsuite.h", target)
    licenses = {}
    for name, path in sorted(set(dependencies(library / "librlsuite.so"))):
        shutil.copy(path, target / name)
        (target / name).chmod(0o755)
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN", target / name], check=True)
        binaries.append(target / name)
        found = copyright_of(path)
        if found:
            licenses[found[0]] = found[1]
    return binaries, licenses


def metadata(version):
    """The package's description for installers, from pyproject.toml's neighbours."""
    return "\n".join([
        "Metadata-Version: 2.1", "Name: rlsuite", f"Version: {version}",
        "Summary: Train, test and inspect control policies: environments for Gymnasium and Stable-Baselines3, and the rlsuite program",
        "License: MIT", "Requires-Python: >=3.10", "Requires-Dist: numpy>=1.24",
        'Requires-Dist: gymnasium>=1.1; extra == "gymnasium"', "Provides-Extra: gymnasium",
        'Requires-Dist: gymnasium>=1.1; extra == "pettingzoo"', 'Requires-Dist: pettingzoo>=1.24; extra == "pettingzoo"',
        "Provides-Extra: pettingzoo",
        'Requires-Dist: gymnasium>=1.1; extra == "sb3"', 'Requires-Dist: stable-baselines3>=2.4; extra == "sb3"',
        "Provides-Extra: sb3", 'Requires-Dist: pandas; extra == "pandas"', "Provides-Extra: pandas",
        "Description-Content-Type: text/markdown", "", (HERE / "README.md").read_text("utf-8")])


def main():
    library, output = Path(sys.argv[1]), Path(sys.argv[2])
    source = (ROOT / "Sources/Experiments/RunFolder/RecordingBuild.swift").read_text("utf-8")
    version = re.search(r'^public let suiteVersion = "(.*)"$', source, re.M)[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        binaries, licenses = collect(library, folder)
        major, minor = glibc(binaries)
        tag = f"py3-none-manylinux_{major}_{minor}_{platform.machine()}"
        info = folder / f"rlsuite-{version}.dist-info"
        (info / "licenses").mkdir(parents=True)
        (info / "METADATA").write_text(metadata(version), "utf-8")
        (info / "WHEEL").write_text(
            f"Wheel-Version: 1.0\nGenerator: rlsuite\nRoot-Is-Purelib: false\nTag: {tag}\n", "utf-8")
        (info / "entry_points.txt").write_text("[console_scripts]\nrlsuite = rlsuite.program:main\n", "utf-8")
        shutil.copy(ROOT / "LICENSE", info / "licenses" / "rlsuite")
        for package, path in licenses.items():
            shutil.copy(path, info / "licenses" / package)
        output.mkdir(parents=True, exist_ok=True)
        wheel = output / f"rlsuite-{version}-{tag}.whl"
        pack(folder, info, wheel)
    print(f"{wheel} ({wheel.stat().st_size / 1e6:.1f} MB)")


def pack(folder, info, wheel):
    """Writes the wheel: the files in order of their names, then their list with checksums."""
    record = f"{info.name}/RECORD"
    lines = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        def add(name, data, mode=0o644):
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)

        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            name, data = str(path.relative_to(folder)), path.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(data)}")
            add(name, data, 0o755 if path.parent.name == "lib" and path.suffix != ".h" else 0o644)
        add(record, "\n".join([*lines, f"{record},,", ""]))


if __name__ == "__main__":
    main()
