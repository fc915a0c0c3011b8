"""SAC's update in PyTorch, eager, with fused Adam: updates per second without environments.

Twin critics of 28-256-256-1 and a policy of 24-256-256-8 units with ReLU, batch 256, drawn from a buffer of
20,000 transitions; the policy's gradient does not visit the critics' parameters, targets follow in one fused
operation.  Soft actor-critic as in arXiv:1812.05905, with a learnt temperature.
"""

import measure

arguments = measure.parse_arguments(__doc__)
torch = measure.single_torch_thread()

import math

OBSERVATION, ACTION, BATCH, STORED = 24, 4, 256, 20_000
DISCOUNT, RATE, STEP_SIZE = 0.99, 0.005, 3e-4
LOWEST, HIGHEST = -5.0, 2.0

report = measure.Report(arguments.json)
torch.manual_seed(0)


def network(inputs, outputs):
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256), torch.nn.ReLU(),
        torch.nn.Linear(256, outputs))


def fused_adam(parameters):
    return torch.optim.Adam(parameters, lr=STEP_SIZE, fused=True)


policy = network(OBSERVATION, 2 * ACTION)
critics = [network(OBSERVATION + ACTION, 1) for _ in range(2)]
targets = [network(OBSERVATION + ACTION, 1) for _ in range(2)]
for critic, target in zip(critics, targets):
    target.load_state_dict(critic.state_dict())
    target.requires_grad_(False)
log_temperature = torch.zeros(1, requires_grad=True)
critic_parameters = [p for critic in critics for p in critic.parameters()]
target_parameters = [p for target in targets for p in target.parameters()]
policy_optimizer = fused_adam(policy.parameters())
critic_optimizer = fused_adam(critic_parameters)
temperature_optimizer = fused_adam([log_temperature])

observations, next_observations = torch.randn(STORED, OBSERVATION), torch.randn(STORED, OBSERVATION)
actions, rewards = torch.rand(STORED, ACTION) * 2 - 1, torch.randn(STORED, 1)
continuing = (torch.rand(STORED, 1) > 0.01).float()


def act(states):
    """A squashed sample of each row and the logarithm of its density."""
    mean, raw = policy(states).chunk(2, dim=1)
    log_deviation = LOWEST + 0.5 * (HIGHEST - LOWEST) * (torch.tanh(raw) + 1)
    noise = torch.randn_like(mean)
    unsquashed = mean + log_deviation.exp() * noise
    log_density = -0.5 * noise.square() - log_deviation - 0.5 * math.log(2 * math.pi)
    log_slope = 2 * (math.log(2) - unsquashed - torch.nn.functional.softplus(-2 * unsquashed))
    return torch.tanh(unsquashed), (log_density - log_slope).sum(1, keepdim=True)


def update():
    rows = torch.randint(STORED, (BATCH,))
    state, action, next_state = observations[rows], actions[rows], next_observations[rows]
    temperature = log_temperature.detach().exp()
    with torch.no_grad():
        next_action, next_density = act(next_state)
        joined = torch.cat([next_state, next_action], 1)
        value = torch.minimum(targets[0](joined), targets[1](joined)) - temperature * next_density
        goal = rewards[rows] + DISCOUNT * continuing[rows] * value
    joined = torch.cat([state, action], 1)
    loss = sum(0.5 * torch.nn.functional.mse_loss(critic(joined), goal) for critic in critics)
    critic_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    critic_optimizer.step()

    for parameter in critic_parameters:
        parameter.requires_grad_(False)
    new_action, density = act(state)
    joined = torch.cat([state, new_action], 1)
    loss = (temperature * density - torch.minimum(critics[0](joined), critics[1](joined))).mean()
    policy_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    policy_optimizer.step()
    for parameter in critic_parameters:
        parameter.requires_grad_(True)

    temperature_optimizer.zero_grad(set_to_none=True)
    (-log_temperature * (density.detach() - ACTION)).mean().backward()
    temperature_optimizer.step()
    with torch.no_grad():
        torch._foreach_lerp_(target_parameters, critic_parameters, RATE)


# Short blocks, as on the other side: on a busy machine one of them is undisturbed.
wall, cpu = measure.best_seconds_per_call(update, 10 * arguments.repeats, arguments.seconds / 10)
report.add("sac-updates-256", "torch", 1 / wall, "updates/s", 1 / cpu, {"batch": BATCH})
report.finish()
