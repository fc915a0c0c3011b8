internal import Charts

/// What the template places on the page.
struct PageView {
  var title: String
  var lead: String
  var styles: String
  var script: String
  var policy: String
  var remarks: [String]
  var summary: TableView
  var sections: [SectionView]
  var version: String
  var refreshes: Bool
}

/// A section of the page.
struct SectionView {
  var id: String
  var title: String
  var lead: String
  var classes = ""
  var figures: [FigureView] = []
  var tables: [TableView] = []
  var player: PlayerView?
}

/// A chart with its title.
struct FigureView {
  var title: String
  var note: String
  var chart: String
  var classes = ""
  /// The chart's numbers; nil for none.
  var numbers: TableView?

  init(
    _ title: String, note: String, _ chart: Markup, classes: String = "",
    numbers: TableView? = nil
  ) {
    (self.title, self.note, self.classes, self.numbers) = (title, note, classes, numbers)
    self.chart = chart.source
  }
}

/// A table, whose first column names the rows.
struct TableView {
  struct Row {
    var name: String
    var cells: [Cell]
    var isMarked = false
  }

  struct Cell {
    var text: String
    var isNumber = true
  }

  /// Words above the table, behind which it is folded away; empty for a table that is shown.
  var folded = ""
  /// Description of the table.
  var caption: String
  var corner: String
  var columns: [Cell]
  var rows: [Row]

  init(
    caption: String, corner: String, columns: [String], rows: [Row], folded: String = "",
    isNumeric: Bool = true
  ) {
    (self.caption, self.corner, self.rows, self.folded) = (caption, corner, rows, folded)
    self.columns = columns.map { Cell(text: $0, isNumber: isNumeric) }
  }
}

/// The player of episodes.
struct PlayerView {
  struct Film {
    var id: String
    var name: String
    var summary: String
    var data: String
  }

  var films: [Film]
  var poster: String
  var note: String
}
