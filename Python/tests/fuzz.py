"""Calls the C interface with arguments that make no sense, for a minute: no call may crash or hang.

    RLSUITE_LIBRARY=… python3 fuzz.py [SECONDS] [SEED]

A crash ends the process by a signal; the seed is printed first, and the line of the call last.
"""

import ctypes
import faulthandler
import json
import random
import sys
import time

import support  # noqa: F401

import rlsuite
from rlsuite._library import Buffers, Sizes, library

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
ROOM = 1 << 22

random.seed(SEED)
print(f"fuzz: seed {SEED}", flush=True)
faulthandler.enable()
memory = ctypes.create_string_buffer(ROOM)
handles = [0, 1, 2, (1 << 64) - 1]
snapshots = [b""]
identifiers = rlsuite.environments()
calls, successes = 0, 0


def pointer(chance_of_null=0.1):
    """NULL, or room enough for anything that is written or read: random bytes now and then."""
    if random.random() < chance_of_null:
        return None
    if random.random() < 0.2:
        start, count = random.randrange(ROOM - 4096), random.randrange(4096)
        memory[start:start + count] = random.randbytes(count)
    elif random.random() < 0.3:
        ctypes.memset(memory, random.choice([0, 0, 0, 255, 63]), ROOM)
    return ctypes.addressof(memory) + 64 * random.randrange(64)


def number(*usual):
    """A usual number, or one that is none."""
    if usual and random.random() < 0.7:
        return random.choice(usual)
    return random.choice([0, 1, -1, 2, 3, 1 << 31, (1 << 63) - 1, -(1 << 63), random.randrange(1 << 20)])


def capacity():
    """A length of a buffer that is written: the room is never exceeded."""
    return random.choice([0, 1, 10, 100, 100_000, ROOM // 2, -1, -(1 << 63)])


def text(*usual):
    """A usual text, or a broken one."""
    chosen = random.choice(usual).encode() if usual else b""
    if random.random() < 0.3:
        chosen = bytearray(chosen)
        for _ in range(random.randrange(1, 4)):
            chosen[random.randrange(len(chosen) + 1):random.randrange(len(chosen) + 1)] = random.randbytes(
                random.randrange(6))
        chosen = bytes(chosen).replace(b"\0", b"")
    return None if random.random() < 0.02 else chosen


def configuration():
    """A configuration of which some members make no sense."""
    values = {
        "environment": random.choice(identifiers), "environments": random.choice([1, 2, 3, 5, 9]),
        "threads": random.choice([1, 2]), "autoreset": random.choice(["next-step", "same-step", "disabled"]),
        "disturbances": random.random() < 0.3, "perturb": random.choice(["", "action-delay=1", "observation-noise=0.1"]),
    }
    if random.random() < 0.3:
        name = random.choice([*values, "parameters", "randomize", "other"])
        values[name] = random.choice([None, -1, 1e308, "x", [], {}, {"gravity": 2}, {"mass": "x"}, True, 1 << 70])
    return json.dumps(values)


def size_of(handle):
    sizes = Sizes()
    return sizes if library.rlsuite_get_sizes(handle, ctypes.byref(sizes)) == 0 else None


def bind(handle):
    """Lends buffers that fit, or nearly."""
    sizes, buffers = size_of(handle) or Sizes(), Buffers()
    rows = sizes.environments
    expected = {
        "actions": rows * sizes.action_width, "disturbances": rows * sizes.disturbance_width,
        "observations": rows * sizes.observation_width, "rewards": rows, "terminated": rows, "truncated": rows,
        "final_observations": rows * sizes.observation_width}
    for index, (name, count) in enumerate(expected.items()):
        setattr(buffers, name, ctypes.addressof(memory) + (1 << 19) * index if random.random() > 0.02 else None)
        setattr(buffers, name + "_count", count if random.random() > 0.02 else number())
    size = ctypes.sizeof(buffers) if random.random() > 0.05 else number()
    return library.rlsuite_bind(handle, ctypes.byref(buffers), size)


def create():
    handle = ctypes.c_uint64()
    status = library.rlsuite_create(text(configuration()), ctypes.byref(handle))
    if status == 0:
        handles.append(handle.value)
        bind(handle.value)
        library.rlsuite_reset(handle.value, None, 0, None, 0)
        while len(handles) > 24:
            library.rlsuite_destroy(handles.pop(random.randrange(len(handles))))
    return status


def snapshot(handle):
    length = ctypes.c_int64()
    status = library.rlsuite_snapshot(handle, number(0, 1), memory, ROOM, ctypes.byref(length))
    if status == 0:
        snapshots.append(memory.raw[:length.value])
        del snapshots[1:-8]
    return status


def restore(handle):
    data = bytearray(random.choice(snapshots))
    for _ in range(random.randrange(4) if data else 0):
        data[random.randrange(len(data))] = random.randrange(256)
    count = len(data) if random.random() > 0.1 else random.randrange(len(data) + 1)
    return library.rlsuite_restore(handle, number(0, 1), bytes(data), count)


def step(handle):
    ctypes.memset(memory, 0, 1 << 12)
    return library.rlsuite_step(handle)


def load_policy():
    handle = ctypes.c_uint64()
    status = library.rlsuite_policy_load(
        text("walker-heuristic", "pendulum-energy", "random", "mppi", "nowhere"),
        text("walker", "pendulum-v1", "cartpole-v1") if random.random() < 0.7 else None, ctypes.byref(handle))
    if status == 0:
        handles.append(handle.value)
    return status


def act(handle):
    rows = number(1, 2, 3)
    return library.rlsuite_policy_act(
        handle, pointer(), number(3, 24, 48, 72, 4), rows, number(0, 1) & 1, pointer(), number(1, 2, 3, 4, 8, 12))


length = ctypes.c_int64()
CALLS = [
    lambda h: create(), lambda h: bind(h), lambda h: step(h), lambda h: step(h), lambda h: library.rlsuite_step(h),
    lambda h: library.rlsuite_reset(h, pointer(0.5), number(0, 1, 2, 3, 5), pointer(0.5), number(0, 1, 2, 3, 5)),
    lambda h: library.rlsuite_reset(h, None, 0, None, 0), lambda h: snapshot(h), lambda h: restore(h),
    lambda h: library.rlsuite_render(h, number(0, 1), number(64, 100), number(64, 80), pointer(), number(12288, 24000)),
    lambda h: library.rlsuite_set_parameter(
        h, number(-1, 0, 1), text("gravity", "mass", "friction"), random.choice([1, 0.9, 1e300, float("nan"), -1])),
    lambda h: library.rlsuite_get_parameters(h, number(0, 1), pointer(), number(*range(12))),
    lambda h: library.rlsuite_state_hash(h, number(0, 1), ctypes.byref(ctypes.c_uint64())),
    lambda h: library.rlsuite_describe(text(*identifiers), memory, capacity(), ctypes.byref(length)),
    lambda h: library.rlsuite_list(memory, capacity(), None),
    lambda h: library.rlsuite_last_error(memory, capacity(), ctypes.byref(length)),
    lambda h: load_policy(), lambda h: act(h),
    lambda h: library.rlsuite_policy_begin(h, number(0, 1), random.randrange(1 << 64)),
    lambda h: library.rlsuite_policy_describe(h, memory, capacity(), ctypes.byref(length)),
    lambda h: library.rlsuite_write_minari(
        text('{"recordings": ["nowhere.rlrec"], "id": "a-v0", "folder": "/dev/null"}')),
    lambda h: library.rlsuite_destroy(random.choice([h, number(0) & 0xFFFF_FFFF])),
]

end = time.monotonic() + SECONDS
while time.monotonic() < end:
    handle = random.choice(handles)
    status = random.choice(CALLS)(handle)
    assert status in (0, 64, 65, 66, 69, 74), f"status {status}: {rlsuite._library.last_error()}"
    calls += 1
    successes += status == 0
print(f"fuzz: {calls} calls, {successes} of them succeeded")
assert successes > calls / 10
