import ArgumentParser
import Experiments
import Foundation
import RLCore
import Rendering
import Robustness
import Storage
import Training

/// The verb `stress`: measures a policy or controller over a grid of conditions.
struct Stress: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stress",
    abstract: "Test a policy over a grid of physical parameters and perturbations.",
    discussion: """
      Every cell of the grid has the same episodes, of the seeds --seed, --seed + 1 and so on, \
      which neither training nor its evaluations use. Unlike in 'evaluate', nothing that the \
      policy's training drew or perturbed is drawn or perturbed unless --randomize or --perturb say \
      so. The policy takes its most likely actions.

      Every finished cell is kept in a folder: the same command continues a test that was \
      interrupted, however it ended, and a finished one is shown again. At the end, cells.csv, \
      summary.json and, of a grid, heat-map.png are there too.

      Besides a grid or instead of one, the policy meets adversaries (--adversary), changed \
      observations (--attack) and impulses (--impulse), or gets a certificate (--certify); with a \
      grid or --out, attacks.json in the folder has the results.

      A --min option is a gate: the command exits with 1 if a result is too low.
      """)

  @OptionGroup var policyOptions: PolicyOptions
  @Option(
    name: [.long, .customShort("g")],
    help: ArgumentHelp(
      "Axis of the grid, a physical parameter or a perturbation with its values: "
        + "mass=0.5..1.5:21, friction=log:0.2..2:11, gravity=choice:0.9:1:1.1, action-delay=0..5:6, "
        + "push=constant:0..1:5. Both ends are values. Can be repeated, or hold several with commas.",
      valueName: "name=values"))
  var grid: [String] = []
  @Option(
    help: ArgumentHelp(
      "Test so many random draws of the parameters of --randomize instead of a grid.",
      valueName: "n"))
  var samples: Int?
  @Option(
    help: ArgumentHelp(
      "Draw physical parameters anew for every episode, as in 'train', or with --samples for every "
        + "cell.", valueName: "name=spec,…"))
  var randomize: String?
  @Option(
    help: ArgumentHelp(
      "Perturb actions, bodies and observations in all cells, as in 'train'.",
      valueName: "name=value,…"))
  var perturb: String?
  @Option(name: [.long, .customShort("n")], help: "Number of episodes per cell.") var episodes = 25
  @Option(seedsBelow2To: 40) var seed: UInt64 = 0
  @Flag(help: "In the cells, sample actions instead of taking the most likely ones.")
  var stochastic = false
  @OptionGroup var gateOptions: StressGateOptions
  @OptionGroup var attackOptions: AttackOptions
  @Option(
    path: [.long, .customShort("o")],
    help: "Folder of the test; by default one in stress/ whose name depends on the test.")
  var out: String?
  @Option(help: "Width and height of the heat map, in pixels.") var size =
    "\(HeatMap.standardSize.width)x\(HeatMap.standardSize.height)"
  @Option(
    path: .long,
    help: ArgumentHelp("Write the verdicts as a JUnit test report.", valueName: "file.xml"))
  var junit: String?
  @Flag(name: [.long, .customShort("y")], help: "Run even if it takes more than a day.")
  var yes = false
  @Flag(help: "Write one JSON object per line to standard output.") var json = false
  @OptionGroup var threadOptions: ThreadOptions

  func run() throws {
    let size = try Picture.size(from: size)
    let folders = policyOptions.runFolders
    if let junit { try FileSystem.makeFolder(ofFile: junit) }
    let stop = StopSignal(notice: "\n\(CommandLineTool.name): stopping (again to stop at once)")
    if let folders { return try run(folders, size: size, stop) }
    let (verdicts, _) = try test(size: size, stop)
    if let junit { try FileSystem.write(Data(verdicts.junit.utf8), to: junit) }
    try verdicts.check()
  }

  /// Tests the policy of each run in a folder of several; one that can't be read is a sentence.
  private func run(
    _ folders: [String], size: (width: Int, height: Int), _ stop: StopSignal
  ) throws {
    var group = StressGroup(policyOptions.path)
    var report = JUnitReport("stress \(policyOptions.path)")
    var all: [StressVerdicts] = []
    var isDamaged = false
    for folder in folders {
      let name = FileSystem.split(folder).name
      var one = self
      one.policyOptions.path = folder
      one.out = out.map { "\($0)/\(name)" }
      do {
        let (verdicts, stress) = try one.test(size: size, stop)
        if let stress { group.add(stress, of: folder) }
        verdicts.add(to: &report, under: "\(name).")
        all.append(verdicts)
      } catch let error as FileError {
        Failure.report(error)
        isDamaged = true
      }
    }
    if !group.isEmpty { writeLine(json ? try jsonLine(group) : "\n\(group.group)\n\(group.text)") }
    if let junit { try FileSystem.write(Data(report.text.utf8), to: junit) }
    for verdicts in all { try verdicts.check() }
    if isDamaged { throw ExitCode(ExitStatus.damaged.rawValue) }
  }

  /// Tests one policy.
  ///
  /// - Returns: The outcomes of the gates, and the results of the grid; nil without one.
  private func test(
    size: (width: Int, height: Int), _ stop: StopSignal
  ) throws -> (StressVerdicts, StressReport?) {
    let policy = try makePolicy()
    let test = try makeTest(policy)
    for gate in gateOptions.gates { try gate.check(policy.environment, hasCells: test != nil) }
    try attackOptions.check(policy, episodes: episodes)
    var verdicts = StressVerdicts(policy)
    let stress = try test.map { try runGrid($0, size: size, stop, &verdicts) }
    if attackOptions.areGiven {
      try StoredPolicy.checkEvaluation(episodes: episodes, seed: seed)
      let report = try AttackRun(
        policy, attackOptions, episodes: episodes, seed: seed, threads: threadOptions.threads,
        shouldStop: { stop.isRaised }
      ).report()
      if let folder = verdicts.folder ?? out {
        try FileSystem.makeFolder(folder)
        let text = try jsonText(report, isPretty: true) + "\n"
        try FileSystem.write(Data(text.utf8), to: "\(folder)/attacks.json")
      }
      if test != nil, !json { writeLine("") }
      writeLine(json ? try jsonLine(report) : report.text)
      verdicts.add(report.notFiniteSentence, report.gates)
    }
    return (verdicts, stress)
  }

  private func runGrid(
    _ test: StressTest, size: (width: Int, height: Int), _ stop: StopSignal,
    _ verdicts: inout StressVerdicts
  ) throws -> StressReport {
    let folder = try StressFolder(test, at: out)
    let progress = StressProgressLine(mayTakeDays: yes)
    progress.begin(folder, test)
    let result = try folder.run(threads: threadOptions.threads) {
      progress.show($0) && !stop.isRaised
    }
    LiveLine.show("")
    guard let result else {
      let kept = "\(counted(folder.finishedCells, "finished cell")) in \(folder.path)"
      if let estimate = progress.refused {
        folder.removeIfEmpty()
        throw ConfigurationError(
          "the test would take about \(duration(estimate)), more than a day; choose fewer cells or "
            + "episodes, or add --yes"
            + (folder.finishedCells > 0 ? "; \(kept) are kept" : ""))
      }
      complain("the same command continues with \(kept)")
      throw ExitCode(ExitStatus.interrupted.rawValue)
    }
    let report = StressReport(test, result, gates: gateOptions.gates, folder: folder.path)
    try FileSystem.write(Data(report.csv.utf8), to: folder.tableFile)
    let summary = try jsonText(report, isPretty: true) + "\n"
    try FileSystem.write(Data(summary.utf8), to: folder.summaryFile)
    if let map = HeatMap(result, of: test) {
      try map.draw(width: size.width, height: size.height).write(to: folder.heatMapFile)
    }
    writeLine(json ? try jsonLine(report) : report.text(result, of: test))
    verdicts.folder = folder.path
    verdicts.add(report.notFiniteSentence, report.gates ?? [])
    return report
  }

  // MARK: What is tested

  /// The policy without the conditions of its training, but with those of the options.
  private func makePolicy() throws -> StoredPolicy {
    var policy = try policyOptions.resolve()
    try policy.randomize(draws)
    try policy.perturb(perturbations)
    return policy
  }

  private var draws: Randomization {
    get throws {
      try randomize.map { try Randomization(parsing: $0, origin: "--randomize") }
        ?? Randomization()
    }
  }

  private var perturbations: Perturbations {
    get throws {
      try perturb.map { try Perturbations(parsing: $0, origin: "--perturb") } ?? Perturbations()
    }
  }

  /// The grid or the samples; nil if only opponents are asked for.
  private func makeTest(_ policy: StoredPolicy) throws -> StressTest? {
    let cells: ConditionGrid
    if let samples {
      guard grid.isEmpty else {
        throw ConfigurationError("--samples and --grid can't be combined; choose one")
      }
      cells = try ConditionGrid(
        samples: samples, of: draws, in: policy.environment, parameters: policy.parameters,
        seed: seed)
    } else {
      guard !grid.isEmpty || attackOptions.areGiven else {
        throw ConfigurationError(
          "--grid is missing, such as --grid \(Self.example(policy.environment))")
      }
      guard !grid.isEmpty else { return nil }
      cells = try ConditionGrid(parsing: grid, in: policy.environment)
    }
    return try StressTest(
      policy, over: cells, episodes: episodes, seed: seed,
      mode: stochastic ? .stochastic : nil,
      randomization: samples == nil ? draws : Randomization(), perturbations: perturbations)
  }

  /// A grid that the environment has.
  private static func example(_ environment: RegisteredEnvironment) -> String {
    guard let parameter = environment.parameters.first else { return "action-delay=0..5:6" }
    let range = parameter.range
    return "\(parameter.name)=\(number(range.lowerBound))..\(number(range.upperBound)):11"
  }
}
