internal import Experiments
internal import Recording

/// What `rlsuite_write_minari` takes.
private struct DatasetRequest: Decodable {
  var recordings: [String]
  var id: String
  var folder: String?
  var description: String?
  var author: String

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case recordings, id, folder, description, author
  }

  init(from decoder: any Decoder) throws {
    let members = try decoder.members(CodingKeys.self, of: "dataset")
    recordings = try members.decode([String].self, forKey: .recordings)
    id = try members.decode(String.self, forKey: .id)
    folder = try members.decodeIfPresent(String.self, forKey: .folder)
    description = try members.decodeIfPresent(String.self, forKey: .description)
    author = try members.decodeIfPresent(String.self, forKey: .author) ?? ""
  }
}

/// Implements `rlsuite_write_minari`.
@_cdecl("rlsuite_write_minari") public func writeMinari(_ dataset: UnsafePointer<CChar>?) -> Int32 {
  Boundary.run {
    let request = try Request.decode(
      DatasetRequest.self, from: try Boundary.text(dataset, "the dataset"), name: "the dataset")
    var dataset = try MinariDataset(request.id, in: request.folder)
    dataset.summary = request.description
    dataset.author = request.author
    try dataset.write(request.recordings.map { try RecordingReader(path: $0) })
  }
}
