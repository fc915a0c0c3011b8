package import LinearAlgebra
package import NeuralNetworks
package import Training

/// Flow-matching samples of some transitions of a rollout, with a network's losses on them.
///
/// Row `k · N + i` is sample i of transition k.  Times and noise are those that were stored with the
/// rollout, so that old and new losses differ by the network alone.
package final class FlowBatch {
  /// Network that computes the velocities.
  package let network: MLP
  /// Inputs of the network, [B·N × (O + A + E)].
  package let inputs: Matrix
  /// Results of the network.
  package let workspace: MLP.Workspace
  /// Losses of the samples, [B·N].
  package let losses: Vector
  /// Derivative of the objective with respect to the network's outputs, [B·N × A].
  package let outputGradient: Matrix
  /// Number N of samples per transition.
  package let samples: Int
  /// Maximum number of transitions.
  package let capacity: Int
  /// Number of transitions that were gathered last.
  package private(set) var count = 0
  /// Number of samples that were gathered last.
  package var rows: Int { count * samples }

  private let loss: FlowMatchingLoss
  private let timeFeatures: Int
  private let velocityScale: Float
  private let initialDeviation: Float?
  private let rollout: RolloutBuffer
  private let storedTimes: Matrix
  private let storedNoise: Matrix
  private let targets: Matrix
  private let weights: Vector
  /// Factors on the points in the linear part of the velocity.
  private let linears: Vector
  private let times: Vector

  /// Allocates memory for up to `transitions` transitions.
  package init(
    _ network: MLP, policy: FlowPolicy, rollout: RolloutBuffer, loss: FlowMatchingLoss,
    transitions: Int
  ) {
    guard let times = rollout.column(FlowPolicy.timesColumn),
      let noise = rollout.column(FlowPolicy.noiseColumn)
    else { preconditionFailure("a rollout without flow samples") }
    self.network = network
    self.rollout = rollout
    self.loss = loss
    capacity = transitions
    (storedTimes, storedNoise) = (times, noise)
    timeFeatures = policy.shape.timeFeatures
    velocityScale = policy.shape.velocityScale
    initialDeviation = policy.shape.initialDeviation
    samples = times.columns / FlowTime.storedWidth
    let (rows, width) = (transitions * samples, policy.actionWidth)
    inputs = Matrix(rows: rows, columns: network.architecture.inputs)
    workspace = network.makeWorkspace(rows: rows)
    outputGradient = Matrix(rows: rows, columns: width)
    targets = Matrix(rows: rows, columns: width)
    losses = Vector(count: rows)
    weights = Vector(count: rows)
    linears = Vector(count: rows)
    self.times = Vector(count: rows)
  }

  /// Gathers the samples of some transitions.
  ///
  /// - Parameters:
  ///   - order: Rows of the rollout.
  ///   - range: The range of the transitions in `order`.
  package func gather(_ order: [Int32], _ range: Range<Int>) {
    count = range.count
    // Local references are not counted in every row.
    let (actions, storedNoise, width) = (rollout.actions, storedNoise, rollout.actions.columns)
    let (inputs, targets, weights, times) = (inputs, targets, weights, times)
    let (linears, first) = (linears, rollout.normalizedObservations.columns)
    for (k, position) in range.enumerated() {
      let row = Int(order[position])
      for i in 0..<samples {
        let n = k * samples + i
        let time = writeInput(n, of: inputs, sample: i, row: row)
        let linear = time.linearVelocity(deviation: initialDeviation)
        for j in 0..<width {
          targets[n, j] =
            storedNoise[row, i * width + j] - actions[row, j] - linear * inputs[n, first + j]
        }
        linears[n] = linear
        weights[n] = loss.weight(at: time.time)
        times[n] = time.time
      }
    }
  }

  /// The rollout as the network sees it: each transition with one of its samples at random, drawn at
  /// most once unless more are asked for than there are.
  package var experience: NetworkExperience {
    NetworkExperience(rows: rollout.count) { [self] inputs, random in
      var order = (0..<Int32(rollout.count)).map { $0 }
      random.shuffle(&order)
      for n in 0..<inputs.rows {
        let row = Int(order[n % order.count])
        let sample = Int(random.integer(below: UInt32(samples)))
        _ = writeInput(n, of: inputs, sample: sample, row: row)
      }
    }
  }

  /// Writes the network's input of one sample of a row of the rollout, and returns its time.
  private func writeInput(_ n: Int, of inputs: Matrix, sample: Int, row: Int) -> FlowTime {
    let (actions, observations) = (rollout.actions, rollout.normalizedObservations)
    let (storedNoise, first, width) = (storedNoise, observations.columns, actions.columns)
    let time = FlowTime(from: storedTimes, row: row, column: sample * FlowTime.storedWidth)
    inputs.setColumns(from: 0, ofRow: n, to: observations, row: row)
    for j in 0..<width {
      inputs[n, first + j] = FlowMatchingLoss.point(
        action: actions[row, j], noise: storedNoise[row, sample * width + j], time: time.time)
    }
    time.writeFeatures(timeFeatures, to: inputs, row: n, column: first + width)
    return time
  }

  /// Computes the velocities and losses of the gathered samples.
  package func evaluate() {
    let outputs = network.forward(inputs, rows: rows, in: workspace)
    let (targets, weights, losses, width) = (targets, weights, losses, targets.columns)
    for n in 0..<rows {
      var sum: Float = 0
      for j in 0..<width {
        let error = velocityScale * outputs[n, j] - targets[n, j]
        sum += error * error
      }
      losses[n] = weights[n] * sum
    }
  }

  /// Returns component j of the velocity of sample n.
  package func velocity(_ n: Int, _ j: Int) -> Float {
    velocityScale * workspace.output[n, j]
      + linears[n] * inputs[n, rollout.normalizedObservations.columns + j]
  }

  /// Returns the time of sample n.
  package func time(_ n: Int) -> Float { times[n] }

  /// Returns component j of the action that point and velocity of sample n imply.
  package func predictedAction(_ n: Int, _ j: Int) -> Float {
    inputs[n, rollout.normalizedObservations.columns + j] - times[n] * velocity(n, j)
  }

  /// Sets the output gradient to that of `Σ slopes[n] · losses[n]`.
  package func setOutputGradient(_ slopes: Vector) {
    let (outputs, targets, gradient) = (workspace.output, targets, outputGradient)
    for n in 0..<rows {
      let factor = 2 * slopes[n] * weights[n] * velocityScale
      for j in 0..<targets.columns {
        gradient[n, j] = factor * (velocityScale * outputs[n, j] - targets[n, j])
      }
    }
  }

  /// Adds to the output gradient that of a function of sample n's predicted action.
  package func addGradient(ofPredictedAction slope: Float, _ n: Int, _ j: Int) {
    outputGradient[n, j] -= slope * times[n] * velocityScale
  }

  /// Sets the network's gradients to those of the output gradient.
  package func backward() {
    network.backward(inputs, rows: rows, outputGradient: outputGradient, in: workspace)
  }
}
