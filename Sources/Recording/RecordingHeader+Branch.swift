extension RecordingHeader {
  /// The recording whose first steps an episode repeats before it goes on in its own way.
  public struct Branch: Sendable, Equatable {
    /// Fingerprint of the recording; see ``RecordingReader/fingerprint``.
    public var recording: UInt64
    /// Number of steps that are the recording's.
    public var step: Int
    /// Id of the agent or controller that chose them.
    public var agent: String
    /// Policy that chose them; nil for a person, and if the policy was learning at the time.
    public var policy: Policy?

    /// Creates a description of a branch.
    public init(recording: UInt64, step: Int, agent: String, policy: Policy?) {
      (self.recording, self.step) = (recording, step)
      (self.agent, self.policy) = (agent, policy)
    }
  }

  /// Returns the header of a recording that repeats the first steps of one with this header.
  ///
  /// It still names the agent and the policy of those steps as its own.
  ///
  /// - Parameters:
  ///   - fingerprint: Fingerprint of the recording with this header.
  ///   - step: Number of steps to repeat.
  ///   - build: Software and machine that make the new recording.
  /// - Returns: The header of the new recording.
  package func branching(from fingerprint: UInt64, at step: Int, build: Build) -> RecordingHeader {
    var header = self
    header.branch = Branch(recording: fingerprint, step: step, agent: agent, policy: policy)
    header.build = build
    return header
  }
}
