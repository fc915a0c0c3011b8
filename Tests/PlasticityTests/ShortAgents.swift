import Agents
import Environments
import NeuralNetworks
import RLCore
import Testing
import Training
import Storage

/// Agents with small networks whose iteration is 250 steps with several updates.
enum ShortAgent: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case ppo
  case ppoContinuous
  case a2c
  case trpo
  case vmpo
  /// With averaged weights.
  case fpo
  case sac
  /// With dropout and a residual policy.
  case droppingSAC
  /// With batch normalisation, without targets.
  case jointSAC

  var testDescription: String { rawValue }

  func make(
    threads: Int = 1, seed: UInt64 = 7, totalSteps: Int = 5000
  ) throws -> any Agent {
    let (identifier, environment) =
      switch self {
      case .ppo: ("ppo", "cartpole-v1")
      case .ppoContinuous: ("ppo", "pendulum-v1")
      case .a2c: ("a2c", "pendulum-v1")
      case .trpo: ("trpo", "pendulum-v1")
      case .vmpo: ("vmpo", "pendulum-v1")
      case .fpo: ("fpo", "pendulum-v1")
      case .sac, .droppingSAC, .jointSAC: ("sac", "pendulum-v1")
      }
    return try Self.make(
      identifier, on: environment, settings, threads: threads, seed: seed, totalSteps: totalSteps)
  }

  /// An agent with settings of its own.
  static func make(
    _ identifier: String, on environment: String, _ settings: any AgentConfiguration,
    threads: Int = 1, seed: UInt64 = 7, totalSteps: Int = 5000
  ) throws -> any Agent {
    let vector = try #require(EnvironmentRegistry.find(environment)).construct(5)
    vector.reset(seeds: .training(runSeed: seed))
    return try #require(AgentRegistry.find(identifier)).make(
      settings,
      in: AgentContext(
        environment: vector, pool: WorkerPool(threads: threads), seed: seed,
        totalSteps: totalSteps))
  }

  static var ppoSettings: PPOConfiguration {
    var ppo = PPOConfiguration()
    ppo.stepsPerRollout = 50
    ppo.minibatchSize = 64
    ppo.epochs = 2
    ppo.policyHidden = [16, 12]
    ppo.criticHidden = [16, 12]
    ppo.normalizeObservations = true
    return ppo
  }

  static var sacSettings: SACConfiguration {
    var sac = SACConfiguration()
    sac.stepsPerIteration = 250
    sac.replayRatio = 0.25
    sac.warmUpSteps = 300
    sac.bufferSize = 600
    sac.batchSize = 32
    sac.policyDelay = 2
    sac.policyHidden = [16, 12]
    sac.criticHidden = [16, 12]
    return sac
  }

  private var settings: any AgentConfiguration {
    if self == .ppo || self == .ppoContinuous { return Self.ppoSettings }
    if self == .a2c {
      var a2c = A2CConfiguration()
      a2c.stepsPerRollout = 10
      a2c.rolloutsPerIteration = 5
      (a2c.policyHidden, a2c.criticHidden) = ([16, 12], [16, 12])
      return a2c
    }
    if self == .trpo {
      var trpo = TRPOConfiguration()
      trpo.stepsPerRollout = 50
      (trpo.fitting.epochs, trpo.fitting.minibatchSize) = (2, 64)
      (trpo.policyHidden, trpo.criticHidden) = ([16, 12], [16, 12])
      return trpo
    }
    if self == .vmpo {
      var vmpo = VMPOConfiguration()
      (vmpo.stepsPerRollout, vmpo.minibatchSize, vmpo.epochs) = (50, 64, 2)
      (vmpo.policyHidden, vmpo.criticHidden) = ([16, 12], [16, 12])
      return vmpo
    }
    if self == .fpo {
      var fpo = FPOConfiguration()
      (fpo.stepsPerRollout, fpo.minibatchSize, fpo.epochs) = (50, 64, 2)
      (fpo.samplesPerAction, fpo.flowSteps) = (3, 4)
      (fpo.averageDecay, fpo.averageWarmUp) = (0.9, 1)
      (fpo.policyHidden, fpo.criticHidden) = ([16, 12], [16, 12])
      return fpo
    }
    var sac = Self.sacSettings
    if self == .droppingSAC {
      sac.criticDropout = 0.1
      sac.criticLayerNorm = true
      sac.policyArchitecture = .bro
      sac.policyHidden = [16, 16]
    }
    if self == .jointSAC {
      (sac.criticBatchNorm, sac.usesTargetNetworks, sac.criticDropout) = (true, false, 0.1)
    }
    return sac
  }
}

/// Everything an agent remembers.
func archive(_ agent: any Agent, _ attachments: [any TrainingAttachment] = []) -> TensorArchive {
  var archive = TensorArchive()
  agent.save(to: &archive)
  for attachment in attachments { attachment.save(to: &archive) }
  return archive
}
