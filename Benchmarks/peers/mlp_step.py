"""One training step of a 24-64-64-4 tanh network in PyTorch: forward, squared error, backward, fused Adam."""

import measure

arguments = measure.parse_arguments(__doc__)
torch = measure.single_torch_thread()

report = measure.Report(arguments.json)


def measure_batch(batch):
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(24, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(),
        torch.nn.Linear(64, 4))
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-4, fused=True)
    inputs, targets = torch.randn(batch, 24), torch.randn(batch, 4)

    def step():
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.mse_loss(network(inputs), targets).backward()
        optimizer.step()

    wall, cpu = measure.best_seconds_per_call(step, arguments.repeats, arguments.seconds)
    report.add(f"mlp-step-{batch}", "torch", wall * 1e6, "µs", cpu * 1e6, {"batch": batch})


for size in (64, 256):
    measure_batch(size)
report.finish()
