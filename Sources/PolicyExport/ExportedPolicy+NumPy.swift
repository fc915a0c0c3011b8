extension ExportedPolicy {
  /// Writes a program in Python that acts by the exported ONNX file's numbers, with NumPy and the
  /// package `onnx`, as an example of how to read them.
  ///
  /// - Parameter title: What the policy is, in one line.
  /// - Returns: The contents of the file.
  public func numPyExample(title: String) -> String {
    """
    \"\"\"\(title)

    python3 policy.py compares the numbers of policy.onnx with the suite's own actions, which are stored in it.
    \"\"\"

    import json
    import pathlib

    import numpy as np
    import onnx
    from onnx import numpy_helper

    MODEL = onnx.load(pathlib.Path(__file__).parent / "policy.onnx")
    TENSORS = {tensor.name: numpy_helper.to_array(tensor) for tensor in MODEL.graph.initializer}
    METADATA = {entry.key: entry.value for entry in MODEL.metadata_props}


    def policy(observations):
        \"\"\"Returns the actions for observations, [rows x \(observationWidth)].\"\"\"
        x = np.asarray(observations, np.float32)
    \(normalizerStatement)\(layers.enumerated().map(Self.statement).joined())\(headStatement)

    if __name__ == "__main__":
        examples = json.loads(METADATA["rlsuite.examples"])
        found = policy([example["observation"] for example in examples])
        expected = np.array([example["action"] for example in examples]).reshape(found.shape)
        print("greatest difference", np.abs(found - expected).max())

    """
  }

  private var normalizerStatement: String {
    guard let normalizer else { return "" }
    return "    x = np.clip((x - TENSORS[\"mean\"]) * TENSORS[\"inverse_deviation\"], "
      + "-\(normalizer.limit), \(normalizer.limit))\n"
  }

  private static func statement(_ index: Int, _ layer: Layer) -> String {
    var text = "    x = x @ TENSORS[\"weight_\(index)\"].T + TENSORS[\"bias_\(index)\"]\n"
    if layer.norm != nil {
      text +=
        "    x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + \(normEpsilon))\n"
        + "    x = x * TENSORS[\"norm_scale_\(index)\"] + TENSORS[\"norm_shift_\(index)\"]\n"
    }
    switch layer.activation {
    case .identity: return text
    case .tanh: return text + "    x = np.tanh(x)\n"
    case .relu: return text + "    x = np.maximum(x, 0)\n"
    case .elu: return text + "    x = np.where(x > 0, x, np.expm1(x))\n"
    case .silu: return text + "    x = x / (1 + np.exp(-x))\n"
    }
  }

  private var headStatement: String {
    switch head {
    case .clipped: return "    return np.clip(x, TENSORS[\"low\"], TENSORS[\"high\"])\n"
    case .squashed:
      return "    x = TENSORS[\"middle\"] + TENSORS[\"half_range\"] * np.tanh(x)\n"
        + "    return np.clip(x, TENSORS[\"low\"], TENSORS[\"high\"])\n"
    case .choice: return "    return x.argmax(1)\n"
    }
  }
}
