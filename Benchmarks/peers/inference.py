"""One forward pass of a 24-64-64-4 tanh network in PyTorch for a single observation, in inference mode."""

import measure

arguments = measure.parse_arguments(__doc__)
torch = measure.single_torch_thread()

report = measure.Report(arguments.json)
torch.manual_seed(0)
network = torch.nn.Sequential(
    torch.nn.Linear(24, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(),
    torch.nn.Linear(64, 4))
observation = torch.randn(1, 24)

with torch.inference_mode():
    wall, cpu = measure.best_seconds_per_call(
        lambda: network(observation), arguments.repeats, arguments.seconds)
report.add("inference-1", "torch", wall * 1e6, "µs", cpu * 1e6, {"batch": 1})
report.finish()
