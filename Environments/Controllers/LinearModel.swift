package import LinearAlgebra
package import RLCore

/// An environment that has an equilibrium at which it can be linearised.
package protocol LinearizableEnvironment: Environment, ~Copyable {
  /// Number of elements of the deviation.
  static var deviationCount: Int { get }
  /// Starts an episode in a state, given as the deviation from the equilibrium.
  init(parameters: Parameters, deviation: [Double], observation: inout MutableSpan<Float>)
  /// Present deviation from the equilibrium, in the order of the linear model.
  var deviation: [Double] { get }
}

extension LinearizableEnvironment where Self: ~Copyable {
  /// Returns the deviation after one step with an action, [A].
  fileprivate static func deviation(
    after action: [Double], from deviation: [Double], _ parameters: Parameters
  ) -> [Double] {
    var observation = [Float](repeating: 0, count: specification.observationWidth)
    let action = action.map { Float($0) }
    var span = observation.mutableSpan
    var episode = Self(parameters: parameters, deviation: deviation, observation: &span)
    _ = episode.step(action: action.span, observation: &span)
    return episode.deviation
  }
}

/// The linear model `x' = A x + B u` of an environment's step near its equilibrium.
package struct LinearModel: Sendable, Equatable {
  /// Derivative of the next state with respect to the state, [n × n].
  package var state: DoubleMatrix
  /// Derivative of the next state with respect to the action, [n × m].
  package var action: DoubleMatrix

  /// Differentiates one step of the environment itself.
  ///
  /// The differences are central, with steps of 0.01 in the state's units and in actions: Box2D
  /// computes in single precision, so smaller steps would measure rounding.
  ///
  /// - Parameters:
  ///   - type: The environment.
  ///   - parameters: Its physical constants.
  package init<E: LinearizableEnvironment & ~Copyable>(of type: E.Type, _ parameters: E.Parameters)
  {
    let actions = E.specification.actionWidth
    /// Returns the derivative along one direction.
    func derivative(_ deviation: [Double], _ action: [Double]) -> [Double] {
      let (ahead, behind) = (
        E.deviation(after: action, from: deviation, parameters),
        E.deviation(after: action.map { -$0 }, from: deviation.map { -$0 }, parameters)
      )
      return zip(ahead, behind).map { ($0 - $1) / (2 * Self.difference) }
    }
    /// Returns a vector with one element that is not 0.
    func unit(_ index: Int, of count: Int) -> [Double] {
      (0..<count).map { $0 == index ? Self.difference : 0 }
    }
    let size = E.deviationCount
    let (still, idle) = (
      [Double](repeating: 0, count: size), [Double](repeating: 0, count: actions)
    )
    let columns = (0..<size).map { derivative(unit($0, of: size), idle) }
    let effects = (0..<actions).map { derivative(still, unit($0, of: actions)) }
    state = DoubleMatrix(rows: size, columns: size, columns.flatMap(\.self)).transposed
    action = DoubleMatrix(rows: actions, columns: size, effects.flatMap(\.self)).transposed
  }

  private static let difference = 0.01
}
