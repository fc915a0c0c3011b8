internal import Storage
internal import Training

/// The evaluations of a run as NumPy arrays, `evaluations.npz`.
///
/// `timesteps` [E], `results` and `ep_lengths` [E × K] hold step, returns and lengths of E
/// evaluations with K episodes each.
///
/// - Source: the file of Stable-Baselines3's `EvalCallback`, which rl-zoo3 plots.
struct EvaluationArrays {
  private var steps: [Int64] = []
  private var returns: [[Double]] = []
  private var lengths: [[Int64]] = []

  /// Adds an evaluation.
  mutating func add(_ result: EvaluationResult, steps: Int) {
    add(steps: steps, result.returns, result.episodes.map { Int64($0.length) })
  }

  /// Adds an evaluation from its row in `evaluations.csv`; a row that is none is left out.
  mutating func add(row: Substring) {
    let cells = row.split(separator: ",", omittingEmptySubsequences: false)
    guard let evaluation = StoredEvaluation(row: cells) else { return }
    add(steps: evaluation.steps, evaluation.returns, evaluation.lengths.map(Int64.init))
  }

  private mutating func add(steps: Int, _ returns: [Double], _ lengths: [Int64]) {
    // The arrays are rectangular.
    guard !returns.isEmpty, returns.count == lengths.count,
      returns.count == self.returns.first?.count ?? returns.count
    else { return }
    self.steps.append(Int64(steps))
    self.returns.append(returns)
    self.lengths.append(lengths)
  }

  /// Replaces the file by one with all evaluations so far; none is written without evaluations.
  func write(to path: String) throws(FileError) {
    guard let episodes = returns.first?.count else { return try FileSystem.remove(path) }
    let archive = NumPyArchive([
      ("timesteps", .integers(steps), shape: [steps.count]),
      ("results", .doubles(returns.flatMap(\.self)), shape: [steps.count, episodes]),
      ("ep_lengths", .integers(lengths.flatMap(\.self)), shape: [steps.count, episodes]),
    ])
    try FileSystem.write(archive.data, to: path, waitsForDisk: false)
  }
}
