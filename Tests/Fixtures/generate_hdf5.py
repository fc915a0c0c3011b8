"""Writes files of HDF5 as h5py and Minari write them: generate_hdf5.py [FOLDER]

Made with Python 3.11, h5py 3.16.0, Minari 0.5.4, Gymnasium 1.4.0 and NumPy 2.4.6.
"""
import os, shutil, sys, tempfile
from pathlib import Path

folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
datasets = tempfile.mkdtemp()
os.environ["MINARI_DATASETS_PATH"] = datasets

import gymnasium
import h5py
import minari
import numpy as np
from minari.data_collector import EpisodeBuffer

with h5py.File(folder / "arrays.hdf5", "w") as file:
    grid = np.arange(35, dtype="f4").reshape(7, 5) / 4
    file["single"] = np.float64(2.5)
    file["floats"] = grid
    file["doubles"] = np.array([0.1, -3.0])
    file["flags"] = np.array([True, False, True])
    file["none"] = np.zeros((0, 3), "f4")
    for name in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        file[name] = np.array([100, 0, -2 if name[0] == "i" else 200], name)
    file.create_dataset("chunked", data=grid, chunks=(3, 2))
    file.create_dataset("gzip", data=grid.astype("f8"), chunks=(3, 2), compression="gzip")
    file.create_dataset("shuffled", data=grid, chunks=(4, 5), compression="gzip", compression_opts=9, shuffle=True)
    file.create_dataset("cube", data=np.arange(24).reshape(2, 3, 4), chunks=(1, 2, 3), compression="gzip")
    file.create_dataset("lzf", data=grid, chunks=(3, 2), compression="lzf")
    file.create_dataset("unwritten", (6, 2), "f4", chunks=(3, 2))
    file["big-endian"] = grid.astype(">f4")
    file["half"] = grid.astype("f2")
    file["text"] = "words"
    file["soft"] = h5py.SoftLink("/floats")
    many = file.create_group("group")
    many.attrs["seed"] = 3
    for i in range(40):
        many[f"member_{i}"] = np.float32(i)

# Links of groups that remember their order are in a heap if there are more than eight: with few, in
# one block; with many, in a table of blocks under a tree of two levels.
with h5py.File(folder / "ordered.hdf5", "w", track_order=True) as file:
    for size in (8, 9, 120):
        group = file.create_group(f"group_{size}", track_order=True)
        for i in range(size):
            group[f"member_{i}"] = np.float32(i) if i % 10 == 0 else group["member_0"]
    file.create_group("long", track_order=True)["n" * 300] = 1
    for i in range(9):
        file[f"soft_{i}"] = h5py.SoftLink("/group_8")

env = gymnasium.make("CartPole-v1")
buffers = []
for seed in range(3):
    observations, actions, rewards, terminations, truncations = [env.reset(seed=seed)[0]], [], [], [], []
    while not terminations or not terminations[-1]:
        actions.append(np.int64(observations[-1][2] > 0))
        step = env.step(int(actions[-1]))
        for values, value in zip((observations, rewards, terminations, truncations), step):
            values.append(value)
    buffers.append(EpisodeBuffer(
        seed=seed, observations=observations, actions=actions, rewards=rewards, terminations=terminations,
        truncations=truncations))
minari.create_dataset_from_buffers(
    "cartpole/angle-v0", buffers, env=env, algorithm_name="angle", author="", author_email="", code_permalink="")
shutil.rmtree(folder / "minari", ignore_errors=True)
shutil.copytree(Path(datasets) / "cartpole" / "angle-v0", folder / "minari")
shutil.rmtree(datasets)
