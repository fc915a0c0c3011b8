/// One line of `train --json`; nil members are left out.
///
/// The training of one of several seeds, in a process of its own, tells of itself in the same lines,
/// and of its progress and its final evaluation too.
struct TrainingEvent: Codable {
  /// What has happened.
  enum Kind: String, Codable {
    case start, evaluation, alarm, end
    /// Some steps were taken; sent by the training of one of several seeds.
    case progress
    /// The finished run was evaluated on fresh episodes; sent by the training of one of several seeds.
    case final
  }

  var event: Kind
  var run: String
  var environment: String?
  var agent: String?
  var seed: UInt64?
  var outcome: String?
  var steps: Int?
  var totalSteps: Int?
  var plannedSteps: Int?
  var mode: String?
  var meanReturn: Double?
  var standardDeviation: Double?
  var bestReturn: Double?
  var meanLength: Double?
  var successRate: Double?
  var trainingReturn: Double?
  var stepsPerSecond: Double?
  var elapsed: Double?
  var shares: [String: Double]?
  var message: String?

  enum CodingKeys: String, CodingKey {
    case event, run, environment, agent, seed, outcome, steps, mode, elapsed, shares, message
    case totalSteps = "total-steps"
    case plannedSteps = "planned-steps"
    case meanReturn = "mean-return"
    case standardDeviation = "std-return"
    case bestReturn = "best-return"
    case meanLength = "mean-length"
    case successRate = "success-rate"
    case trainingReturn = "training-return"
    case stepsPerSecond = "steps-per-second"
  }
}
