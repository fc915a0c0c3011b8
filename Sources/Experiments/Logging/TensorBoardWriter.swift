package import Foundation
internal import Storage

/// An encoder of TensorBoard's event files: their protocol-buffer messages and record framing.
///
/// Five message types with a dozen fields suffice, which every TensorBoard since 2016 reads; they
/// are encoded by hand rather than by generated code.
///
/// - Source: TensorFlow's `event.proto`, `summary.proto`, `record_writer.cc` and TensorBoard's
///   `hparams/plugin_data.proto`.
package struct EventEncoder {
  /// A protocol-buffer message under construction.
  struct Message {
    fileprivate(set) var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }

    mutating func integer(_ field: UInt64, _ value: Int) {
      varint(field << 3)
      varint(UInt64(bitPattern: Int64(value)))
    }

    mutating func double(_ field: UInt64, _ value: Double) {
      varint(field << 3 | 1)
      word(value.bitPattern)
    }

    mutating func doubles(_ field: UInt64, _ values: [Double]) {
      var packed = Message()
      for value in values { packed.word(value.bitPattern) }
      data(field, packed.bytes)
    }

    mutating func float(_ field: UInt64, _ value: Float) {
      varint(field << 3 | 5)
      word(value.bitPattern)
    }

    mutating func data(_ field: UInt64, _ value: some Collection<UInt8>) {
      varint(field << 3 | 2)
      varint(UInt64(value.count))
      bytes.append(contentsOf: value)
    }

    mutating func string(_ field: UInt64, _ value: String) { data(field, value.utf8) }

    /// Appends a number of fixed width, its lowest byte first.
    mutating func word(_ value: some FixedWidthInteger) {
      for shift in stride(from: 0, to: value.bitWidth, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> shift))
      }
    }

    mutating func message(_ field: UInt64, _ fill: (inout Message) -> Void) {
      var inner = Message()
      fill(&inner)
      data(field, inner.bytes)
    }
  }

  /// Returns an event framed by its length with masked checksum, and its own masked checksum.
  static func record(wallTime: Double, step: Int?, _ fill: (inout Message) -> Void) -> Data {
    var event = Message()
    event.double(1, wallTime)
    if let step { event.integer(2, step) }
    fill(&event)
    var record = Message()
    record.word(UInt64(event.bytes.count))
    record.word(mask(CRC32C.checksum(record.bytes)))
    record.bytes += event.bytes
    record.word(mask(CRC32C.checksum(event.bytes)))
    return Data(record.bytes)
  }

  /// Returns a masked checksum, which may be stored beside the data that it covers.
  package static func mask(_ checksum: UInt32) -> UInt32 {
    (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }

  /// Returns the record that begins every file.
  package static func version(wallTime: Double) -> Data {
    record(wallTime: wallTime, step: nil) { $0.string(3, "brain.Event:2") }
  }

  /// Returns a record of scalars at one step.
  package static func scalars(
    _ scalars: [(tag: String, value: Double)], step: Int, wallTime: Double
  ) -> Data {
    record(wallTime: wallTime, step: step) { event in
      event.message(5) { summary in
        for (tag, value) in scalars {
          summary.message(1) {
            $0.string(1, tag)
            $0.float(2, Float(value))
          }
        }
      }
    }
  }

  /// Returns a record of histograms at one step.
  package static func histograms(
    _ histograms: [(tag: String, histogram: Histogram)], step: Int, wallTime: Double
  ) -> Data {
    record(wallTime: wallTime, step: step) { event in
      event.message(5) { summary in
        for (tag, histogram) in histograms {
          summary.message(1) { value in
            value.string(1, tag)
            value.message(5) {
              $0.double(1, histogram.minimum)
              $0.double(2, histogram.maximum)
              $0.double(3, Double(histogram.count))
              $0.double(4, histogram.sum)
              $0.double(5, histogram.sumOfSquares)
              $0.doubles(6, histogram.limits)
              $0.doubles(7, histogram.counts)
            }
          }
        }
      }
    }
  }

  /// Returns a record of a picture at one step.
  static func picture(
    _ tag: String, _ picture: (png: Data, width: Int, height: Int), step: Int, wallTime: Double
  ) -> Data {
    record(wallTime: wallTime, step: step) { event in
      event.message(5) { summary in
        summary.message(1) { value in
          value.string(1, tag)
          value.message(4) {
            $0.integer(1, picture.height)
            $0.integer(2, picture.width)
            $0.integer(3, 3)
            $0.data(4, picture.png)
          }
        }
      }
    }
  }

  /// Returns a record that makes readers discard earlier points at this step and later ones.
  package static func sessionStart(step: Int, wallTime: Double) -> Data {
    record(wallTime: wallTime, step: step) { event in
      event.message(7) { $0.integer(1, 1) }
    }
  }

  /// Returns a record of a run's settings and main metric for the table of hyperparameters.
  package static func hyperparameters(
    _ settings: [(name: String, value: String)], metric: String, runName: String, wallTime: Double
  ) -> Data {
    record(wallTime: wallTime, step: nil) { event in
      event.message(5) { summary in
        plugin(&summary, "_hparams_/experiment") { data in
          data.message(2) { experiment in
            for (name, value) in settings {
              experiment.message(4) {
                $0.string(1, name)
                $0.integer(4, Double(value) == nil ? 1 : 3)
              }
            }
            experiment.message(5) { info in info.message(1) { $0.string(2, metric) } }
          }
        }
        plugin(&summary, "_hparams_/session_start_info") { data in
          data.message(3) { start in
            for (name, value) in settings {
              start.message(1) { entry in
                entry.string(1, name)
                entry.message(2) {
                  if let number = Double(value) {
                    $0.double(2, number)
                  } else {
                    $0.string(3, value)
                  }
                }
              }
            }
            start.string(4, runName)
            start.double(5, wallTime)
          }
        }
      }
    }
  }

  /// Returns a record of the run's success or failure.
  package static func sessionEnd(isSuccess: Bool, wallTime: Double) -> Data {
    record(wallTime: wallTime, step: nil) { event in
      event.message(5) { summary in
        plugin(&summary, "_hparams_/session_end_info") { data in
          data.message(4) {
            $0.integer(1, isSuccess ? 1 : 2)
            $0.double(2, wallTime)
          }
        }
      }
    }
  }

  private static func plugin(
    _ summary: inout Message, _ tag: String, _ fill: (inout Message) -> Void
  ) {
    var content = Message()
    fill(&content)
    summary.message(1) { value in
      value.string(1, tag)
      value.message(9) { metadata in
        metadata.message(1) {
          $0.string(1, "hparams")
          $0.data(2, content.bytes)
        }
      }
    }
  }
}

/// The tags of the suite's metrics in dashboards made for Stable-Baselines3.
package enum TensorBoardTag {
  private static let names = [
    "episode-return": "rollout/ep_rew_mean",
    "episode-length": "rollout/ep_len_mean",
    "policy-loss": "train/policy_gradient_loss",
    "value-loss": "train/value_loss",
    "approximate-kl": "train/approx_kl",
    "clip-fraction": "train/clip_fraction",
    "explained-variance": "train/explained_variance",
    "learning-rate": "train/learning_rate",
    "action-std": "train/std",
    "actor-loss": "train/actor_loss",
    "critic-loss": "train/critic_loss",
    "entropy-coefficient": "train/ent_coef",
  ]

  /// Returns the tag and value of a metric.
  package static func scalar(_ metric: String, _ value: Double) -> (tag: String, value: Double) {
    // Stable-Baselines3 logs the loss, which is the negative entropy.
    if metric == "entropy" { return ("train/entropy_loss", -value) }
    // Metrics of attachments have groups of their own.
    if metric.utf8.contains(UInt8(ascii: "/")) { return (metric, value) }
    return (names[metric] ?? "train/" + metric.map { $0 == "-" ? "_" : "\($0)" }.joined(), value)
  }
}
