extension ExportedPolicy {
  /// An observation and the suite's own action for it.
  public struct Example: Sendable {
    /// Observation, [O].
    public let observation: [Float]
    /// Action, [A].
    public let action: [Float]
  }

  /// Greatest difference, in half ranges of the action, that a self-test accepts.
  static let selfTestTolerance: Float = 1e-5

  /// Writes the policy as a C header that needs nothing but `<math.h>` and allocates nothing.
  ///
  /// It has `float policy(const float *observation, float *action)`, which returns the first component
  /// of the action, and `int policy_self_test(void)`, which returns 0 if the examples' actions are
  /// found again.
  ///
  /// - Parameters:
  ///   - title: What the policy is, in one line.
  ///   - examples: Observations with the suite's own actions, for the self-test.
  /// - Returns: The contents of the file.
  public func cHeader(title: String, examples: [Example]) -> String {
    let widths = [observationWidth] + layers.map(\.outputs)
    var text = """
      // \(title)
      //
      // Reads POLICY_OBSERVATIONS numbers as the environment returns them, and writes POLICY_ACTIONS numbers in the
      // environment's units\(choices == nil ? "" : ", the index of the choice"). Include it in one source file; it needs <math.h> alone.
      #ifndef RLSUITE_POLICY_H
      #define RLSUITE_POLICY_H

      #include <math.h>

      #define POLICY_OBSERVATIONS \(observationWidth)
      #define POLICY_ACTIONS \(actionWidth)


      """
    if let normalizer {
      text += Self.array("policy_mean", normalizer.mean)
      text += Self.array("policy_inverse_deviation", normalizer.inverseDeviation)
    }
    for (index, layer) in layers.enumerated() {
      text += Self.array("policy_weight_\(index)", layer.weight)
      text += Self.array("policy_bias_\(index)", layer.bias)
      if let norm = layer.norm {
        text += Self.array("policy_norm_scale_\(index)", norm.scale)
        text += Self.array("policy_norm_shift_\(index)", norm.shift)
      }
    }
    switch head {
    case .clipped(let low, let high), .squashed(let low, let high):
      text += Self.array("policy_low", low) + Self.array("policy_high", high)
    case .choice: break
    }
    text += """

      // Returns the scalar product by eight sums side by side, which rounds less than a single one.
      static float policy_product(const float *weight, const float *x, int count) {
        float sums[8] = {0};
        int k = 0;
        for (; k + 8 <= count; k += 8)
          for (int lane = 0; lane < 8; lane += 1) sums[lane] += weight[k + lane] * x[k + lane];
        for (; k < count; k += 1) sums[0] += weight[k] * x[k];
        return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
      }

      // Multiplies by a matrix, row by row, and adds a bias.
      static void policy_dense(const float *weight, const float *bias, int inputs, int outputs, const float *x,
                               float *y) {
        for (int j = 0; j < outputs; j += 1) y[j] = bias[j] + policy_product(weight + j * inputs, x, inputs);
      }

      static float policy(const float *observation, float *action) {
        float a[\(widths.max() ?? 1)], b[\(widths.max() ?? 1)];
        for (int k = 0; k < POLICY_OBSERVATIONS; k += 1) a[k] = observation[k];

      """
    if let normalizer {
      let limit = Self.literal(normalizer.limit)
      text += """
          for (int k = 0; k < POLICY_OBSERVATIONS; k += 1) {
            const float x = (a[k] - policy_mean[k]) * policy_inverse_deviation[k];
            a[k] = x < -\(limit) ? -\(limit) : x > \(limit) ? \(limit) : x;
          }

        """
    }
    for (index, layer) in layers.enumerated() { text += Self.statements(index, layer) }
    text += headStatements
    return text + selfTest(examples) + "\n#endif\n"
  }

  /// The C statements of a layer: from `a` to `b` and back.
  private static func statements(_ index: Int, _ layer: Layer) -> String {
    let count = layer.outputs
    var text =
      "  policy_dense(policy_weight_\(index), policy_bias_\(index), \(layer.inputs), \(count), a, b);\n"
    if layer.norm != nil {
      text += """
          {
            float mean = 0, variance = 0;
            for (int k = 0; k < \(count); k += 1) mean += b[k];
            mean /= \(literal(Float(count)));
            for (int k = 0; k < \(count); k += 1) variance += (b[k] - mean) * (b[k] - mean);
            const float scale = 1 / sqrtf(variance / \(literal(Float(count))) + \(literal(normEpsilon)));
            for (int k = 0; k < \(count); k += 1)
              b[k] = (b[k] - mean) * scale * policy_norm_scale_\(index)[k] + policy_norm_shift_\(index)[k];
          }

        """
    }
    let function =
      switch layer.activation {
      case .identity: "b[k]"
      case .tanh: "tanhf(b[k])"
      case .relu: "b[k] > 0 ? b[k] : 0"
      case .elu: "b[k] > 0 ? b[k] : expf(b[k]) - 1"
      case .silu: "b[k] / (1 + expf(-b[k]))"
      }
    return text + "  for (int k = 0; k < \(count); k += 1) a[k] = \(function);\n"
  }

  /// The C statements from the last layer's outputs to the action, and the end of the function.
  private var headStatements: String {
    let clip = "x < policy_low[k] ? policy_low[k] : x > policy_high[k] ? policy_high[k] : x"
    switch head {
    case .clipped:
      return """
          for (int k = 0; k < POLICY_ACTIONS; k += 1) {
            const float x = a[k];
            action[k] = \(clip);
          }
          return action[0];
        }

        """
    case .squashed:
      return """
          for (int k = 0; k < POLICY_ACTIONS; k += 1) {
            const float half = (policy_high[k] - policy_low[k]) * 0.5f;
            const float x = policy_low[k] + half + half * tanhf(a[k]);
            action[k] = \(clip);
          }
          return action[0];
        }

        """
    case .choice:
      return """
          int best = 0;
          for (int k = 1; k < \(layers[layers.count - 1].outputs); k += 1)
            if (a[k] > a[best]) best = k;
          action[0] = (float)best;
          return action[0];
        }

        """
    }
  }

  /// The C function that compares the policy with the suite's own actions.
  private func selfTest(_ examples: [Example]) -> String {
    """

    // Observations with the suite's own actions.
    \(Self.array("policy_test_observations", examples.flatMap(\.observation)))\
    \(Self.array("policy_test_actions", examples.flatMap(\.action)))\
    \(Self.array("policy_test_scale", scales))
    // Returns 0 if the policy finds them again, otherwise the number of the first example that it does not, from 1.
    static int policy_self_test(void) {
      for (int i = 0; i < \(examples.count); i += 1) {
        float action[POLICY_ACTIONS];
        policy(policy_test_observations + i * POLICY_OBSERVATIONS, action);
        for (int k = 0; k < POLICY_ACTIONS; k += 1) {
          const float difference = action[k] - policy_test_actions[i * POLICY_ACTIONS + k];
          if (!(fabsf(difference) <= \(Self.literal(Self.selfTestTolerance)) * policy_test_scale[k])) return i + 1;
        }
      }
      return 0;
    }

    """
  }

  private static func array(_ name: String, _ values: [Float]) -> String {
    "static const float \(name)[\(values.count)] = {\n\(lines(values, literal))};\n"
  }

  /// Numbers in lines of at most ten.
  static func lines(_ values: [Float], _ text: (Float) -> String) -> String {
    stride(from: 0, to: values.count, by: 10).map {
      "    " + values[$0..<min($0 + 10, values.count)].map(text).joined(separator: ", ") + ",\n"
    }.joined()
  }

  /// A number as C reads it back, bit for bit.
  private static func literal(_ value: Float) -> String {
    value.isInfinite ? (value < 0 ? "-INFINITY" : "INFINITY") : "\(value)f"
  }
}
