public import Foundation

/// Numbers of ONNX's messages and types.
///
/// - Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, IR version 8, opset 17.
private enum ONNX {
  static let irVersion = 8
  static let operatorSet = 17
  static let float = 1
  static let int64 = 7
}

extension ExportedPolicy {
  /// Writes the policy as an ONNX model: input `obs` [batch × O], output `action` [batch × A] in the
  /// environment's units, or [batch] of whole numbers for a choice.
  ///
  /// It is of IR version 8 and opset 17, and contains the standardisation of observations and the
  /// bounds of actions.
  ///
  /// - Parameter metadata: Texts that are stored in the model, in this order.
  /// - Returns: The contents of the file.
  public func onnx(metadata: [(key: String, value: String)]) -> Data {
    var graph = Graph()
    var name = "obs"
    if let normalizer {
      graph.add("mean", normalizer.mean)
      graph.add("inverse_deviation", normalizer.inverseDeviation)
      graph.add("lower_limit", [-normalizer.limit], shape: [])
      graph.add("upper_limit", [normalizer.limit], shape: [])
      name = graph.node("Sub", [name, "mean"])
      name = graph.node("Mul", [name, "inverse_deviation"])
      name = graph.node("Clip", [name, "lower_limit", "upper_limit"])
    }
    for (index, layer) in layers.enumerated() {
      graph.add("weight_\(index)", layer.weight, shape: [layer.outputs, layer.inputs])
      graph.add("bias_\(index)", layer.bias)
      name = graph.node("Gemm", [name, "weight_\(index)", "bias_\(index)"]) {
        $0.integer("transB", 1)
      }
      if let norm = layer.norm {
        graph.add("norm_scale_\(index)", norm.scale)
        graph.add("norm_shift_\(index)", norm.shift)
        name = graph.node(
          "LayerNormalization", [name, "norm_scale_\(index)", "norm_shift_\(index)"]
        ) {
          $0.integer("axis", -1)
          $0.float("epsilon", Self.normEpsilon)
        }
      }
      switch layer.activation {
      case .identity: break
      case .tanh: name = graph.node("Tanh", [name])
      case .relu: name = graph.node("Relu", [name])
      case .elu: name = graph.node("Elu", [name])
      case .silu: name = graph.node("Mul", [name, graph.node("Sigmoid", [name])])
      }
    }
    switch head {
    case .clipped(let low, let high): graph.clip(name, low, high)
    case .squashed(let low, let high):
      let half = zip(low, high).map { ($1 - $0) * 0.5 }
      graph.add("half_range", half)
      graph.add("middle", zip(low, half).map { $0 + $1 })
      name = graph.node("Mul", [graph.node("Tanh", [name]), "half_range"])
      graph.clip(graph.node("Add", [name, "middle"]), low, high)
    case .choice:
      graph.node("ArgMax", [name], output: "action") {
        $0.integer("axis", 1)
        $0.integer("keepdims", 0)
      }
    }
    return model(of: graph, metadata: metadata)
  }

  private func model(of graph: Graph, metadata: [(key: String, value: String)]) -> Data {
    var model = ProtocolBuffer()
    model.add(1, ONNX.irVersion)
    model.add(2, "rlsuite")
    model.add(7) { message in
      for node in graph.nodes { message.add(1, node) }
      message.add(2, "policy")
      for tensor in graph.tensors { message.add(5, tensor) }
      message.add(11) { $0.addValue("obs", type: ONNX.float, width: observationWidth) }
      message.add(12) {
        choices == nil
          ? $0.addValue("action", type: ONNX.float, width: actionWidth)
          : $0.addValue("action", type: ONNX.int64, width: nil)
      }
    }
    model.add(8) {
      $0.add(1, "")
      $0.add(2, ONNX.operatorSet)
    }
    for (key, value) in metadata {
      model.add(14) {
        $0.add(1, key)
        $0.add(2, value)
      }
    }
    return model.data
  }
}

/// Nodes and tensors of a graph that is being made.
private struct Graph {
  var nodes: [Data] = []
  var tensors: [Data] = []

  /// Adds a constant tensor of single precision.
  mutating func add(_ name: String, _ values: [Float], shape: [Int]? = nil) {
    var tensor = ProtocolBuffer()
    for extent in shape ?? [values.count] { tensor.add(1, extent) }
    tensor.add(2, ONNX.float)
    tensor.add(8, name)
    var bytes = Data(capacity: 4 * values.count)
    for value in values {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    tensor.add(9, bytes)
    tensors.append(tensor.data)
  }

  /// Adds a node with one output and returns the output's name.
  @discardableResult mutating func node(
    _ operation: String, _ inputs: [String], output: String? = nil,
    attributes: (inout ProtocolBuffer) -> Void = { _ in }
  ) -> String {
    let name = output ?? "value_\(nodes.count)"
    var node = ProtocolBuffer()
    for input in inputs { node.add(1, input) }
    node.add(2, name)
    node.add(3, "node_\(nodes.count)")
    node.add(4, operation)
    attributes(&node)
    nodes.append(node.data)
    return name
  }

  /// Adds the nodes that clip each component to its bounds, with the model's output.
  mutating func clip(_ name: String, _ low: [Float], _ high: [Float]) {
    add("low", low)
    add("high", high)
    node("Min", [node("Max", [name, "low"]), "high"], output: "action")
  }
}

extension ProtocolBuffer {
  /// Adds an attribute of a node.
  fileprivate mutating func integer(_ name: String, _ value: Int) {
    add(5) {
      $0.add(1, name)
      $0.add(3, value)
      $0.add(20, 2)
    }
  }

  /// Adds an attribute of a node.
  fileprivate mutating func float(_ name: String, _ value: Float) {
    add(5) {
      $0.add(1, name)
      $0.add(2, value)
      $0.add(20, 1)
    }
  }

  /// Adds the description of an input or output, [batch × width] or [batch].
  fileprivate mutating func addValue(_ name: String, type: Int, width: Int?) {
    add(1, name)
    add(2) {
      $0.add(1) {
        $0.add(1, type)
        $0.add(2) {
          $0.add(1) { $0.add(2, "batch") }
          if let width { $0.add(1) { $0.add(1, width) } }
        }
      }
    }
  }
}
