import PointMass
import RLSuite
import RLSuiteTool

// PointMassTool train --env point-mass --agent ppo
CommandLineTool.main { try $0.add(RegisteredEnvironment(PointMass.self)) }
