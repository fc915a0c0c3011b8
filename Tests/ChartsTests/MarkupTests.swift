import Charts
import Testing

@Suite struct MarkupTests {
  @Test(arguments: [
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("\"quoted\" & 'single'", "&quot;quoted&quot; &amp; &#39;single&#39;"),
    // To Swift, a quote with an accent on it is not equal to a quote.
    ("\"\u{301} onload=x <\u{338}", "&quot;\u{301} onload=x &lt;\u{338}"),
    ("\0\u{202E}\u{200F}\u{2028}", "\\u{0}\\u{202e}\\u{200f}\\u{2028}"),
    ("Länge, 長さ", "Länge, 長さ"),
  ])
  func textsAreEscaped(text: String, escaped: String) {
    #expect(Markup.escape(text) == escaped)
    #expect(
      Markup("a", ["title": text], text: text).source == "<a title=\"\(escaped)\">\(escaped)</a>")
  }
}
