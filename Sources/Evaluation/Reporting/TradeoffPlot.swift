import Foundation

/// Accuracy against mean tokens as an SVG figure, a point for each member.
///
/// One panel for all problems and, where the data has two to five difficulties, one for each.
/// Bars are 95 % intervals of both means. Members with a known length penalty are joined in its
/// order, as in the paper's figures.
public struct TradeoffPlot {
    private struct Point {
        var color: String
        var alpha: Double?
        var summary: Summary
    }

    /// Colours that those with colour-blind eyes tell apart (Okabe and Ito).
    private static let colors = [
        "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444",
    ]
    private static let panelWidth = 340.0
    private static let panelHeight = 280.0

    private let report: Report

    /// A figure of a report.
    public init(_ report: Report) {
        self.report = report
    }

    /// The figure as an SVG document.
    public var svg: String {
        let panels = panels
        let columns = panels.count == 4 ? 2 : min(3, panels.count)
        let rows = (panels.count + columns - 1) / columns
        let width = Double(columns) * Self.panelWidth + 20
        let legendTop = 44 + Double(rows) * Self.panelHeight
        let entriesAcross = max(1, Int((width - 40) / 220))
        let legendRows = (report.parts.count + entriesAcross - 1) / entriesAcross
        let height = legendTop + 26 + Double(legendRows) * 20
        let title = report.name + (report.isComplete ? "" : " (incomplete)")
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.px(width)) \
            \(Self.px(height))" width="\(Self.px(width))" height="\(Self.px(height))" \
            font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222">
            <title>\(Self.escaped("Accuracy against tokens: " + title))</title>
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="\(Self.px(width / 2))" y="26" font-size="15" font-weight="bold" \
            text-anchor="middle">\(Self.escaped(title))</text>

            """
        for (index, panel) in panels.enumerated() {
            let x = 10 + Double(index % columns) * Self.panelWidth
            let y = 40 + Double(index / columns) * Self.panelHeight
            text += "<g transform=\"translate(\(Self.px(x)) \(Self.px(y)))\">\n"
            text += Self.panel(panel.title, panel.points)
            text += "</g>\n"
        }
        for (index, part) in report.parts.enumerated() {
            let x = 30 + Double(index % entriesAcross) * 220
            let y = legendTop + 16 + Double(index / entriesAcross) * 20
            text += Self.circle(x, y - 4, Self.color(index))
            let alpha = part.alpha.map { " (α = \(String(format: "%g", $0)))" } ?? ""
            text += "<text x=\"\(Self.px(x + 10))\" y=\"\(Self.px(y))\">"
            text += "\(Self.escaped(Self.shortened(part.member) + alpha))</text>\n"
        }
        return text + "</svg>\n"
    }

    private var panels: [(title: String, points: [Point])] {
        var panels = [
            (
                "all problems",
                report.parts.enumerated().map { index, part in
                    Point(color: Self.color(index), alpha: part.alpha, summary: part.overall)
                }
            )
        ]
        let levels = Set(report.parts.flatMap { $0.byDifficulty.map(\.difficulty) }).sorted()
        guard (2...5).contains(levels.count) else { return panels }
        for level in levels {
            let points = report.parts.enumerated().compactMap { index, part in
                part.byDifficulty.first { $0.difficulty == level }.map {
                    Point(color: Self.color(index), alpha: part.alpha, summary: $0.summary)
                }
            }
            let isNumber = if case .level = level { true } else { false }
            panels.append((isNumber ? "level \(level)" : "\(level)", points))
        }
        return panels
    }

    /// One panel: frame, grid, ticks, bars, the family's line, points.
    private static func panel(_ title: String, _ points: [Point]) -> String {
        let (left, top, right, bottom) = (58.0, 28.0, panelWidth - 14, panelHeight - 46)
        let tokens = points.map { max($0.summary.tokens.mean, $0.summary.tokens.meanInterval.high) }
        let x = Axis(from: 0, to: (tokens.max() ?? 1) * 1.04, count: 5)
        let intervals = points.map(\.summary.accuracyInterval)
        let y = Axis(
            from: 100 * (intervals.map(\.low).min() ?? 0),
            to: 100 * (intervals.map(\.high).max() ?? 1), count: 5)
        let across = { (value: Double) in left + x.place(value) * (right - left) }
        let up = { (value: Double) in bottom - y.place(value) * (bottom - top) }

        var text = ""
        for tick in y.ticks {
            text += line(left, up(tick), right, up(tick), "#e4e4e4", 1)
            text += label(left - 7, up(tick) + 4, Axis.label(tick), "end")
        }
        for tick in x.ticks {
            text += line(across(tick), bottom, across(tick), bottom + 4, "#888", 1)
            text += label(across(tick), bottom + 17, Axis.label(tick), "middle")
        }
        text += line(left, bottom, right, bottom, "#888", 1)
        text += line(left, top, left, bottom, "#888", 1)
        text += label((left + right) / 2, top - 10, title, "middle")
        text += label((left + right) / 2, bottom + 35, "mean tokens", "middle")
        let middle = "\(px((top + bottom) / 2))"
        text += "<text transform=\"translate(16 \(middle)) rotate(-90)\" "
        text += "text-anchor=\"middle\">accuracy (%)</text>\n"

        let family = points.filter { $0.alpha != nil }
            .sorted { ($0.alpha ?? 0) < ($1.alpha ?? 0) }
        if family.count > 1 {
            let places = family.map { point in
                let summary = point.summary
                return "\(px(across(summary.tokens.mean))),\(px(up(100 * summary.accuracy)))"
            }
            text += "<polyline points=\"\(places.joined(separator: " "))\" fill=\"none\" "
            text += "stroke=\"#aaa\" stroke-width=\"1.2\" stroke-dasharray=\"4 3\"/>\n"
        }
        for point in points {
            let summary = point.summary
            let (cx, cy) = (across(summary.tokens.mean), up(100 * summary.accuracy))
            let accuracy = summary.accuracyInterval
            let spread = summary.tokens.meanInterval
            text += line(
                cx, up(100 * accuracy.low), cx, up(100 * accuracy.high), point.color, 1.4)
            text += line(across(spread.low), cy, across(spread.high), cy, point.color, 1.4)
            text += circle(cx, cy, point.color)
        }
        return text
    }

    // MARK: Marks

    private static func color(_ index: Int) -> String { colors[index % colors.count] }

    private static func px(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String, _ width: Double
    ) -> String {
        "<line x1=\"\(px(x1))\" y1=\"\(px(y1))\" x2=\"\(px(x2))\" y2=\"\(px(y2))\" "
            + "stroke=\"\(color)\" stroke-width=\"\(px(width))\"/>\n"
    }

    private static func circle(_ x: Double, _ y: Double, _ color: String) -> String {
        "<circle cx=\"\(px(x))\" cy=\"\(px(y))\" r=\"4.5\" fill=\"\(color)\" stroke=\"#fff\"/>\n"
    }

    private static func label(
        _ x: Double, _ y: Double, _ text: String, _ anchor: String
    ) -> String {
        "<text x=\"\(px(x))\" y=\"\(px(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>\n"
    }

    private static func shortened(_ name: String) -> String {
        name.count <= 26 ? name : name.prefix(12) + "…" + name.suffix(13)
    }

    /// The text as XML has it; characters that XML forbids are replaced.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
