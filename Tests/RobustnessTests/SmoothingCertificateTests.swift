import LinearAlgebra
import Robustness
import Testing
import Training

@Suite struct SmoothingCertificateTests {
  @Test(arguments: [
    (0.99, 0.2, 0.4, 0.966101), (0.9, 0.5, 0.4, 0.512585), (0.5, 0.1, 0.2, 0.308538),
  ])
  func shiftedProbabilities(p: Double, budget: Double, noise: Double, expected: Double) {
    let found = SmoothingCertificate.probability(p, budget: budget, noise: noise)
    #expect(abs(found - expected) < 5e-7)
  }

  /// An episode of four steps with two observed numbers, in which the policy should act by the sign of
  /// their sum, and is paid for each right choice and at the end for all being right.
  private struct Task {
    let noise = 0.3
    let truth: [[Double]] = [[0.5, 0.1], [0.2, 0.3], [0.4, 0.4], [0.1, 0.25]]

    /// Mean return over episodes with noise of the policy's own, under an attack.
    func returns(_ count: Int, attack: [[Double]], seed: UInt64) -> [Double] {
      var stream = RandomStream(seed: seed, name: "smoothing")
      var normal = [Float](repeating: 0, count: 8)
      return (0..<count).map { _ in
        for i in normal.indices { normal[i] = stream.firstOfNormalPair() }
        var right = 0
        for step in 0..<4 {
          var sum = 0.0
          for j in 0..<2 {
            sum += truth[step][j] + attack[step][j] + noise * Double(normal[2 * step + j])
          }
          right += sum > 0 ? 1 : 0
        }
        return Double(right == 4 ? 10 : right)
      }
    }

    /// The attack along one direction of eight numbers with a given length.
    func attack(_ direction: [Double], length: Double) -> [[Double]] {
      let norm = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return (0..<4).map { step in (0..<2).map { direction[2 * step + $0] * length / norm } }
    }
  }

  @Test func theCertificateHoldsUnderAHundredAttacks() {
    let task = Task()
    let calm = task.returns(
      10_000, attack: task.attack([1, 0, 0, 0, 0, 0, 0, 0], length: 0), seed: 1)
    let certificate = SmoothingCertificate(returns: calm, noise: task.noise, floor: 0)
    let mean = calm.reduce(0, +) / Double(calm.count)
    #expect(certificate.meanReturn(budget: 0) <= mean)
    #expect(certificate.meanReturn(budget: 0) > 0.93 * mean, "it says something")
    var stream = RandomStream(seed: 2, name: "attacks")
    for k in 0..<100 {
      let budget = 0.2 * Double(1 + k % 5)
      // A third of the attacks is the worst one for all choices alike.
      let direction = (0..<8).map { _ -> Double in
        k % 3 == 0 ? -1 : Double(stream.firstOfNormalPair()) - 1
      }
      let attacked = task.returns(
        4000, attack: task.attack(direction, length: budget), seed: UInt64(100 + k))
      let measured = attacked.reduce(0, +) / Double(attacked.count)
      #expect(certificate.meanReturn(budget: budget) <= measured, "budget \(budget)")
    }
    let bounds = (0...10).map { certificate.meanReturn(budget: 0.1 * Double($0)) }
    #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 > $1 })
  }

  /// The theorem is tight for a choice by one number, which the worst attack shifts by the budget.
  @Test func theBoundIsTightForOneNumber() {
    var stream = RandomStream(seed: 3, name: "one")
    let noise = 0.25
    let returns = (0..<100_000).map { _ in
      0.4 + noise * Double(stream.firstOfNormalPair()) > 0 ? 1.0 : 0
    }
    let certificate = SmoothingCertificate(returns: returns, noise: noise, floor: 0)
    for budget in [0, 0.1, 0.3, 0.5] {
      let truth = Statistics.normalFraction(below: (0.4 - budget) / noise)
      let bound = certificate.meanReturn(budget: budget)
      #expect(bound <= truth && bound > truth - 0.02, "\(budget): \(bound), \(truth)")
    }
  }

  @Test func equalReturnsCertifyNothingBelowThem() {
    let certificate = SmoothingCertificate(
      returns: Array(repeating: 5, count: 100), noise: 1, floor: 5)
    #expect(certificate.meanReturn(budget: 3) == 5)
    #expect(certificate.thresholds.isEmpty)
  }
}
