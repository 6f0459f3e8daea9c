/// A self-contained page: text, tables and pictures, without any reference to the network.
public struct HTMLPage: Sendable, Hashable {
  /// One part of the page.
  public enum Block: Sendable, Hashable {
    /// A heading of level 2.
    case heading(String)
    /// A paragraph of plain text.
    case paragraph(String)
    /// A table.
    case table(Table)
    /// A picture as SVG, with a caption.
    case picture(svg: String, caption: String)
    /// A command or its output, as it was typed or printed.
    case transcript(String)
    /// HTML that was made here, such as by ``Markdown``.
    case fragment(String)
  }

  /// The title, also the heading of level 1.
  public var title: String
  /// The parts, in order.
  public var blocks: [Block]

  /// Makes a page.
  public init(title: String, blocks: [Block] = []) {
    self.title = title
    self.blocks = blocks
  }

  /// The whole document.
  public func html() -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(SVGCanvas.escaped(title))</title>
    <style>
    :root { --back: #fff; --text: #1c1e21; --line: #d5d9de; --code: #f4f5f7; }
    @media (prefers-color-scheme: dark) {
      :root { --back: #16181c; --text: #dfe2e6; --line: #3a3f45; --code: #22262b; }
    }
    body { background: var(--back); color: var(--text); margin: 0 auto; max-width: 60rem;
      padding: 1rem; font: 16px/1.5 system-ui, sans-serif; }
    h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
    th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem; text-align: left;
      white-space: nowrap; }
    td.number { text-align: right; } tfoot td { font-weight: 600; }
    pre { background: var(--code); overflow-x: auto; padding: .8rem; border-radius: .4rem;
      font-size: .85rem; }
    figure { margin: 1rem 0; overflow-x: auto; }
    figure svg { width: 100%; min-width: 28rem; height: auto; }
    figure img { max-width: 100%; } figcaption { font-size: .85rem; opacity: .8; }
    code { background: var(--code); padding: .1rem .25rem; border-radius: .2rem; }
    blockquote { border-left: .25rem solid var(--line); margin: 1rem 0; padding-left: 1rem; }
    th.number { text-align: right; } a { color: inherit; }
    #value { position: fixed; bottom: 1rem; left: 1rem; right: 1rem; margin: auto; width: max-content;
      max-width: calc(100% - 3.6rem); background: var(--text); color: var(--back);
      padding: .3rem .8rem; border-radius: .4rem; font-size: .9rem; visibility: hidden; }
    </style>
    </head>
    <body>
    <h1>\(SVGCanvas.escaped(title))</h1>
    \(blocks.map(HTMLPage.html).joined(separator: "\n"))
    <div id="value" role="status"></div>
    <script>
    // A touch shows what the pointer shows: the value of a dot or a cell.
    const box = document.getElementById("value");
    for (const kind of ["pointerover", "pointerdown"]) document.addEventListener(kind, event => {
      const title = event.target.closest && event.target.closest("circle, rect")
        ?.querySelector("title");
      box.textContent = title ? title.textContent : "";
      box.style.visibility = title ? "visible" : "hidden";
    });
    </script>
    </body>
    </html>

    """
  }

  /// A picture, as markup made here, with a caption of plain text.
  public static func figure(_ markup: String, caption: String) -> String {
    "<figure>\(markup)<figcaption>\(SVGCanvas.escaped(caption))</figcaption></figure>"
  }

  private static func html(_ block: Block) -> String {
    switch block {
    case .heading(let text): return "<h2>\(SVGCanvas.escaped(text))</h2>"
    case .paragraph(let text): return "<p>\(SVGCanvas.escaped(text))</p>"
    case .transcript(let text): return "<pre>\(SVGCanvas.escaped(text))</pre>"
    case .fragment(let html): return html
    case .picture(let svg, let caption): return figure(svg, caption: caption)
    case .table(let table):
      func row(_ cells: [Cell]) -> String {
        "<tr>"
          + cells.map { cell in
            let mark = cell.isNumeric ? " class=\"number\"" : ""
            return "<td\(mark)>\(SVGCanvas.escaped(cell.printed))</td>"
          }.joined() + "</tr>"
      }
      let titles = table.columns.map { "<th>\(SVGCanvas.escaped($0.title))</th>" }.joined()
      let footer =
        table.footer.isEmpty
        ? "" : "<tfoot>\(table.footer.map(row).joined(separator: "\n"))</tfoot>"
      return
        "<div class=\"scroll\"><table><thead><tr>\(titles)</tr></thead><tbody>"
        + "\(table.rows.map(row).joined(separator: "\n"))</tbody>\(footer)</table></div>"
    }
  }
}
