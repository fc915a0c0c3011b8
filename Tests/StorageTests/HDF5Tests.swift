import Foundation
import Storage
import TestSupport
import Testing

/// Files of HDF5, byte by byte where no reader of them is at hand.
@Suite struct HDF5Tests {
  /// From the test program in the checksum's source.
  @Test func theChecksumIsThatOfItsSource() {
    #expect(HDF5Messages.checksum(Data("Four score and seven years ago".utf8)) == 0x1777_0551)
    #expect(HDF5Messages.checksum(Data()) == 0xDEAD_BEEF)
  }

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let file = try HDF5Writer(path: folder.file("a.hdf5"))
    let arrays = [
      HDF5Array(floats: [1, 2.5, -3, 4, 5, 6], shape: [3, 2]), HDF5Array(doubles: [0.1]),
      HDF5Array(integers: [-7, 9]), HDF5Array(flags: [true, false, true]), HDF5Array(doubles: []),
    ]
    var members: [(name: String, object: HDF5Writer.Object)] = []
    for (name, array) in zip(["floats", "doubles", "integers", "flags", "none"], arrays) {
      members.append((name, try file.add(array)))
    }
    let group = try file.addGroup(
      members, attributes: [("id", .integer(-1)), ("seed", .unsigned(.max))])
    try file.finish(root: file.addGroup([("group", group)]))
  }

  /// The bytes of the file that ``hdf5Opens()`` has read by h5py 3.16.
  @Test func aFileHasTheBytesThatItsReadersKnow() throws {
    let bytes = try FileSystem.read(folder.file("a.hdf5"))
    #expect(bytes.prefix(8) == Data([0x89]) + Data("HDF\r\n".utf8) + Data([0x1A, 0x0A]))
    #expect(bytes.count == 928 && CRC32C.checksum(bytes) == 0x64F0_B96A)
  }

  @Test(.enabled(if: Python.has("h5py"), "python3 has no h5py")) func hdf5Opens() throws {
    let program = """
      import h5py, sys
      with h5py.File(sys.argv[1]) as file:
          group = file["group"]
          for name in group:
              print(name, group[name].dtype, group[name][:].tolist())
          print(int(group.attrs["id"]), int(group.attrs["seed"]))
      """
    let result = try Python.run(["-c", program, folder.file("a.hdf5")])
    #expect(
      result.output == """
        floats float32 [[1.0, 2.5], [-3.0, 4.0], [5.0, 6.0]]
        doubles float64 [0.1]
        integers int64 [-7, 9]
        flags bool [True, False, True]
        none float64 []
        -1 18446744073709551615

        """)
  }
}
