/// Re-simulates recorded episodes, line by line.
///
/// A trace is a file of JSON lines.  A line with a `kind` describes the file and chooses the
/// environment; every other line is an episode with a `seed` or an initial state and the `actions`
/// taken, and is returned with everything the simulator computed, in full precision.  Members that
/// the line already had are compared, so anyone can check parity with another implementation:
///
/// ```swift
/// var engine = try TraceEngine(environment: nil)
/// for line in lines {
///   let result = try engine.process(line)
///   print(result.line)
///   for comparison in result.comparisons where !comparison.passes { print(comparison) }
/// }
/// ```
///
/// | Environment | Start | Members |
/// |---|---|---|
/// | `cartpole-v1`, `cartpole` | `seed` or `state0` (x, x', angle, angle') | `actions` 0 or 1 |
/// | `pendulum-v1` | `seed` or `state0` (angle, angle') | `actions`; `g`, `action_dtype` |
/// | `acrobot-v1` | `seed` or `state0` (both angles, both velocities) | `actions` 0, 1 or 2 |
/// | `mountain-car` | `seed` or `state0` (x, x') | `actions` 0, 1 or 2 |
/// | `mountain-car-continuous` | `seed` or `state0` (x, x') | `actions`, of any size |
/// | `lander`, `lander-continuous` | `seed` | `actions`; `enable_wind`, `wind_power`, `gravity`, … |
/// | `walker`, `walker-hardcore` | `seed` or `terrain_y`, `obstacles`, `hull_force` | `actions` |
/// | `quadcopter` | `seed` or `state0` (x, x', z, z', pitch, rate) | `actions` |
/// | all others | `seed` | `actions` |
///
/// Any line may hold `parameters`, an object of physical parameters by name.
public struct TraceEngine {
  /// The contents of the lines.
  private enum Content {
    case environment(TracedEnvironment)
    /// Walker episodes, whose member `hardcore` chooses the walker.
    case eitherWalker
    /// Lander episodes, whose member `continuous` chooses the lander.
    case eitherLander
    /// First observations by seed, of the environment that the line names.
    case seededResets
    /// Streams of NumPy's generator.
    case randomStreams
  }

  /// Ids of the environments that can be traced.
  public static let identifiers = TracedEnvironment.all.map(\.identifier)

  private let isFixed: Bool
  private var content: Content?

  /// Creates an engine.
  ///
  /// - Parameter identifier: Id of the environment of all lines, which overrides the file's own
  ///   choice; nil to use that choice.
  /// - Throws: ``TraceError/unknownEnvironment(_:known:)``.
  public init(environment identifier: String? = nil) throws(TraceError) {
    isFixed = identifier != nil
    if let identifier { content = .environment(try Self.find(identifier)) }
  }

  private static func find(_ identifier: String) throws(TraceError) -> TracedEnvironment {
    guard let environment = TracedEnvironment.find(identifier) else {
      throw .unknownEnvironment(identifier, known: identifiers)
    }
    return environment
  }

  /// Re-simulates one line.
  public mutating func process(_ line: String) throws(TraceError) -> TraceResult {
    let json = try JSONValue.parse(line)
    guard case .object = json else {
      throw .malformedJSON(byte: 0, reason: "expected an object")
    }
    let record = TraceLine(json: json)
    if let kind = try record.string("kind") {
      if !isFixed { content = try Self.content(ofKind: kind) }
      return TraceResult(json: json, fields: [], isMetadata: true)
    }
    switch content {
    case nil: throw .noEnvironment
    case .environment(let environment):
      return TraceResult(json: json, fields: try environment.run(record), line: record)
    case .eitherWalker:
      let name = try record.flag("hardcore") ? "walker-hardcore" : "walker"
      return TraceResult(json: json, fields: try Self.find(name).run(record), line: record)
    case .eitherLander:
      let name = try record.flag("continuous") ? "lander-continuous" : "lander"
      return TraceResult(json: json, fields: try Self.find(name).run(record), line: record)
    case .randomStreams:
      return TraceResult(json: json, fields: try RandomStreamTrace.run(record), line: record)
    case .seededResets:
      guard let name = try record.string("id") else { throw .missing(field: "id") }
      guard let identifier = Self.gymnasiumNames[name] else {
        return TraceResult(json: json, fields: [], skipReason: "no environment matches \(name)")
      }
      return TraceResult(
        json: json, fields: try Self.find(identifier).runResets(record), line: record)
    }
  }

  private static func content(ofKind kind: String) throws(TraceError) -> Content {
    switch kind {
    case "cartpole_v1": return .environment(try find("cartpole-v1"))
    case "pendulum_v1": return .environment(try find("pendulum-v1"))
    case "acrobot_v1": return .environment(try find("acrobot-v1"))
    case "mountain_car_v0": return .environment(try find("mountain-car"))
    case "mountain_car_continuous_v0": return .environment(try find("mountain-car-continuous"))
    case "bipedal_walker_flat", "bipedal_walker_rough", "bipedal_walker_hardcore":
      return .eitherWalker
    case "lunar_lander_v3": return .eitherLander
    case "seeded_resets", "seeded_resets_2": return .seededResets
    case "numpy_pcg64": return .randomStreams
    default:
      guard let environment = TracedEnvironment.find(kind) else { throw .unsupportedKind(kind) }
      return .environment(environment)
    }
  }

  private static let gymnasiumNames = [
    "CartPole-v1": "cartpole-v1", "Pendulum-v1": "pendulum-v1", "BipedalWalker-v3": "walker",
    "BipedalWalkerHardcore-v3": "walker-hardcore", "Acrobot-v1": "acrobot-v1",
    "MountainCar-v0": "mountain-car", "MountainCarContinuous-v0": "mountain-car-continuous",
    "LunarLander-v3": "lander", "LunarLanderContinuous-v3": "lander-continuous",
  ]
}

/// The result of re-simulating one line.
public struct TraceResult: Sendable {
  /// The line as JSON, including what was computed.
  public let line: String
  /// Comparisons of each computed member with the one that the line already had.
  public let comparisons: [TraceComparison]
  /// Keys of the members that were neither read nor computed, in order of appearance.
  public let unknownMembers: [String]
  /// Keys of the members that such a line can have, sorted.
  public let knownMembers: [String]
  /// Whether the line describes the file and was returned unchanged.
  public let isMetadata: Bool
  /// Reason why the line was returned without simulating it; nil if there was none.
  public let skipReason: String?

  /// Whether every member that must agree does.
  public var passes: Bool { comparisons.allSatisfy(\.passes) }

  init(
    json: JSONValue, fields: [TraceField], line record: TraceLine? = nil, isMetadata: Bool = false,
    skipReason: String? = nil
  ) {
    let known = (record?.known ?? []).union(fields.map(\.name))
    knownMembers = known.sorted()
    if record != nil, case .object(let members) = json {
      unknownMembers = members.map(\.key).filter { !known.contains($0) }
    } else {
      unknownMembers = []
    }
    line = fields.isEmpty ? json.text : json.setting(fields.map { .init($0.name, $0.json) }).text
    comparisons = fields.compactMap { field in
      json[field.name].map { field.compare(with: $0) }
    }
    self.isMetadata = isMetadata
    self.skipReason = skipReason
  }
}
