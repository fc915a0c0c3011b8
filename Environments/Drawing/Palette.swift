internal import RLCore

/// The colours shared by all scenes.
enum Palette {
  static let skyTop = Scene.Color(0x8FC1E3)
  static let skyBottom = Scene.Color(0xF6F1E4)
  static let sun = Scene.Color(0xFFE3A8)
  static let cloud = Scene.Color(0xFFFFFF, opacity: 0.85)
  static let farHill = Scene.Color(0xBBD3DB)
  static let nearHill = Scene.Color(0x9CC3B5)

  static let tree = Scene.Color(0x86B3A4)
  static let treeShade = Scene.Color(0x77A697)

  static let soilTop = Scene.Color(0xA37E64)
  static let soilBottom = Scene.Color(0x6B5148)
  static let soilShade = Scene.Color(0x3A2A2A, opacity: 0.16)
  static let soilMark = Scene.Color(0xF6F1E4, opacity: 0.7)
  static let grass = Scene.Color(0x7DB46C)
  static let grassShade = Scene.Color(0x5A9355)
  static let stoneTop = Scene.Color(0x9AA5B1)
  static let stoneBottom = Scene.Color(0x6B7887)
  static let stoneEdge = Scene.Color(0x56616E)

  static let ink = Scene.Color(0x293241)
  static let navy = Scene.Color(0x3D5A80)
  static let mist = Scene.Color(0x98C1D9)
  static let steel = Scene.Color(0x6B7A8C)
  static let paper = Scene.Color(0xFBFAF5)
  static let coral = Scene.Color(0xEE6C4D)
  static let coralShade = Scene.Color(0xB84A32)
  static let amber = Scene.Color(0xF4B860)
  static let amberShade = Scene.Color(0xC48A3A)
  static let go = Scene.Color(0x4FA66A)

  /// Colour of the agent's actions.
  static let action = Scene.Color(0x2F80C3)
  /// Colour of external disturbances.
  static let disturbance = Scene.Color(0xC2286B)
}

extension Scene.Color {
  /// Returns the same colour with another opacity.
  func faded(to opacity: Double) -> Scene.Color {
    var color = self
    color.opacity = opacity
    return color
  }
}
