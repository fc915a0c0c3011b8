import LinearAlgebra
import Testing

@Suite struct OpenBLASTests {
  @Test func itNamesItself() {
    #expect(!OpenBLAS.coreName.isEmpty && OpenBLAS.configuration.contains("OpenBLAS"))
  }

  @Test func itComputesCorrectlyHere() {
    #expect(OpenBLAS.multipliesCorrectly())
    #expect(LAPACK.decomposesCorrectly())
  }

  /// One element of thousands, in one of the two products.
  @Test(arguments: [false, true]) func aWrongElementIsNoticed(inTransposed: Bool) {
    let isCorrect = OpenBLAS.multipliesCorrectly { left, leftTransposed, right, result in
      result.setToProduct(left, leftTransposed: leftTransposed, right)
      if leftTransposed == inTransposed { result[97, 202] += 1 }
    }
    #expect(!isCorrect)
    #expect(!OpenBLAS.multipliesCorrectly { _, _, _, result in result.fill(.nan) })
  }

  @Test(arguments: ["Prescott", "Nehalem", "Core2", "Sandybridge", "Unknown"])
  func oldKernelsAreNamedOnNewProcessors(core: String) throws {
    let warning = try #require(OpenBLAS.warning(core: core, hasAVX2: true, isCorrect: true))
    #expect(warning.contains("its \(core) kernels") && !warning.contains("\n"))
    #expect(OpenBLAS.warning(core: core, hasAVX2: false, isCorrect: true) == nil)
  }

  @Test(arguments: ["Haswell", "Zen", "Excavator", "SkylakeX", "Cooperlake", "Sapphirerapids"])
  func newKernelsAreFine(core: String) throws {
    #expect(OpenBLAS.warning(core: core, hasAVX2: true, isCorrect: true) == nil)
    let warning = try #require(OpenBLAS.warning(core: core, hasAVX2: true, isCorrect: false))
    #expect(warning.contains("computes wrongly with its \(core) kernels"))
  }
}
