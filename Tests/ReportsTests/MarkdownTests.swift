import Reports
import Testing

@Suite struct MarkdownTests {
  private func html(_ text: String) -> String {
    Markdown(text) { path, words in "<figure>\(path) \(words)</figure>" }.html
  }

  @Test(arguments: [
    ("## Two *words*", "<h2>Two <em>words</em></h2>\n"),
    ("a\nb\n\nc", "<p>a b</p>\n<p>c</p>\n"),
    ("* one\n  more\n* two", "<ul>\n<li>one more</li>\n<li>two</li>\n</ul>\n"),
    ("1. one\n2. two", "<ol>\n<li>one</li>\n<li>two</li>\n</ol>\n"),
    ("```\na < b\n```", "<pre>a &lt; b</pre>\n"), ("    $ x\n    y", "<pre>$ x\ny</pre>\n"),
    ("`a*b*` and **b**", "<p><code>a*b*</code> and <strong>b</strong></p>\n"),
    ("[here](a/b.md)", "<p><a href=\"a/b.md\">here</a></p>\n"),
    ("![words](plot.svg)", "<figure>plot.svg words</figure>\n"),
    ("3 * 4 * 5", "<p>3 * 4 * 5</p>\n"),
  ])
  func textBecomesHTML(text: String, expected: String) {
    #expect(html(text) == expected)
  }

  @Test func aTableAlignsItsNumbers() {
    let table = html("| a | b |\n|---|--:|\n| x \\| y | 2 |")
    #expect(table.contains("<thead><tr><th>a</th><th class=\"number\">b</th></tr>"))
    #expect(table.contains("<td>x | y</td><td class=\"number\">2</td>"))
  }

  @Test(arguments: [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "[<b>](\"><script>)", "| <i> |",
    "## <img>", "* <img>", "`<img>`",
  ])
  func nothingInTheTextBecomesMarkup(text: String) {
    let result = html(text)
    for tag in ["<script", "<img", "<b>", "<i>", "href=\"javascript", "\"><script"] {
      #expect(!result.contains(tag), "\(result)")
    }
  }

  @Test func theFirstHeadingIsTheTitle() {
    let text = Markdown("# Study\n\n# Other") { _, _ in nil }
    #expect(text.title == "Study")
    #expect(text.html == "<h1>Other</h1>\n")
  }

  @Test func aPageLoadsNothingFromTheNetwork() {
    let page = HTMLPage(
      title: "t", blocks: [.picture(svg: "<svg></svg>", caption: "c"), .fragment("<p>x</p>")])
    let html = page.html()
    for word in ["http://", "https://", "src=", "@import", "url("] {
      #expect(!html.contains(word), "\(word)")
    }
    #expect(html.contains("prefers-color-scheme: dark") && html.contains("width=device-width"))
  }
}
