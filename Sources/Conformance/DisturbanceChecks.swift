internal import RLCore

extension EnvironmentCheck {
  /// Plays 400 steps, optionally with pushes; an idle agent lets bodies fall asleep.
  private static func play(
    _ environment: RegisteredEnvironment, isIdle: Bool = false, push: ((Int) -> [Float])? = nil
  ) -> [Player.Step] {
    let player = Player(environment, seed: 21) { $0.takesDisturbances = push != nil }
    let rest = [Float](repeating: 0, count: environment.specification.actionWidth)
    return player.play(400, choose: isIdle ? { _ in rest } : nil, push: push)
  }

  /// Checks that each push acts for one step, within its bounds.
  static let disturbances: [EnvironmentCheck] = [
    .init("no push changes no bit") { environment in
      let width = environment.disturbanceComponents.count
      return [false, true].flatMap { isIdle in
        let plain = play(environment, isIdle: isIdle)
        return [Float(0), -0.0].flatMap { zero in
          let none = [Float](repeating: zero, count: width)
          return same(plain, play(environment, isIdle: isIdle) { _ in none }, "a push of \(zero)")
        }
      }
    },
    .init("every component pushes each way") { environment in
      let components = environment.disturbanceComponents
      let plain = play(environment)
      return components.enumerated().flatMap { j, component in
        let results = [component.bound, -component.bound, component.bound / 2].map { value in
          play(environment) { step in components.indices.map { $0 == j && step == 5 ? value : 0 } }
        }
        let faults = results.flatMap { result in
          same(Array(plain[..<5]), Array(result[..<5]), "before \(component.name)")
            + different([plain[5]], [result[5]], component.name)
        }
        return faults
          + (Set(results.map { $0[5].stateHash }).count == 3
            ? [] : ["\(component.name) has no direction or size"])
      }
    },
    .init("pushes are clipped to their bounds") { environment in
      let components = environment.disturbanceComponents
      return [Float(1), -1].flatMap { sign in
        same(
          play(environment) { _ in components.map { sign * $0.bound } },
          play(environment) { _ in components.map { 9 * sign * $0.bound } }, "a harder push")
      }
    },
  ]
}
