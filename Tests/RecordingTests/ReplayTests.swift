import Environments
import Foundation
import RLCore
import Recording
import TestSupport
import Testing

/// A replay goes to any step and shows the states of the episode, the last one too.
@Suite struct ReplayTests {
  /// The states a replay shows.
  private final class Viewer {
    var steps: [Int] = []
    var hashes: [UInt64] = []
    var scenes: [Scene] = []

    func watch(_ replay: Replay) {
      replay.onState = { [unowned self] replay in
        steps.append(replay.step)
        hashes.append(replay.environment.stateHash(of: 0))
        scenes.append(replay.environment.scene(of: 0))
      }
    }
  }

  @Test func everyStateIsShownAndTheLastOneStays() throws {
    let replay = try replay(record("cartpole-v1"))
    let viewer = Viewer()
    viewer.watch(replay)
    replay.rewind()
    #expect(try replay.verify() == nil)
    let count = replay.recording.stepCount
    #expect(viewer.steps == Array(0...count))
    #expect(replay.environment.stateHash(of: 0) == viewer.hashes[count])
    let action = try replay.recording.step(count).action
    let none: [Float] = []
    let hash = RecordingHash.step(
      state: viewer.hashes[count], action: action.span, disturbance: none.span)
    #expect(try hash == replay.recording.step(count).hash)
    #expect(Set(viewer.hashes).count == count + 1)
    #expect(viewer.scenes[count] != viewer.scenes[count - 1])
  }

  @Test func anyStepIsFound() throws {
    let replay = try replay(VerificationTests.walker.get())
    let viewer = Viewer()
    viewer.watch(replay)
    let reader = replay.recording
    for target in [300, 301, 10, 0, 1, 1600, 1599, 5000, 256] {
      try replay.seek(to: target)
      #expect(replay.step == min(target, 1600))
      if target == 0 {
        #expect(replay.observation == reader.header.initialObservation)
        #expect(replay.action == [0, 0, 0, 0] && replay.totalReward == 0 && replay.reward == 0)
      } else {
        let step = try reader.step(replay.step)
        #expect(replay.observation == step.observation && replay.reward == step.reward)
        #expect(replay.action == step.action)
      }
    }
    // One state is shown for each, not those passed on the way.
    #expect(viewer.steps == [300, 301, 10, 0, 1, 1600, 1599, 1600, 256])
    #expect(replay.difference == nil)
    try replay.seek(to: 256)
    #expect(viewer.steps.count == 9)
  }

  @Test func anEpisodeThatEndsEarlierIsNotFollowed() throws {
    var recording = try EditableRecording(record("cartpole-v1"))
    let count = recording.rows[0].count
    // The same action again and again makes the pole fall sooner.
    for step in 1...count {
      recording.edit(step: step) { rows, row in
        rows.words[row * rows.layout.width] = (1 as Float).bitPattern
      }
    }
    let replay = try replay(recording.contents)
    while try replay.next() {}
    #expect(replay.hasEnded && replay.step < count && replay.isAtEnd)
    #expect(replay.difference != nil)
    try replay.seek(to: count)
    #expect(replay.step < count)
  }

  @Test func differencesSayWhatIsThere() throws {
    var recording = try EditableRecording(record("cartpole-v1"))
    let column = recording.header.layout.rewardColumn
    recording.edit(step: 2) { rows, row in
      rows.words[row * rows.layout.width + column] = (0.5 as Float).bitPattern
    }
    let difference = try replay(recording.contents).verify()
    #expect(
      difference?.description
        == "step 2: reward was recorded as 0.5 and is 1.0 when re-simulated")
  }
}
