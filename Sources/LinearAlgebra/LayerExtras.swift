internal import CKernels

/// A skip connection from an earlier layer of the same width.
package enum LayerSkip: Sendable, Equatable {
  /// Adds the earlier layer's sums to the layer's own sums, before its norm.
  case sums(of: Int)
  /// Adds the earlier layer's output to the layer's own output; the layer has no activation.
  case output(of: Int)
}

/// Operations of a layer in addition to `act(norm(X · W + b))`.
package struct LayerExtras {
  /// Skip connection from an earlier layer; nil if there is none.
  package let skip: LayerSkip?
  /// Receives the sums before the norm, for a later layer to add.
  package let keptSums: Matrix?
  /// Mask that multiplies the sums before any other operation.
  package let dropoutMask: Matrix?
  /// Batch normalisation in front of the layer; nil if there is none.
  package let batchNorm: BatchNormMatrices?

  package init(
    skip: LayerSkip? = nil, keptSums: Matrix? = nil, dropoutMask: Matrix? = nil,
    batchNorm: BatchNormMatrices? = nil
  ) {
    self.skip = skip
    self.keptSums = keptSums
    self.dropoutMask = dropoutMask
    self.batchNorm = batchNorm
  }
}

/// The extras of one layer as plain pointers.
struct LayerExtraPointers {
  let skip: LayerSkip?
  let keptSums: UnsafeMutablePointer<Float>?
  let mask: UnsafeMutablePointer<Float>?
  let batchNorm: BatchNormPointers?
  /// The later layer that adds this layer's sums, and the one that adds its output.
  var sumsAddedBy: Int?
  var outputAddedBy: Int?
  /// The gradient with respect to the output, kept for the layer that was added to it.
  var outputGradient: UnsafeMutablePointer<Float>?
  /// Memory for the gradient with respect to the input, if the first layer has a batch
  /// normalisation in front.
  var inputGradient: UnsafeMutablePointer<Float>?

  init(_ extras: LayerExtras?) {
    skip = extras?.skip
    keptSums = extras?.keptSums?.base
    mask = extras?.dropoutMask?.base
    batchNorm = extras?.batchNorm.map(BatchNormPointers.init)
  }

  /// Whether there are no operations between the sums and the norm or after the activation.
  var isPlain: Bool { skip == nil && keptSums == nil && mask == nil }
}

extension LayerPointers {
  /// Applies the activation to the sums in the output, if there is no norm.
  func activateOutput(rows: Int) {
    sums?.update(from: output, count: rows * stride)
    ck_activate(rows * stride, activation.rawValue, saved, output)
  }

  /// Converts the gradient by the output to the gradient by the activation's input, in place.
  func differentiateActivation(_ gradient: UnsafeMutablePointer<Float>, rows: Int) {
    guard activation != .identity else { return }
    ck_activation_gradient(rows * stride, activation.rawValue, saved, gradient, gradient)
  }
}

extension LayerChain {
  /// Gathers the extras of all layers; returns nil if there are none.
  static func makeExtras(
    _ matrices: [LayerMatrices], capacity: Int
  ) -> UnsafeMutablePointer<LayerExtraPointers>? {
    guard matrices.contains(where: { $0.extras != nil }) else { return nil }
    let extras = UnsafeMutablePointer<LayerExtraPointers>.allocate(capacity: matrices.count)
    for (l, layer) in matrices.enumerated() {
      (extras + l).initialize(to: LayerExtraPointers(layer.extras))
      for buffer in [layer.extras?.keptSums, layer.extras?.dropoutMask] {
        precondition(
          (buffer?.rows ?? capacity) >= capacity
            && (buffer?.columns ?? layer.weight.columns) == layer.weight.columns)
      }
      let standardized = layer.extras?.batchNorm?.output
      precondition(
        (standardized?.rows ?? capacity) >= capacity
          && (standardized?.columns ?? layer.weight.rows) == layer.weight.rows)
      let source: Int
      switch layer.extras?.skip {
      case .sums(let earlier):
        precondition(matrices[earlier].extras?.keptSums != nil, "layer \(earlier) keeps no sums")
        precondition(layer.extras?.dropoutMask == nil, "layer \(l) drops what it adds")
        source = earlier
        extras[earlier].sumsAddedBy = l
      case .output(let earlier):
        precondition(layer.activation == .identity, "layer \(l) has a slope that is not kept")
        source = earlier
        extras[earlier].outputAddedBy = l
      case nil: continue
      }
      precondition(
        source < l && l < matrices.count - 1
          && matrices[source].weight.columns == layer.weight.columns,
        "layer \(l) can't add layer \(source)")
    }
    return extras
  }

  /// Runs the forward pass of layers with extras.
  func forward(
    _ input: UnsafePointer<Float>, rows: Int, extras: UnsafeMutablePointer<LayerExtraPointers>
  ) {
    var x = input
    for l in 0..<count {
      let (layer, extra) = (layers + l, extras + l)
      let (output, length) = (layer.pointee.output, rows * layer.pointee.stride)
      if let norm = extra.pointee.batchNorm { x = norm.forward(x, rows: rows) }
      let isFused = extra.pointee.isPlain && layer.pointee.norm == nil
      layer.pointee.forward(
        x, layer.pointee.inputStride, rows,
        activation: isFused ? layer.pointee.activation : .identity,
        sums: isFused ? layer.pointee.sums : nil)
      x = UnsafePointer(output)
      guard !isFused else { continue }
      if let mask = extra.pointee.mask { multiply(output, by: mask, count: length) }
      if case .sums(let source) = extra.pointee.skip, let sums = extras[source].keptSums {
        add(sums, to: output, count: length)
      }
      extra.pointee.keptSums?.update(from: output, count: length)
      if let norm = layer.pointee.norm {
        norm.forward(layer.pointee, rows: rows, epsilon: LayerChain.normEpsilon)
      } else {
        layer.pointee.activateOutput(rows: rows)
      }
      if case .output(let source) = extra.pointee.skip {
        add(layers[source].output, to: output, count: length)
      }
    }
  }

  /// Runs the backward pass of layers with extras, down to the input's gradient if requested.
  func backward(
    _ input: UnsafePointer<Float>, rows: Int, outputGradient: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>?, accumulating: Bool, updatesParameters: Bool,
    extras: UnsafeMutablePointer<LayerExtraPointers>
  ) {
    var gradient = outputGradient
    for l in stride(from: count - 1, through: 0, by: -1) {
      let layer = layers + l
      let norm = extras[l].batchNorm
      if updatesParameters {
        let x = l > 0 ? UnsafePointer(layers[l - 1].output) : input
        layer.pointee.backwardWeights(
          norm.map { UnsafePointer($0.output) } ?? x, rows, gradient, accumulating: accumulating)
      }
      guard l > 0 else { break }
      let (below, extra) = (layers + (l - 1), extras + (l - 1))
      guard let next = below.pointee.gradient else { break }
      let length = rows * below.pointee.stride
      let sum = extra.pointee.outputAddedBy.flatMap { extras[$0].outputGradient }
      if norm != nil || sum != nil {
        layer.pointee.backwardInput(rows, gradient, .identity, saved: nil, into: next)
        norm?.backward(
          next, rows: rows, accumulating: accumulating, updatesParameters: updatesParameters)
        if let sum { add(sum, to: next, count: length) }
        below.pointee.differentiateActivation(next, rows: rows)
      } else {
        layer.pointee.backwardInput(
          rows, gradient, below.pointee.activation, saved: below.pointee.saved, into: next)
      }
      extra.pointee.outputGradient?.update(from: next, count: length)
      below.pointee.norm?.backward(
        below.pointee, rows: rows, gradient: next, accumulating: accumulating,
        updatesParameters: updatesParameters)
      if let other = extra.pointee.sumsAddedBy, let sum = layers[other].gradient {
        add(sum, to: next, count: length)
      }
      if let mask = extra.pointee.mask { multiply(next, by: mask, count: length) }
      gradient = UnsafePointer(next)
    }
    // The first norm has parameters to learn even if the gradient by the input is not requested.
    guard
      let result = inputGradient ?? (updatesParameters ? extras.pointee.inputGradient : nil)
    else { return }
    layers.pointee.backwardInput(rows, gradient, .identity, saved: nil, into: result)
    extras.pointee.batchNorm?.backward(
      result, rows: rows, accumulating: accumulating, updatesParameters: updatesParameters)
  }

  private func add(
    _ terms: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count { sums[i] += terms[i] }
  }

  private func multiply(
    _ products: UnsafeMutablePointer<Float>, by factors: UnsafePointer<Float>, count: Int
  ) {
    for i in 0..<count { products[i] *= factors[i] }
  }
}
