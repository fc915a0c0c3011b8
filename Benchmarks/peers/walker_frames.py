"""BipedalWalker-v3 frames per second on one core: Gymnasium's `rgb_array`, 600 x 400, one picture per step.

Only rendering is timed, as in rlsuite's `render-walker`; the walker takes random actions and is reset when it falls.
"""

import measure

arguments = measure.parse_arguments(__doc__, frames=(300, "pictures per repeat"))

import time

import gymnasium
import numpy

report = measure.Report(arguments.json)
environment = gymnasium.make("BipedalWalker-v3", render_mode="rgb_array")
actions = numpy.random.default_rng(0).uniform(-1, 1, (arguments.frames, 4)).astype(numpy.float32)


def measure_frames():
    """Seconds per picture by the wall clock and of processor time, stepping left out."""
    environment.reset(seed=0)
    wall = cpu = 0.0
    for action in actions:
        _, _, terminated, truncated, _ = environment.step(action)
        if terminated or truncated:
            environment.reset()
        started, processor = time.perf_counter(), time.process_time()
        picture = environment.render()
        wall += time.perf_counter() - started
        cpu += time.process_time() - processor
        assert picture.shape == (400, 600, 3)
    return wall / len(actions), cpu / len(actions)


measure_frames()
walls, processors = zip(*(measure_frames() for _ in range(arguments.repeats)))
report.add("render-walker", "gymnasium", 1 / min(walls), "frames/s", 1 / min(processors),
           {"width": 600, "height": 400})
report.finish()
