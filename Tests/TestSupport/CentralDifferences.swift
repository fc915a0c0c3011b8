public import LinearAlgebra

/// Compares an analytic gradient with central differences of a function, element by element.
///
/// - Parameters:
///   - point: Where the function is evaluated; changed and put back.
///   - gradient: The analytic gradient there; the function may not change it.
///   - step: Half the distance of the two evaluations.
///   - function: What is differentiated.
/// - Returns: The largest error and the gradient's largest element.
public func centralDifferences(
  at point: Matrix, gradient: Matrix, step: Float, of function: () -> Double
) -> (error: Double, largest: Double) {
  var (worst, largest) = (0.0, 0.0)
  for i in 0..<point.rows {
    for j in 0..<point.columns {
      let value = point[i, j]
      point[i, j] = value + step
      let above = function()
      let upper = point[i, j]
      point[i, j] = value - step
      let below = function()
      let distance = Double(upper) - Double(point[i, j])
      point[i, j] = value
      worst = max(worst, abs((above - below) / distance - Double(gradient[i, j])))
      largest = max(largest, abs(Double(gradient[i, j])))
    }
  }
  return (worst, largest)
}

/// Compares the gradients of several matrices with central differences of one loss.
///
/// - Parameters:
///   - points: Where the loss is evaluated, and where it leaves its gradients; values are put back.
///   - step: Half the distance of the two evaluations.
///   - didChange: Called after every change of a value.
///   - loss: Computes the loss and its gradients.
/// - Returns: The error of each gradient, relative to the largest element of all.
public func gradientErrors(
  at points: [(value: Matrix, gradient: Matrix)], step: Float, didChange: () -> Void,
  loss: () -> Double
) -> [Double] {
  _ = loss()
  let analytic = points.map { point in
    let copy = Matrix(rows: point.gradient.rows, columns: point.gradient.columns)
    copy.copy(from: point.gradient)
    return copy
  }
  let results = zip(points, analytic).map { point, gradient in
    centralDifferences(at: point.value, gradient: gradient, step: step) {
      didChange()
      return loss()
    }
  }
  didChange()
  let largest = results.reduce(1e-3) { max($0, $1.largest) }
  return results.map { $0.error / largest }
}
