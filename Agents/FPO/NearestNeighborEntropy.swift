internal import LinearAlgebra

/// Estimates of the entropy of an action from the distances of its predictions, in nats.
///
/// `H = ψ(N) − ψ(k) + log c_A + A mean(log ρ)`, with the distance ρ of each of N points from its k-th
/// nearest neighbour and the volume c_A of the unit ball in A dimensions.
///
/// - Source: Kozachenko and Leonenko 1987, in the form of the code of arXiv:2602.02481.
package final class NearestNeighborEntropy {
  private let samples: Int
  private let width: Int
  /// ψ(N) − ψ(k) + log c_A.
  private let constant: Float
  /// Smallest distance that counts; a smaller one is raised to it and has no gradient.
  private static let smallestDistance: Float = 1e-6
  /// Indices of the k nearest neighbours so far, and their squared distances, in ascending order.
  private var nearest: [Int]
  private var squares: [Float]

  /// Creates an estimator for N points with A components, from k-th neighbours, 1 ≤ k < N.
  package init(samples: Int, width: Int, neighbor: Int) {
    precondition(neighbor >= 1 && neighbor < samples, "neighbour \(neighbor) of \(samples)")
    self.samples = samples
    self.width = width
    nearest = Array(repeating: 0, count: neighbor)
    squares = Array(repeating: 0, count: neighbor)
    // ψ(N) − ψ(k) is the sum of 1/j from k to N − 1.
    var constant = (neighbor..<samples).reduce(0.0) { $0 + 1 / Double($1) }
    // c_A = π^(A/2) / Γ(A/2 + 1), from c_0 = 1, c_1 = 2 and c_A = c_(A−2) 2π/A.
    constant += width % 2 == 0 ? 0 : ScalarMaths.log(2.0)
    for a in stride(from: width % 2 == 0 ? 2 : 3, through: width, by: 2) {
      constant += ScalarMaths.log(2 * Double.pi / Double(a))
    }
    self.constant = Float(constant)
  }

  /// Adds the gradient of `weight · H` of one transition's predicted actions to its batch.
  ///
  /// - Parameters:
  ///   - weight: The derivative of the objective with respect to the entropy.
  ///   - transition: Index of the transition in the batch.
  ///   - batch: An evaluated batch, whose output gradient is set.
  /// - Returns: The estimate H, in nats.
  package func addGradient(
    weight: Float, transition: Int, of batch: FlowBatch
  ) -> Float {
    let first = transition * samples
    var sum: Float = 0
    for i in first..<first + samples {
      let square = findNearest(i, first: first, in: batch)
      let least = Self.smallestDistance * Self.smallestDistance
      guard square > least else {
        sum += ScalarMaths.log(Self.smallestDistance)
        continue
      }
      sum += 0.5 * ScalarMaths.log(square)
      let neighbor = nearest[nearest.count - 1]
      let factor = weight * Float(width) / (Float(samples) * square)
      for j in 0..<width {
        let slope = factor * (batch.predictedAction(i, j) - batch.predictedAction(neighbor, j))
        batch.addGradient(ofPredictedAction: slope, i, j)
        batch.addGradient(ofPredictedAction: -slope, neighbor, j)
      }
    }
    return constant + Float(width) * sum / Float(samples)
  }

  /// Finds the k nearest neighbours of a sample and returns the squared distance of the k-th.
  private func findNearest(_ i: Int, first: Int, in batch: FlowBatch) -> Float {
    var found = 0
    for other in first..<first + samples where other != i {
      var square: Float = 0
      for j in 0..<width {
        let distance = batch.predictedAction(i, j) - batch.predictedAction(other, j)
        square += distance * distance
      }
      guard found < nearest.count || square < squares[found - 1] else { continue }
      var place = min(found, nearest.count - 1)
      while place > 0 && squares[place - 1] > square {
        (nearest[place], squares[place]) = (nearest[place - 1], squares[place - 1])
        place -= 1
      }
      (nearest[place], squares[place]) = (other, square)
      found = min(found + 1, nearest.count)
    }
    return squares[nearest.count - 1]
  }
}
