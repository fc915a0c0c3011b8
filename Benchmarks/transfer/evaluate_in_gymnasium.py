"""Runs a policy trained by rlsuite in Gymnasium's own environment and compares the score.

The network is read from `policy.safetensors` and evaluated with NumPy alone.  Episode k is seeded
with k and gets an environment object of its own: Gymnasium's walker keeps its Box2D world across
resets, so an episode in a re-used object can depend on the episodes before it.

    python evaluate_in_gymnasium.py runs/walker-ppo-1/checkpoints/best/policy.safetensors --score 305.2

Exit codes: 0 done; 1 the ratio to `--score` is off by more than `--tolerance`; 64 bad arguments;
65 the file is damaged or holds another kind of policy; 66 the file is missing.
"""

import os

for pool in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{pool}_NUM_THREADS"] = "1"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import argparse
import json
import multiprocessing
import struct
import sys

import numpy

GYMNASIUM_IDENTIFIERS = {
    "walker": "BipedalWalker-v3", "walker-hardcore": "BipedalWalkerHardcore-v3",
    "cartpole-v1": "CartPole-v1", "pendulum-v1": "Pendulum-v1", "acrobot-v1": "Acrobot-v1",
    "mountain-car": "MountainCar-v0", "mountain-car-continuous": "MountainCarContinuous-v0",
    "lander": "LunarLander-v3", "lander-continuous": "LunarLanderContinuous-v3",
}
ACTIVATIONS = {
    "tanh": numpy.tanh,
    "relu": lambda x: numpy.maximum(x, 0),
    "elu": lambda x: numpy.where(x > 0, x, numpy.expm1(numpy.minimum(x, 0))),
    "silu": lambda x: x / (1 + numpy.exp(-x)),
}
DATA_TYPES = {"F32": numpy.dtype("<f4"), "F64": numpy.dtype("<f8"), "U64": numpy.dtype("<u8"),
              "I64": numpy.dtype("<i8"), "U32": numpy.dtype("<u4"), "I32": numpy.dtype("<i4"),
              "U8": numpy.dtype("u1"), "BOOL": numpy.dtype("?")}


class PolicyFileError(Exception):
    """The file is no policy this script can run; the message says why in one sentence."""


def read_safetensors(path):
    """Returns ({tensor name: array}, {metadata key: string}) of a safetensors file.

    Layout: a little-endian UInt64 with the header's length, the header in JSON, the tensors' bytes.
    """
    with open(path, "rb") as file:
        content = file.read()
    if len(content) < 8:
        raise PolicyFileError("the file is shorter than a safetensors header")
    (length,) = struct.unpack("<Q", content[:8])
    if length > len(content) - 8:
        raise PolicyFileError("the safetensors header is longer than the file")
    try:
        header = json.loads(content[8 : 8 + length])
        metadata = header.pop("__metadata__", {})
        data, tensors = content[8 + length :], {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            kind, shape = DATA_TYPES[entry["dtype"]], entry["shape"]
            count = int(numpy.prod(shape, dtype=object))
            if not 0 <= begin <= end <= len(data) or end - begin != count * kind.itemsize:
                raise PolicyFileError(f"tensor {name} does not fit its place in the file")
            tensors[name] = numpy.frombuffer(data[begin:end], kind).reshape(shape)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PolicyFileError(f"the safetensors header is damaged ({error})") from error
    return tensors, metadata


class Policy:
    """A multilayer perceptron with its observation normaliser and action bounds; acts deterministically."""

    def __init__(self, path):
        tensors, metadata = read_safetensors(path)
        try:
            if metadata.get("wrap"):
                raise PolicyFileError(f"it needs wrappers, {metadata['wrap']}, which this script does not have")
            description = json.loads(metadata["policy"])
            self.environment = description["environment"]
            self.head = description["head"]
            self.activation = ACTIVATIONS[description["activation"]]
            layer_count = len(description["hidden"]) + 1
            def layers(name):
                return [(tensors[f"{name}.{i}.weight"], tensors[f"{name}.{i}.bias"]) for i in range(layer_count)]

            # Plasticity injection adds frozen networks in pairs: the first of each is taken away.
            pairs = int(tensors["policy.injections"][0]) if "policy.injections" in tensors else 0
            self.networks = [(1, layers("policy"))] + [
                (1 if k % 2 else -1, layers(f"policy.frozen.{k}")) for k in range(2 * pairs)]
            if self.head != "categorical":
                self.low = numpy.asarray(description["action-low"], numpy.float32)
                self.high = numpy.asarray(description["action-high"], numpy.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise PolicyFileError(f"no usable policy in the file ({error!r})") from error
        if self.head not in ("gaussian", "squashed-gaussian", "categorical") or description.get("layer-norm"):
            raise PolicyFileError(f"cannot run a policy with head {self.head!r} or layer-norm here")
        if description.get("architecture", "plain") != "plain":
            raise PolicyFileError(f"cannot run a policy of architecture {description['architecture']!r} here")
        self.mean = self.deviation = None
        if "observation-normalizer.mean" in tensors:
            variance = tensors["observation-normalizer.variance"]
            self.mean = tensors["observation-normalizer.mean"].astype(numpy.float32)
            self.deviation = numpy.sqrt(variance + 1e-8).astype(numpy.float32)

    def forward(self, layers, x):
        """The outputs of one network."""
        for index, (weight, bias) in enumerate(layers):
            x = weight @ x + bias
            if index < len(layers) - 1:
                x = self.activation(x)
        return x

    def act(self, observation):
        """The action for one observation: the index of the largest logit, the clipped mean, or the squashed mean."""
        x = numpy.asarray(observation, numpy.float32)
        if self.mean is not None:
            x = numpy.clip((x - self.mean) / self.deviation, -10, 10)
        x = sum(numpy.float32(sign) * self.forward(layers, x) for sign, layers in self.networks)
        if self.head == "categorical":
            return int(numpy.argmax(x))
        if self.head == "squashed-gaussian":
            # The other half of the outputs makes the deviation.
            squashed = numpy.tanh(x[:len(self.low)])
            x = self.low + numpy.float32(0.5) * (squashed + 1) * (self.high - self.low)
        return numpy.clip(x, self.low, self.high)


class Worker:
    """What one process keeps between episodes."""

    policy = None
    identifier = None

    @classmethod
    def start(cls, path, identifier):
        cls.policy, cls.identifier = Policy(path), identifier


def run_episode(seed):
    """Returns (seed, return, length, terminated) of one episode in a fresh environment object."""
    import gymnasium

    environment = gymnasium.make(Worker.identifier)
    observation, _ = environment.reset(seed=seed)
    total, length, terminated, truncated = 0.0, 0, False, False
    while not (terminated or truncated):
        observation, reward, terminated, truncated, _ = environment.step(Worker.policy.act(observation))
        total += float(reward)
        length += 1
    environment.close()
    return seed, total, length, terminated


def summarize(episodes, score):
    """Mean, spread and, if `score` is given, the ratio to it with its standard error."""
    returns = numpy.array([episode[1] for episode in episodes])
    deviation = float(returns.std(ddof=1)) if len(returns) > 1 else 0.0
    summary = {
        "episodes": len(episodes), "mean": float(returns.mean()), "std": deviation,
        "sem": deviation / len(returns) ** 0.5, "minimum": float(returns.min()),
        "median": float(numpy.median(returns)), "maximum": float(returns.max()),
        "mean-length": float(numpy.mean([episode[2] for episode in episodes])),
        "terminated": sum(bool(episode[3]) for episode in episodes),
    }
    if score is not None:
        summary |= {"score": score, "ratio": summary["mean"] / score, "ratio-sem": summary["sem"] / abs(score)}
    return summary


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy", help="policy.safetensors, or a folder that holds it")
    parser.add_argument("--episodes", type=int, default=100, help="seeds 0 to this, exclusive (100)")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first episode (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="worker processes (all cores)")
    parser.add_argument("--environment", help="Gymnasium id (default: the counterpart of the policy's)")
    parser.add_argument("--score", type=float, help="mean return rlsuite reports for this policy")
    parser.add_argument("--tolerance", type=float, default=0.05, help="allowed |ratio - 1| (0.05)")
    parser.add_argument("--json", action="store_true", help="one JSON object, with every episode")
    parser.error = lambda message: stop(64, message)
    arguments = parser.parse_args()
    if arguments.episodes < 1 or arguments.processes < 1 or arguments.score == 0:
        stop(64, "--episodes and --processes must be at least 1 and --score not 0")
    if os.path.isdir(arguments.policy):
        arguments.policy = os.path.join(arguments.policy, "policy.safetensors")
    return arguments


def stop(code, message):
    print(f"evaluate_in_gymnasium: {message}", file=sys.stderr)
    sys.exit(code)


def main():
    arguments = parse_arguments()
    try:
        policy = Policy(arguments.policy)
    except FileNotFoundError:
        stop(66, f"{arguments.policy} does not exist")
    except PolicyFileError as error:
        stop(65, f"{arguments.policy}: {error}")
    identifier = arguments.environment or GYMNASIUM_IDENTIFIERS.get(policy.environment)
    if identifier is None:
        stop(64, f"environment {policy.environment!r} has no counterpart in Gymnasium; give --environment")

    seeds = range(arguments.first_seed, arguments.first_seed + arguments.episodes)
    processes = multiprocessing.get_context("spawn").Pool(
        min(arguments.processes, len(seeds)), Worker.start, (arguments.policy, identifier))
    with processes as workers:
        episodes = sorted(workers.imap_unordered(run_episode, seeds))

    summary = summarize(episodes, arguments.score)
    if arguments.json:
        rows = [dict(zip(("seed", "return", "length", "terminated"), row)) for row in episodes]
        print(json.dumps({"environment": identifier} | summary | {"results": rows}))
    else:
        print(f"{identifier}, {summary['episodes']} episodes, seeds {seeds[0]} to {seeds[-1]}")
        print(f"  return  {summary['mean']:.2f} ± {summary['sem']:.2f} (standard error; std {summary['std']:.2f}, "
              f"min {summary['minimum']:.1f}, median {summary['median']:.1f}, max {summary['maximum']:.1f})")
        print(f"  length  {summary['mean-length']:.0f} steps, {summary['terminated']} episodes terminated")
        if arguments.score is not None:
            print(f"  ratio   {summary['ratio']:.4f} ± {summary['ratio-sem']:.4f} of rlsuite's {arguments.score:.2f}")
    if arguments.score is not None and abs(summary["ratio"] - 1) > arguments.tolerance:
        stop(1, f"the ratio {summary['ratio']:.4f} is further than {arguments.tolerance} from 1")


if __name__ == "__main__":
    main()
