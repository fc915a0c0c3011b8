/// Keys and game-pad axes for driving an environment by hand.
///
/// A box action is the sum of all bindings that are held, starting from zero; a discrete action is
/// the choice of the last binding that is held.
public struct ManualControls: Sendable, Equatable {
  /// A key, named by its label on an American keyboard.
  public enum Key: String, Sendable, Equatable, CaseIterable {
    case left, right, up, down, space
    case a, d, e, i, k, o, q, s, u, w, j, l
  }

  /// A stick axis of a game pad, positive to the right and upwards.
  public enum Axis: String, Sendable, Equatable, CaseIterable {
    case leftX = "left-x"
    case leftY = "left-y"
    case rightX = "right-x"
    case rightY = "right-y"
  }

  /// A key, half of an axis, and the action they cause.
  public struct Binding: Sendable, Equatable {
    /// Effect of the binding, in two or three words.
    public var summary: String
    /// Key of the binding.
    public var key: Key
    /// Axis with the same effect, and whether its positive half has it; nil if there is none.
    public var axis: (Axis, isPositive: Bool)?
    /// Numbers added to a box action while held, [A], in proportion to the deflection of an axis;
    /// for a discrete action, the choice.
    public var action: [Float]

    /// Creates a binding of a key and optionally an axis.
    public init(
      _ summary: String, key: Key, axis: (Axis, isPositive: Bool)? = nil, action: [Float]
    ) {
      self.summary = summary
      self.key = key
      self.axis = axis
      self.action = action
    }

    /// Compares all properties.
    public static func == (first: Binding, second: Binding) -> Bool {
      first.summary == second.summary && first.key == second.key
        && first.axis?.0 == second.axis?.0 && first.axis?.isPositive == second.axis?.isPositive
        && first.action == second.action
    }
  }

  /// Keys and axes, in the order in which they are explained.
  public var bindings: [Binding]
  /// Actions taken in turn while nothing is held, repeated in a cycle; [A] each.
  ///
  /// A single action if there is one without effect; otherwise a sequence that cancels out, such as
  /// left and right in turn.
  public var rest: [[Float]]
  /// Simulated seconds per second of real time; below 1 is slow motion.
  public var pace: Double

  /// No manual controls.
  public static let none = ManualControls(bindings: [], rest: [])

  /// Whether there are no manual controls.
  public var isEmpty: Bool { bindings.isEmpty }

  /// Creates controls, in real time by default.
  public init(bindings: [Binding], rest: [[Float]], pace: Double = 1) {
    self.bindings = bindings
    self.rest = rest
    self.pace = pace
  }
}
