"""The shared library, loaded by ctypes, and its errors as exceptions."""

from __future__ import annotations

import ctypes
import json
import os
from pathlib import Path
from typing import Any

ABI_VERSION = 1


class Error(RuntimeError):
    """A call of the library has failed; the text is the library's own sentence."""


class UsageError(Error, ValueError):
    """An argument is not allowed."""


class DamagedError(Error, ValueError):
    """A file or snapshot is damaged, or of another version."""


class MissingError(Error, FileNotFoundError):
    """A file does not exist."""


class UnavailableError(Error):
    """The library is missing, is of another version, or is refused threads by the system."""


_ERRORS = {64: UsageError, 65: DamagedError, 66: MissingError, 69: UnavailableError}


class Sizes(ctypes.Structure):
    """``rlsuite_sizes`` of the header."""

    _fields_ = [(name, ctypes.c_int64) for name in (
        "environments", "observation_width", "action_width", "choices", "disturbance_width", "parameters")]


class Buffers(ctypes.Structure):
    """``rlsuite_buffers`` of the header."""

    _fields_ = [field for name in (
        "actions", "disturbances", "observations", "rewards", "terminated", "truncated", "final_observations")
        for field in ((name, ctypes.c_void_p), (name + "_count", ctypes.c_int64))]


def _path() -> str:
    """The library's path: that of the package, or of the environment variable ``RLSUITE_LIBRARY``."""
    return os.environ.get("RLSUITE_LIBRARY") or str(Path(__file__).parent / "lib" / "librlsuite.so")


def _load() -> ctypes.CDLL:
    # OpenBLAS starts threads when it is loaded unless it is told not to; the library has its own.
    name = "OPENBLAS_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        library = ctypes.CDLL(_path())
    except OSError as error:
        raise UnavailableError(f"rlsuite's library can't be loaded: {error}") from error
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
    try:
        library.rlsuite_abi_version.restype = ctypes.c_uint32
        found = library.rlsuite_abi_version()
    except AttributeError as error:
        raise UnavailableError(f"{_path()} is not rlsuite's library") from error
    if found != ABI_VERSION:
        raise UnavailableError(
            f"{_path()} has version {found} of the interface, and this package needs {ABI_VERSION}")
    handle, size, text, pointer = ctypes.c_uint64, ctypes.c_int64, ctypes.c_char_p, ctypes.c_void_p
    length = ctypes.POINTER(ctypes.c_int64)
    for name, arguments in {
        "last_error": (pointer, size, length),
        "version": (pointer, size, length),
        "list": (pointer, size, length),
        "describe": (text, pointer, size, length),
        "create": (text, ctypes.POINTER(handle)),
        "destroy": (handle,),
        "get_sizes": (handle, ctypes.POINTER(Sizes)),
        "bind": (handle, ctypes.POINTER(Buffers), size),
        "reset": (handle, pointer, size, pointer, size),
        "step": (handle,),
        "set_parameter": (handle, size, text, ctypes.c_double),
        "get_parameters": (handle, size, pointer, size),
        "render": (handle, size, size, size, pointer, size),
        "snapshot": (handle, size, pointer, size, length),
        "restore": (handle, size, pointer, size),
        "state_hash": (handle, size, ctypes.POINTER(handle)),
        "policy_load": (text, text, ctypes.POINTER(handle)),
        "policy_describe": (handle, pointer, size, length),
        "policy_act": (handle, pointer, size, size, ctypes.c_int32, pointer, size),
        "policy_begin": (handle, size, handle),
        "write_minari": (text,),
    }.items():
        function = getattr(library, "rlsuite_" + name)
        function.argtypes = arguments
        function.restype = ctypes.c_int32
    return library


library = _load()


def last_error() -> str:
    """The sentence of this thread's last failure."""
    return _grow(lambda *buffer: library.rlsuite_last_error(*buffer)).decode()


def check(status: int) -> None:
    """Raises an exception with the library's sentence unless a call has succeeded."""
    if status:
        raise _ERRORS.get(status, Error)(last_error())


def _grow(call: Any) -> bytes:
    """Calls a function that writes to a buffer of unknown length."""
    length = ctypes.c_int64()
    check(call(None, 0, ctypes.byref(length)))
    while True:
        capacity = length.value + 1
        buffer = ctypes.create_string_buffer(capacity)
        check(call(buffer, capacity, ctypes.byref(length)))
        if length.value < capacity:
            return buffer.raw[: length.value]


def call_for_bytes(function: Any, *arguments: Any) -> bytes:
    """Returns what a function writes after the given arguments."""
    return _grow(lambda *buffer: function(*arguments, *buffer))


def encode(text: Any, name: str) -> bytes:
    """Returns a text or path as a C string."""
    data = os.fsencode(text)
    if b"\0" in data:
        raise UsageError(f"{name} has a NUL character")
    return data


def abi_version() -> int:
    """Version of the C interface that the library has."""
    return library.rlsuite_abi_version()


def version() -> str:
    """Version of the suite."""
    return call_for_bytes(library.rlsuite_version).decode()


def environments() -> list[str]:
    """Ids of all environments."""
    return [entry["id"] for entry in json.loads(call_for_bytes(library.rlsuite_list))]


def describe(environment: str) -> dict[str, Any]:
    """The specification of an environment, as ``rlsuite describe ID --json`` prints it."""
    return json.loads(call_for_bytes(library.rlsuite_describe, encode(environment, "the id")))
