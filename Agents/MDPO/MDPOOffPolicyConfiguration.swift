extension SACConfiguration {
  /// The settings of off-policy MDPO: SAC's, with a divergence from the previous policy and a fixed
  /// temperature.
  ///
  /// - Source: Tomar et al. 2022, arXiv:2005.09814, and the authors' code: κ = 1 and λ = 0.2, so a
  ///   mirror coefficient κ − λ of 0.8; a new previous policy every 1,000 steps.
  public static var mirrorDescent: SACConfiguration {
    var configuration = SACConfiguration()
    configuration.mirrorCoefficient = 0.8
    configuration.initialTemperature = 0.2
    configuration.learnsTemperature = false
    return configuration
  }
}
