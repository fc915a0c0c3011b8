import Foundation
import Storage
import TestSupport
import Testing

/// Files of HDF5 by h5py, by Minari and by this suite, whole and broken.
@Suite struct HDF5ReaderTests {
  private static let arrays = "arrays.hdf5"
  private static let ordered = "ordered.hdf5"
  /// What `arrays.hdf5` has in several forms: the quarters from 0 on, seven rows of five.
  private static let grid = HDF5Numbers(shape: [7, 5], values: (0..<35).map { Float($0) / 4 })

  private func read(_ name: String) throws -> Data { try Data(contentsOf: Fixture.url(name)) }

  private func numbers(_ name: String, in contents: Data) throws(HDF5Error) -> HDF5Numbers {
    var reader = try HDF5Reader(contents)
    guard let object = try reader.members(of: reader.root)[name] else {
      throw .damaged("no \(name)")
    }
    return try reader.numbers(of: object)
  }

  @Test(arguments: ["floats", "chunked", "gzip", "shuffled"])
  func gridsAreRead(name: String) throws {
    #expect(try numbers(name, in: read(Self.arrays)) == Self.grid)
  }

  @Test(
    arguments: [
      ("single", [], [2.5]), ("doubles", [2], [0.1, -3]), ("flags", [3], [1, 0, 1]),
      ("none", [0, 3], []), ("cube", [2, 3, 4], (0..<24).map { Float($0) }),
      ("i1", [3], [100, 0, -2]), ("i2", [3], [100, 0, -2]), ("i4", [3], [100, 0, -2]),
      ("i8", [3], [100, 0, -2]), ("u1", [3], [100, 0, 200]), ("u2", [3], [100, 0, 200]),
      ("u4", [3], [100, 0, 200]), ("u8", [3], [100, 0, 200]),
    ] as [(String, [Int], [Float])])
  func otherArraysAreRead(name: String, shape: [Int], values: [Float]) throws {
    #expect(
      try numbers(name, in: read(Self.arrays)) == HDF5Numbers(shape: shape, values: values))
  }

  /// With more names than a node of the group's tree has room for.
  @Test func aGroupHasAllItsMembers() throws {
    var reader = try HDF5Reader(read(Self.arrays))
    let root = try reader.members(of: reader.root)
    #expect(root["soft"] == nil && root.count == 23)
    let group = try reader.members(of: #require(root["group"]))
    #expect(group.count == 40)
    #expect(try reader.numbers(of: #require(group["member_37"])).values == [37])
  }

  /// With links in the header, in one block of a heap and in a table of blocks.
  @Test(arguments: [8, 9, 120])
  func groupsThatRememberTheirOrderHaveAllTheirMembers(size: Int) throws {
    var reader = try HDF5Reader(read(Self.ordered))
    let root = try reader.members(of: reader.root)
    #expect(Set(root.keys) == ["group_8", "group_9", "group_120", "long"])
    let group = try reader.members(of: #require(root["group_\(size)"]))
    #expect(Set(group.keys) == Set((0..<size).map { "member_\($0)" }))
    for k in 0..<size {
      let value = Float(k % 10 == 0 ? k : 0)
      #expect(try reader.numbers(of: #require(group["member_\(k)"])).values == [value])
    }
  }

  /// Names that lie over each other would be more than memory holds, if they could be of any length.
  @Test func longNamesAreRefused() throws {
    let reader = try HDF5Reader(read(Self.ordered))
    let long = try #require(try reader.members(of: reader.root)["long"])
    #expect(throws: HDF5Error.unsupported("it has a name of more than 255 bytes")) {
      try reader.members(of: long)
    }
  }

  /// With the checksum of what it says.
  @Test func aTreeHasNoMoreRecordsThanTheFileHasRoomFor() throws {
    let contents = try read(Self.ordered)
    let tree = try #require(contents.firstRange(of: Data("BTHD".utf8))).lowerBound
    var huge = contents
    (huge[tree + 24], huge[tree + 25]) = (0xFF, 0xFF)
    let checksum = HDF5Messages.checksum(Data(huge[tree..<tree + 34]))
    for k in 0..<4 { huge[tree + 34 + k] = UInt8(truncatingIfNeeded: checksum >> (8 * k)) }
    var faults: Set<String> = []
    let reader = try HDF5Reader(huge)
    let members = (try? reader.members(of: reader.root)) ?? [:]
    for object in [reader.root] + members.values {
      do throws(HDF5Error) {
        _ = try reader.members(of: object)
      } catch {
        faults.insert("\(error)")
      }
    }
    #expect(faults.contains { $0.contains("more records than the file has room for") })
  }

  /// With tables of tables: a heap whose blocks have reached their greatest size.
  @Test(.enabled(if: Python.has("h5py"), "python3 has no h5py"))
  func hugeGroupsHaveAllTheirMembers() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("huge.hdf5")
    let program = """
      import h5py, sys
      with h5py.File(sys.argv[1], "w", track_order=True) as file:
          number = file.create_dataset("number", data=7.5)
          for i in range(60000):
              file[f"another_name_of_the_number_{i}"] = number
      """
    _ = try Python.run(["-c", program, file])
    let reader = try HDF5Reader(FileSystem.read(file))
    let members = try reader.members(of: reader.root)
    #expect(members.count == 60_001)
    #expect(members.values.allSatisfy { $0 == members["number"] })
    #expect(members["another_name_of_the_number_59999"] != nil)
  }

  @Test(arguments: [
    ("lzf", "another filter"), ("big-endian", "lowest byte first"), ("half", "single and double"),
    ("text", "only whole numbers"), ("group", "not an array"),
  ])
  func whatIsUnknownIsNamed(name: String, words: String) throws {
    let contents = try read(Self.arrays)
    #expect { try numbers(name, in: contents) } throws: { error in
      guard case .unsupported(let reason) = error as? HDF5Error else { return false }
      return reason.contains(words)
    }
  }

  @Test func numbersThatWereNeverWrittenAreMissed() throws {
    let contents = try read(Self.arrays)
    #expect(throws: HDF5Error.damaged("an array has 0 chunks instead of 2")) {
      try numbers("unwritten", in: contents)
    }
  }

  /// What the writer writes, its reader reads.
  @Test func theSuitesOwnFilesAreRead() throws {
    let folder = try TemporaryFolder()
    let file = try HDF5Writer(path: folder.file("a.hdf5"))
    let arrays = [
      ("floats", HDF5Array(floats: Self.grid.values, shape: [7, 5]), Self.grid),
      ("doubles", HDF5Array(doubles: [0.1]), HDF5Numbers(shape: [1], values: [0.1])),
      ("integers", HDF5Array(integers: [-7, 9]), HDF5Numbers(shape: [2], values: [-7, 9])),
      ("flags", HDF5Array(flags: [true, false]), HDF5Numbers(shape: [2], values: [1, 0])),
      ("none", HDF5Array(doubles: []), HDF5Numbers(shape: [0], values: [])),
    ]
    var members: [(name: String, object: HDF5Writer.Object)] = []
    for (name, array, _) in arrays { members.append((name, try file.add(array))) }
    try file.finish(root: file.addGroup(members, attributes: [("id", .integer(1))]))
    let contents = try FileSystem.read(folder.file("a.hdf5"))
    for (name, _, numbers) in arrays {
      #expect(try self.numbers(name, in: contents) == numbers)
    }
    var damaged = contents
    let link = try #require(contents.firstRange(of: Data("doubles".utf8)))
    damaged[link.upperBound] ^= 8
    #expect(throws: HDF5Error.damaged("the checksum of one of its parts is another one")) {
      try numbers("floats", in: damaged)
    }
  }

  /// Neither a file that was cut off nor one with a changed byte does more than to be refused, or to
  /// have other numbers.
  @Test(arguments: [arrays, ordered, "minari/data/main_data.hdf5"])
  func brokenFilesAreRefused(name: String) throws {
    let contents = try read(name)
    for cut in stride(from: 0, to: contents.count, by: 997) { readAll(contents.prefix(cut)) }
    for position in stride(from: 0, to: contents.count, by: 199) {
      var changed = contents
      changed[position] = position % 2 == 0 ? 0xFF : changed[position] ^ 1
      readAll(changed)
    }
    #expect(throws: HDF5Error.damaged("it does not begin as files of HDF5 do")) {
      try HDF5Reader(Data("nothing of the kind".utf8))
    }
  }

  private func readAll(_ contents: Data) {
    do throws(HDF5Error) {
      var reader = try HDF5Reader(contents)
      for member in try reader.members(of: reader.root).values {
        if let numbers = try? reader.numbers(of: member) {
          #expect(numbers.shape.reduce(1, *) == numbers.values.count)
        } else {
          for inner in try reader.members(of: member).values { _ = try? reader.numbers(of: inner) }
        }
      }
    } catch {
      guard case .damaged(let reason) = error else { return }
      #expect(!reason.isEmpty && !reason.contains("\n"))
    }
  }

  /// Ends where a reader that believes the file would run for ever, or take all memory.
  @Test func aFileCannotAskForMoreThanItHas() throws {
    let contents = try read(Self.arrays)
    // The tree of the root's names: its first child becomes the tree itself, one level up.
    let tree = try #require(contents.firstRange(of: Data("TREE".utf8))).lowerBound
    var looping = contents
    (looping[tree + 5], looping[tree + 6]) = (1, 1)
    for k in 0..<8 { looping[tree + 32 + k] = UInt8(truncatingIfNeeded: tree >> (8 * k)) }
    #expect(throws: HDF5Error.damaged("a tree contains itself")) {
      try numbers("floats", in: looping)
    }
    // Seven rows become 2⁴⁰ + 7.
    var huge = contents
    let shape = Data([7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0])
    while let found = huge.firstRange(of: shape) { huge[found.lowerBound + 5] = 1 }
    for name in ["floats", "chunked"] {
      #expect { try numbers(name, in: huge) } throws: { error in
        guard case .damaged(let reason) = error as? HDF5Error else { return false }
        return reason.contains("instead of")
      }
    }
  }
}
