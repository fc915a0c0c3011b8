internal import LinearAlgebra
public import NeuralNetworks
public import Storage

extension TensorArchive {
  /// Adds parameters under their names, with weights as [out × in], as in other tools.
  public mutating func set(_ parameters: [Parameter]) {
    for parameter in parameters {
      let matrix = parameter.value
      let (rows, columns) = (matrix.rows, matrix.columns)
      if parameter.isWeight {
        let values = (0..<columns).flatMap { column in (0..<rows).map { matrix[$0, column] } }
        set(parameter.name, .floats(values), shape: [columns, rows])
      } else {
        set(parameter.name, .floats((0..<columns).map { matrix[0, $0] }))
      }
    }
  }

  /// Checks, before anything is allocated, that the weights of a policy's network have the shapes of
  /// its description.
  ///
  /// - Parameters:
  ///   - architecture: The described architecture.
  ///   - name: The name of the network.
  /// - Throws: `ArchiveError` if a weight is missing or has another shape.
  func checkWeights(
    of architecture: MLPArchitecture, named name: String
  ) throws(ArchiveError) {
    let widths = architecture.widths
    for (i, (columns, rows)) in zip(widths, widths.dropFirst()).enumerated() {
      guard tensors["\(name).\(i).weight"]?.shape == [rows, columns] else {
        throw .invalid(reason: "\(name).\(i).weight does not fit the policy description")
      }
    }
  }

  /// Reads parameters by their names; if one does not fit, throws before changing any.
  public func read(into parameters: [Parameter]) throws(ArchiveError) {
    for parameter in parameters {
      let count = parameter.value.rows * parameter.value.columns
      guard try floats(parameter.name, count: count).allSatisfy(\.isFinite) else {
        throw .invalid(reason: "\(parameter.name) is not finite")
      }
    }
    for parameter in parameters {
      let matrix = parameter.value
      let values = try floats(parameter.name)
      for i in 0..<matrix.rows {
        for j in 0..<matrix.columns {
          matrix[i, j] = values[parameter.isWeight ? j * matrix.rows + i : j]
        }
      }
    }
  }
}
