internal import LinearAlgebra
public import NeuralNetworks
public import Storage

extension TensorArchive {
  /// Adds an optimiser's moments, in the padded order of its parameters, and its step count.
  public mutating func set(_ optimizer: Optimizer, named name: String) {
    set("\(name).first-moment", .floats(optimizer.firstMoment.array))
    set("\(name).second-moment", .floats(optimizer.secondMoment.array))
    set("\(name).steps", .words([UInt64(optimizer.stepCount)]))
  }

  /// Reads moments and step count into an optimiser.
  public func read(into optimizer: Optimizer, named name: String) throws(ArchiveError) {
    let count = optimizer.firstMoment.count
    let first = try floats("\(name).first-moment", count: count)
    let second = try floats("\(name).second-moment", count: count)
    let steps = try words("\(name).steps", count: 1)[0]
    guard steps < 1 << 62, (first + second).allSatisfy(\.isFinite),
      second.allSatisfy({ $0 >= 0 })
    else {
      throw .invalid(reason: "\(name) is impossible")
    }
    for i in 0..<count {
      optimizer.firstMoment[i] = first[i]
      optimizer.secondMoment[i] = second[i]
    }
    optimizer.stepCount = Int(steps)
  }
}
