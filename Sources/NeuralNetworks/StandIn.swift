// Stand-in for the real module, which replaces (deletes) this file.
public import LinearAlgebra
public enum Activation: String, Codable, Sendable, CaseIterable { case identity, tanh, relu, elu, silu }
public enum WeightInitializer: Sendable, Equatable { case orthogonal(hiddenGain: Float, outputGain: Float), fanInUniform, lecunUniform }
public struct MLPArchitecture: Codable, Sendable, Equatable { public var inputs: Int; public var hidden: [Int]; public var outputs: Int; public var activation: Activation; public var usesLayerNorm: Bool
  public init(inputs: Int, hidden: [Int], outputs: Int, activation: Activation, usesLayerNorm: Bool) { fatalError() } }
public struct Parameter { public let name: String; public let value: Matrix; public let gradient: Matrix; public let isWeight: Bool }
public final class ParameterBlock { public init(_ shapes: [(name: String, rows: Int, columns: Int, isWeight: Bool)]) { fatalError() }; public let values: Vector; public let gradients: Vector; public let parameters: [Parameter] }
public final class MLP {
  public let name: String; public let architecture: MLPArchitecture; public let parameters: ParameterBlock
  public init(name: String, architecture: MLPArchitecture, initializer: WeightInitializer, random: inout RandomStream) { fatalError() }
  public final class Workspace { public let capacity: Int = 0; public let output: Matrix = Matrix(rows: 1, columns: 1) }
  public func makeWorkspace(rows: Int) -> Workspace { fatalError() }
  @discardableResult public func forward(_ input: Matrix, firstRow: Int = 0, rows: Int, in workspace: Workspace) -> Matrix { fatalError() }
  public func backward(_ input: Matrix, firstRow: Int = 0, rows: Int, outputGradient: Matrix, in workspace: Workspace, inputGradient: Matrix? = nil, accumulating: Bool = false) {}
  public func parametersDidChange() {}
}
public struct AdamConfiguration: Codable, Sendable, Equatable { public var epsilon: Float; public init(epsilon: Float) { self.epsilon = epsilon } }
public final class Adam { public init(_ block: ParameterBlock, configuration: AdamConfiguration) { fatalError() }
 public func step(learningRate: Float, gradientScale: Float = 1) {}; public let firstMoment: Vector; public let secondMoment: Vector; public var stepCount: Int = 0 }
public enum DiagonalGaussian {
  public static func logProbabilities(of actions: Matrix, mean: Matrix, logStd: Matrix, rows: Int, into: Vector) {}
  public static func entropy(logStd: Matrix) -> Float { 0 }
  public static func backward(weights: Vector, actions: Matrix, mean: Matrix, logStd: Matrix, rows: Int, meanGradient: Matrix, logStdGradient: Matrix) {}}
public enum Categorical { 
  public static func logProbabilities(of actions: Matrix, logits: Matrix, rows: Int, into: Vector) {}
  public static func entropies(logits: Matrix, rows: Int, into: Vector) {}
  public static func backward(weights: Vector, entropyWeight: Float, actions: Matrix, logits: Matrix, rows: Int, logitGradient: Matrix) {}
  public static func sample(logits: Matrix, row: Int, using: inout RandomStream) -> Int {0} ;public  static func mode(logits: Matrix, row: Int) -> Int {0} }
public func clipFactor(norm: Float, maximum: Float) -> Float { 0 }
