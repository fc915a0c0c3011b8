public import LinearAlgebra

extension MLP {
  /// Everything a network computes for one batch: outputs of all layers and gradients by them.
  ///
  /// Memory for gradients is allocated by the first `backward`.
  public final class Workspace {
    /// The most rows a batch may have.
    public let capacity: Int
    /// The network's output, [capacity × outputs].
    public let output: Matrix

    let states: [LayerState]
    /// The gradient by each hidden layer's sums; neighbours share memory with the next but one.
    private(set) lazy var gradients: [Matrix] = makeGradients()
    private let hiddenWidths: [Int]

    init(_ network: MLP, rows: Int) {
      precondition(rows >= 0, "a workspace of \(rows) rows")
      capacity = rows
      hiddenWidths = network.architecture.hidden
      let states = network.layers.map { LayerState($0, rows: rows) }
      self.states = states
      output = states[states.count - 1].output
    }

    /// The features of a hidden layer after its activation, [capacity × width].
    public func hidden(_ layer: Int) -> Matrix {
      precondition(layer >= 0 && layer < hiddenWidths.count, "hidden layer \(layer)")
      return states[layer].output
    }

    private func makeGradients() -> [Matrix] {
      let longest = hiddenWidths.map(Matrix.paddedColumns).max() ?? 0
      let memory = (0..<2).map { _ in Vector(count: capacity * longest) }
      return hiddenWidths.indices.map { l in
        Matrix(viewing: memory[l % 2], offset: 0, rows: capacity, columns: hiddenWidths[l])
      }
    }
  }

  /// What one layer keeps of a batch.
  final class LayerState {
    /// After the activation.
    let output: Matrix
    /// Before it; kept only where the slope needs it.
    let sums: Matrix?
    /// What the slope of the activation is computed from.
    let saved: Matrix
    /// LayerNorm: the standardised sums.
    let normalized: Matrix?
    /// LayerNorm: one over the deviation of each row.
    let inverseDeviations: Vector?

    init(_ layer: Layer, rows: Int) {
      let width = layer.weight.columns
      let output = Matrix(rows: rows, columns: width)
      let sums = layer.activation.savesSums ? Matrix(rows: rows, columns: width) : nil
      self.output = output
      self.sums = sums
      saved = sums ?? output
      normalized = layer.norm == nil ? nil : Matrix(rows: rows, columns: width)
      inverseDeviations = layer.norm == nil ? nil : Vector(count: rows)
    }
  }
}
