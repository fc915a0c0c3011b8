package import Storage

/// The work of measuring one network, counted in units that do not depend on a clock.
///
/// A unit is the work of learning for one parameter and one row of a minibatch: forward pass,
/// backward pass and optimiser.  Factors are rounded up from processor times of networks with 64 to
/// 256 units.
package struct ProbeWork: Equatable {
  /// A kind of computation that a probe needs.
  package enum Kind: Sendable, Equatable {
    /// About one pass over each parameter or each feature of the probe batch.
    case pass
    /// Singular values of a layer's features, which all ranks share.
    case spectrum
    /// A number of gradients of the last minibatch's loss.
    case gradients(Int)
    /// A number of products with second derivatives, of two gradients each, whose directions are
    /// made orthogonal to all previous ones.
    case products(Int)
    /// Fits of the probe batch, with a number of steps in all.
    case fit(Int)
  }

  private var passes = 0
  /// Widths of the layers whose singular values are needed.
  private var spectra: [Int] = []
  private var gradients = 0
  /// Number of operations on vectors of all parameters, in double precision.
  private var vectors = 0
  /// Number of steps of fits.
  private var fits = 0

  /// Creates an empty amount of work.
  package init() {}

  /// Adds the work of a probe on a layer of the given width.
  package mutating func add(_ kind: Kind, width: Int) {
    switch kind {
    case .pass: passes += 1
    case .spectrum: spectra.append(width)
    case .gradients(let count): gradients += count
    case .products(let count):
      gradients += 2 * count
      // Both displaced points, both gradients and their difference; two projections on either side.
      vectors += 8 * count + 4 * count * (count + 1) / 2
    case .fit(let steps): fits += steps
    }
  }

  /// Returns the work of one measurement.
  ///
  /// - Parameters:
  ///   - parameters: Number of parameters of the network.
  ///   - rows: Number of rows of the probe batch.
  ///   - minibatch: Number of rows of the network's minibatches.
  /// - Returns: The work, in units.
  package func units(parameters: Int, rows: Int, minibatch: Int) -> Double {
    let perParameter = (passes + fits) * rows + gradients * minibatch + vectors * 12
    let decompositions = spectra.reduce(0) { sum, width in
      let least = min(rows, width)
      return sum + 8 * max(rows, width) * least * least
    }
    return Double(parameters) * Double(perParameter) + Double(decompositions)
  }
}

/// A budget that schedules probes without a set interval, so that measuring takes a small share of
/// the work of learning.
///
/// Work is counted rather than timed, so that a run repeats and resumes exactly.
package struct ProbeBudget: Equatable {
  /// Share of the work of learning that is spent on basic probes, and again on all others.
  package static let share = 0.02

  /// Work that is saved up and not yet spent.
  package private(set) var credit = 0.0
  /// Whether a measurement is due at the end of the next iteration.
  package private(set) var isDue = false

  /// Creates an empty budget.
  package init() {}

  /// Restores a budget.
  ///
  /// - Throws: `ArchiveError` if the values are impossible.
  package init(credit: Double, isDue: Bool) throws(ArchiveError) {
    guard credit >= 0, credit.isFinite else {
      throw .invalid(reason: "its budget of probes is impossible")
    }
    (self.credit, self.isDue) = (credit, isDue)
  }

  /// Adds the share of an iteration's work, and pays for a measurement if the credit suffices.
  ///
  /// - Parameters:
  ///   - learnt: Work of learning in the iteration, in units.
  ///   - cost: Work of the next measurement, in units.
  package mutating func earn(_ learnt: Double, cost: Double) {
    credit += Self.share * learnt
    isDue = credit >= cost && cost > 0
    guard isDue else { return }
    // At most one measurement's worth of credit is kept.
    credit = min(credit - cost, cost)
  }
}
