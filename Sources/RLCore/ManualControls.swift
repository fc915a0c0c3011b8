/// How a person drives an environment with keys or a game pad.
///
/// Box actions start from zero and everything that is held is added to them; discrete ones are the
/// choice of the last binding that is held.
public struct ManualControls: Sendable, Equatable {
  /// A key, by what is printed on it on an American keyboard.
  public enum Key: String, Sendable, Equatable, CaseIterable {
    case left, right, up, down, space
    case a, d, e, i, k, o, q, s, u, w, j, l
  }

  /// A game pad's stick axis; rightwards and upwards are positive.
  public enum Axis: String, Sendable, Equatable, CaseIterable {
    case leftX = "left-x"
    case leftY = "left-y"
    case rightX = "right-x"
    case rightY = "right-y"
  }

  /// One key, half an axis' way, and what they do.
  public struct Binding: Sendable, Equatable {
    /// What it does, in two or three words.
    public var summary: String
    /// The key.
    public var key: Key
    /// The axis that does the same, and whether its positive half does.
    public var axis: (Axis, isPositive: Bool)?
    /// What is added to a box action [A] while held, in proportion to the deflection of an axis; of
    /// a discrete action, the choice.
    public var action: [Float]

    /// Binds a key and perhaps an axis.
    public init(
      _ summary: String, key: Key, axis: (Axis, isPositive: Bool)? = nil, action: [Float]
    ) {
      self.summary = summary
      self.key = key
      self.axis = axis
      self.action = action
    }

    /// Compares all parts.
    public static func == (first: Binding, second: Binding) -> Bool {
      first.summary == second.summary && first.key == second.key
        && first.axis?.0 == second.axis?.0 && first.axis?.isPositive == second.axis?.isPositive
        && first.action == second.action
    }
  }

  /// Keys and axes, in the order they are explained in.
  public var bindings: [Binding]
  /// Actions taken one after the other while nothing is held, again and again; [A] each.
  ///
  /// One action where there is one that does nothing; where there is none, a sequence that comes to
  /// nothing, such as left and right in turn.
  public var rest: [[Float]]
  /// Seconds of the environment's time in one second of the person's; below 1 is slow motion.
  public var pace: Double

  /// No way to drive an environment.
  public static let none = ManualControls(bindings: [], rest: [])

  /// Whether there is no way to drive the environment.
  public var isEmpty: Bool { bindings.isEmpty }

  /// Gathers controls; in real time unless said otherwise.
  public init(bindings: [Binding], rest: [[Float]], pace: Double = 1) {
    self.bindings = bindings
    self.rest = rest
    self.pace = pace
  }
}
