import LinearAlgebra
import Robustness
import Testing

struct IncrementalWorstCaseSearchTests {
  /// A grid with three corridors from left to right, in which the wind blows towards the entrance.
  ///
  /// The upper corridor is the shortest way from the start to the goal, and has the strongest wind.
  /// A gust takes the walker one cell back with probability α, α³ and α⁶ from the upper to the lower
  /// corridor.  Each step costs 1; rows 1, 3 and 5 are the corridors, columns 0 and 8 join them.
  private func windyWalk(_ strength: Double) throws -> TabularModel {
    let (rows, columns, goal) = (7, 9, (row: 0, column: 8))
    let cube = strength * strength * strength
    let wind = [1: strength, 3: cube, 5: cube * cube]
    func isOpen(_ row: Int, _ column: Int) -> Bool {
      (0..<rows).contains(row) && (0..<columns).contains(column)
        && (column == 0 || column == columns - 1 || row == 1 || row == 3 || row == 5)
    }
    return try TabularModel(states: rows * columns, actions: 4) { state, action in
      let (row, column) = (state / columns, state % columns)
      guard isOpen(row, column) else { return [.init(probability: 1, reward: 0, next: nil)] }
      let (down, right) = [(0, 1), (-1, 0), (0, -1), (1, 0)][action]
      let isFree = isOpen(row + down, column + right)
      let (newRow, newColumn) = isFree ? (row + down, column + right) : (row, column)
      let isHome = newRow == goal.row && newColumn == goal.column
      let next = TabularModel.Outcome(
        probability: 1, reward: -1, next: isHome ? nil : newRow * columns + newColumn)
      let isInside = (1..<columns - 1).contains(column)
      guard let gust = wind[row], gust > 0, isInside else { return [next] }
      return [
        .init(probability: 1 - gust, reward: -1, next: next.next),
        .init(probability: gust, reward: -1, next: row * columns + column - 1),
      ]
    }
  }

  /// The corridor, as a row, that a policy takes from the start in the upper left.
  private func corridor(_ policy: [Int]) -> Int? {
    var row = 0
    for _ in 0..<7 {
      switch policy[row * 9] {
      case 0: return row
      case 3: row += 1
      default: return nil
      }
    }
    return nil
  }

  @Test func theWorstWindIsFoundInTwoIterations() throws {
    let models = try (0..<25).map { try windyWalk(0.5 * Double($0) / 24) }
    let search = IncrementalWorstCaseSearch(models, start: 0, discount: 0.95)
    #expect(search.hasConverged && search.iterations.count == 2)
    // Without wind the shortest way is best; the strongest wind is its worst case, and that wind's
    // own best way is another one.
    #expect(search.iterations[0].worstModel == 24 && search.iterations[1].models == [0, 24])
    #expect(corridor(search.iterations[0].policy) == 1)
    #expect(corridor(search.iterations[1].policy) == 3)
    let best = models[24].actionValues(discount: 0.95)[0..<4].max()
    #expect(abs(search.iterations[1].worstValue - (best ?? 0)) < 1e-6)
    #expect(search.iterations[0].worstValue < search.iterations[1].worstValue - 1)
  }

  @Test func noOtherPolicyHasABetterWorstCase() throws {
    // With three states and two actions all eight policies can be compared.
    var random = RandomStream(seed: 4, name: "models")
    var converged = 0
    for _ in 0..<40 {
      let table = (0..<6).map { _ in
        (
          chance: random.uniform(from: 0.1, to: 0.9), reward: random.uniform(from: -1, to: 1),
          cost: random.uniform(from: 0, to: 0.3)
        )
      }
      // The further a model is in the set, the more its actions cost.
      let models = try (0..<6).map { place in
        try TabularModel(states: 3, actions: 2) { state, action in
          let (chance, reward, cost) = table[state * 2 + action]
          return [
            .init(
              probability: Double(chance), reward: Double(reward - Float(place) * cost),
              next: (state + 1) % 3),
            .init(
              probability: 1 - Double(chance), reward: -Double(cost) * Double(place),
              next: (state + action) % 3),
          ]
        }
      }
      let search = IncrementalWorstCaseSearch(models, start: 0, discount: 0.9)
      let result = try #require(search.iterations.last)
      #expect(Set(result.models).count == result.models.count)
      guard search.hasConverged else { continue }
      converged += 1
      for code in 0..<8 {
        let policy = (0..<3).map { code >> $0 & 1 }
        let worst = try #require(models.map { $0.values(of: policy, discount: 0.9)[0] }.min())
        #expect(result.worstValue >= worst - 1e-6)
      }
    }
    #expect(converged >= 10)
  }

  @Test func processesThatAreNoneAreRefused() {
    for list in [
      [TabularModel.Outcome(probability: 0.5, reward: 0, next: nil)],
      [.init(probability: 1, reward: .nan, next: nil)], [.init(probability: 1, reward: 0, next: 2)],
      [.init(probability: 2, reward: 0, next: nil), .init(probability: -1, reward: 0, next: nil)],
      [],
    ] {
      let error = #expect(throws: TabularModel.InvalidOutcomes.self) {
        try TabularModel(states: 2, actions: 1) { state, _ in
          state == 1 ? list : [.init(probability: 1, reward: 0, next: 0)]
        }
      }
      #expect(error?.state == 1 && error?.action == 0)
    }
  }
}
