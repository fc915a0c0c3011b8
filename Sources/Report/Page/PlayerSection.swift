internal import Charts
internal import RLCore

/// The player of recorded episodes.
struct PlayerSection {
  private let films: [EpisodeFilm]
  private let count: Int

  init(_ films: [EpisodeFilm], of count: Int) { (self.films, self.count) = (films, count) }

  var view: SectionView? {
    guard let first = films.first else { return nil }
    var section = SectionView(
      id: "episodes", title: "Episodes",
      lead: films.count < count ? "\(films.count) of \(count) recorded episodes." : "")
    section.player = PlayerView(
      films: films.enumerated().map {
        .init(
          id: "film-\($0.offset)", name: $0.element.name, summary: $0.element.summary,
          data: $0.element.base64)
      },
      poster: ScenePicture.markup(
        first.poster, label: "The middle of an episode: \(first.summary)"
      ).source,
      note: first.summary)
    return section
  }
}
