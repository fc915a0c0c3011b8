// Everything an app needs, in one import.
@_exported public import Agents
@_exported public import Environments
@_exported public import Experiments
@_exported public import LinearAlgebra
@_exported public import NeuralNetworks
@_exported public import Plasticity
@_exported public import RLCore
@_exported public import Recording
@_exported public import Rendering
@_exported public import Robustness
@_exported public import Storage
@_exported public import Training
