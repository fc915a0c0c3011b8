internal import Foundation
internal import LinearAlgebra
internal import RLCore

/// A search for the best sequence of actions, repeated at every control step from the last plan.
///
/// Plans are rows of H·A numbers that span ±1, whatever the action space.  The noise of a plan is
/// correlated in time, since white noise averages out before it moves a body.
///
/// - Source: for ``PlanningMethod/mppi`` Williams et al. 2017, "Information theoretic MPC for
///   model-based reinforcement learning"; for ``PlanningMethod/cem`` Pinneri et al. 2020, iCEM,
///   arXiv:2008.06389: the plan of the last step is shifted, and elites are kept and shifted too.
/// - Differences from source: noise is a first-order autoregression rather than coloured by a power
///   law, so that one setting in seconds serves all time steps; MPPI's temperature is in standard
///   deviations of the returns, so that one number serves all rewards, and its control cost is left
///   to the reward, and it may iterate; iCEM's number of plans stays the same in all iterations; the
///   first action of the mean acts, not that of the best plan, which contains the noise that happened
///   to help later; each plan has a noise level of its own, so that some try another swing while
///   others refine the last one.
final class Planner {
  private let settings: PlanningSettings
  private let space: Space
  private let width: Int
  /// Whether there is a plan of the step before.
  private var hasPlan = false
  /// Mean and standard deviation of the plans, [1 × H·A] each.
  private let mean: Matrix
  private let deviation: Matrix
  /// Plans that span ±1, and the same as actions, [K × H·A] each.
  private let plans: Matrix
  private let actions: Matrix
  /// Best plans of the last iteration, in order, [E × H·A].
  private let elites: Matrix
  private let noise: Matrix
  private let observations: Matrix
  /// Noise level of each plan as a fraction of the deviation, [K].
  private let scales: [Float]
  private var returns: [Double]
  private var order: [Int]
  private var stream: RandomStream

  /// Number of elites that the next iteration tries again.
  private var keptCount: Int { hasPlan && settings.method == .cem ? elites.rows / 3 : 0 }

  /// Number of steps for which the last reward of a plan is taken to continue.
  private let tail: Double
  /// Correlation of the noise of neighbouring steps.
  private let correlation: Float

  /// Prepares to plan an episode.
  init(_ settings: PlanningSettings, in specification: EnvironmentSpecification, seed: UInt64) {
    self.settings = settings
    space = specification.actionSpace
    width = specification.actionWidth
    let steps = max(1, Int((settings.horizon / specification.timeStep).rounded()))
    let columns = steps * width
    mean = Matrix(rows: 1, columns: columns)
    deviation = Matrix(rows: 1, columns: columns)
    plans = Matrix(rows: settings.samples, columns: columns)
    actions = Matrix(rows: settings.samples, columns: columns)
    let count = Int((settings.elites * Double(settings.samples)).rounded())
    elites = Matrix(rows: max(2, count), columns: columns)
    noise = Matrix(rows: 1, columns: columns)
    observations = Matrix(rows: 1, columns: specification.observationWidth)
    let (last, span) = (
      Float(settings.samples - 1), log(min(settings.leastDeviation / settings.deviation, 1))
    )
    scales = (0..<settings.samples).map { exp(Float($0) / last * span) }
    returns = [Double](repeating: 0, count: settings.samples)
    order = Array(0..<settings.samples)
    stream = RandomStream(seed: seed, name: "planner")
    tail = settings.tail / specification.timeStep
    correlation =
      settings.correlationTime > 0
      ? Float(exp(-specification.timeStep / settings.correlationTime)) : 0
  }

  /// Plans from the present state.
  ///
  /// - Parameters:
  ///   - model: A copy of the present state.
  ///   - actions: Destination of the action, [> row × A].
  ///   - row: The row of the action.
  func plan(from model: any PlanningModel, into actions: Matrix, row: Int) {
    shift(mean)
    shift(elites)
    deviation.fill(settings.deviation)
    for _ in 0..<settings.iterations {
      draw()
      var results = returns.mutableSpan
      model.rollOut(
        self.actions, actionWidth: width, tail: tail, observations: observations, returns: &results)
      for k in returns.indices where !returns[k].isFinite { returns[k] = -.infinity }
      switch settings.method {
      case .mppi: weight()
      case .cem: fit()
      }
      hasPlan = true
    }
    for j in 0..<width { actions[row, j] = action(mean[0, j], component: j) }
  }

  /// Moves plans one step to the front; the last action stays.
  private func shift(_ plans: Matrix) {
    guard hasPlan else { return }
    for i in 0..<plans.rows {
      for j in 0..<plans.columns - width { plans[i, j] = plans[i, j + width] }
    }
  }

  /// Draws plans around the mean: first the mean itself and the kept elites, then noisy ones.
  private func draw() {
    plans.copyRow(0, from: mean, row: 0)
    for i in 0..<keptCount { plans.copyRow(i + 1, from: elites, row: i) }
    let fresh = (1 - correlation * correlation).squareRoot()
    for k in keptCount + 1..<plans.rows {
      let row = unsafe noise.mutableRow(0)
      unsafe stream.fillNormal(row)
      for j in width..<noise.columns {
        noise[0, j] = correlation * noise[0, j - width] + fresh * noise[0, j]
      }
      let scale = scales[k]
      for j in 0..<noise.columns {
        plans[k, j] = min(max(mean[0, j] + scale * deviation[0, j] * noise[0, j], -1), 1)
      }
    }
    for k in 0..<plans.rows {
      for j in 0..<plans.columns { actions[k, j] = action(plans[k, j], component: j % width) }
    }
  }

  /// Returns the environment's action for a number in ±1.
  private func action(_ value: Float, component j: Int) -> Float {
    switch space {
    case .box(let low, let high): low[j] + 0.5 * (value + 1) * (high[j] - low[j])
    case .discrete(let count):
      min((0.5 * (value + 1) * Float(count)).rounded(.down), Float(count - 1))
    }
  }

  /// Replaces the mean by that of the plans, each weighted by the exponential of its return.
  private func weight() {
    let best = returns.max() ?? 0
    guard best.isFinite else { return }
    let finite = Double(returns.count { $0.isFinite })
    let average = returns.reduce(0) { $1.isFinite ? $0 + $1 : $0 } / finite
    let variance =
      returns.reduce(0) { $1.isFinite ? $0 + ($1 - average) * ($1 - average) : $0 } / finite
    let scale = max(settings.temperature * variance.squareRoot(), .leastNormalMagnitude)
    mean.fill(0)
    var sum: Float = 0
    for k in returns.indices {
      let weight = Float(exp((returns[k] - best) / scale))
      guard weight > 0 else { continue }
      sum += weight
      for j in 0..<mean.columns { mean[0, j] += weight * plans[k, j] }
    }
    for j in 0..<mean.columns { mean[0, j] /= sum }
  }

  /// Fits mean and deviation to the best plans.
  private func fit() {
    // The number of the plan decides between equal returns, so that the order is determined.
    order.sort { (returns[$0], $1) > (returns[$1], $0) }
    for i in 0..<elites.rows { elites.copyRow(i, from: plans, row: order[i]) }
    let scale = 1 / Float(elites.rows)
    for j in 0..<mean.columns {
      var (sum, squares): (Float, Float) = (0, 0)
      for i in 0..<elites.rows { sum += elites[i, j] }
      let center = scale * sum
      for i in 0..<elites.rows { squares += (elites[i, j] - center) * (elites[i, j] - center) }
      mean[0, j] = center
      deviation[0, j] = (scale * squares).squareRoot()
    }
  }
}
