package import Storage

/// What measuring one network takes, in numbers that do not depend on a clock.
///
/// The unit is that of learning: one parameter for one row of a minibatch, forward, backward and in the
/// optimiser.  Factors are rounded up from processor times of networks of 64 to 256 units.
package struct ProbeWork: Equatable {
  /// A kind of computation that a probe needs.
  package enum Kind: Sendable, Equatable {
    /// A look at each parameter or feature of the probe batch, or little more.
    case pass
    /// Singular values of a layer's features, which all ranks share.
    case spectrum
    /// So many gradients of the last minibatch's loss.
    case gradients(Int)
    /// So many products with second derivatives, two gradients each; each new direction is compared
    /// with those before, where `isOrthogonal`.
    case products(Int, isOrthogonal: Bool)
    /// Fits of the probe batch, of so many steps.
    case fit(Int)
  }

  private var passes = 0
  /// Widths of layers.
  private var spectra: [Int] = []
  private var gradients = 0
  /// Operations on vectors of as many numbers, in double precision, as there are parameters.
  private var vectors = 0
  /// Steps of fits.
  private var fits = 0

  /// Nothing to do.
  package init() {}

  /// Adds what a probe needs, of a layer as wide as this.
  package mutating func add(_ kind: Kind, width: Int) {
    switch kind {
    case .pass: passes += 1
    case .spectrum: spectra.append(width)
    case .gradients(let count): gradients += count
    case .products(let count, let isOrthogonal):
      gradients += 2 * count
      // Both displaced points, both gradients and their difference; two projections on either side.
      vectors += 8 * count + (isOrthogonal ? 4 * count * (count + 1) / 2 : 0)
    case .fit(let steps): fits += steps
    }
  }

  /// The work of one measurement.
  ///
  /// - Parameters:
  ///   - parameters: Of the network.
  ///   - rows: Of the probe batch.
  ///   - minibatch: Rows of the minibatch it learns from.
  ///   - isFirst: Whether a new network has to be fitted too.
  /// - Returns: Units.
  package func units(parameters: Int, rows: Int, minibatch: Int, isFirst: Bool) -> Double {
    let perParameter =
      passes * rows + gradients * minibatch + vectors * 12 + fits * rows * (isFirst ? 2 : 1)
    let decompositions = spectra.reduce(0) { sum, width in
      let least = min(rows, width)
      return sum + 8 * max(rows, width) * least * least
    }
    return Double(parameters) * Double(perParameter) + Double(decompositions)
  }
}

/// Decides when probes are measured that have no interval of their own: once the agent has learnt so
/// much that measuring takes a small share of the work.
///
/// Work is counted, so that a run repeats and resumes exactly.
package struct ProbeBudget: Equatable {
  /// Of the work of learning, for cheap probes and as much again for the others.
  package static let share = 0.02

  /// Work that is not spent yet.
  package private(set) var credit = 0.0
  /// Measurements that are paid for.
  package private(set) var measurements = 0
  /// Whether the next iteration ends with the last of them.
  package private(set) var isDue = false

  /// Nothing is earned yet.
  package init() {}

  /// Continues from what was kept.
  package init(credit: Double, measurements: Int, isDue: Bool) throws(ArchiveError) {
    guard credit >= 0, credit.isFinite, measurements > 0 || !isDue else {
      throw .invalid(reason: "its budget of probes is impossible")
    }
    (self.credit, self.measurements, self.isDue) = (credit, measurements, isDue)
  }

  /// Ends an iteration.
  ///
  /// - Parameters:
  ///   - learnt: Its work of learning.
  ///   - cost: The work of the next measurement.
  package mutating func earn(_ learnt: Double, cost: Double) {
    credit += Self.share * learnt
    isDue = credit >= cost && cost > 0
    guard isDue else { return }
    measurements += 1
    // No more is saved up than one measurement takes.
    credit = min(credit - cost, cost)
  }
}
