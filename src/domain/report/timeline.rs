//! Bars over time as text (a Gantt chart).

/// What a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarKind {
    /// Predicted, with slack.
    Planned,
    /// Predicted, on the critical path.
    Critical,
    /// Ended well.
    Succeeded,
    /// Ended otherwise.
    Failed,
    /// Not over.
    Open,
}

impl BarKind {
    fn fill(self) -> char {
        match self {
            Self::Critical | Self::Succeeded => '█',
            Self::Planned | Self::Open => '▒',
            Self::Failed => '░',
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Name at the left: a task id.
    pub label: String,
    /// From and to, seconds; `None` for a row without a bar.
    pub span_s: Option<(f64, f64)>,
    /// What it stands for.
    pub kind: BarKind,
    /// Words at the right.
    pub note: String,
    /// Something outlived its command: the end of the bar is marked.
    pub leaked: bool,
}

/// Bars over a common axis that starts at 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// From top to bottom.
    pub bars: Vec<Bar>,
    /// Where the axis ends at the earliest, seconds: bars of some tasks stand on the axis of all.
    pub until_s: f64,
    /// Stretches without any bar that were cut out.
    pub pauses: usize,
    /// How long they were together, seconds.
    pub pauses_s: f64,
}

/// Widest label; ids may be longer.
const LABEL_MAX: usize = 24;
/// The end of a bar of what leaked.
const LEAK: char = '!';
/// Bars are drawn on this many columns.
const COLUMNS: (usize, usize) = (8, 60);
/// A stretch without any bar is cut when it is longer than this many seconds and than all bars.
const PAUSE_S: f64 = 60.0;

impl Timeline {
    /// The bars, with long stretches in which nothing ran cut out: a run that was resumed on the
    /// next day still shows what took how long.
    pub fn without_pauses(mut bars: Vec<Bar>) -> Self {
        let mut spans: Vec<(f64, f64)> = bars.iter().filter_map(|bar| bar.span_s).collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut busy = 0.0;
        let mut end = 0.0_f64;
        let mut gaps: Vec<(f64, f64)> = Vec::new();
        for (from, to) in spans {
            if from > end {
                gaps.push((end, from));
            }
            busy += (to - from.max(end)).max(0.0);
            end = end.max(to);
        }
        gaps.retain(|(from, to)| to - from > PAUSE_S.max(busy));
        let before = |at: f64| -> f64 {
            gaps.iter().filter(|(_, to)| *to <= at).map(|(from, to)| to - from).sum()
        };
        for bar in &mut bars {
            bar.span_s = bar.span_s.map(|(from, to)| (from - before(from), to - before(to)));
        }
        let pauses_s = gaps.iter().map(|(from, to)| to - from).sum();
        Self { bars, until_s: 0.0, pauses: gaps.len(), pauses_s }
    }

    /// End of the axis, seconds.
    pub fn end_s(&self) -> f64 {
        self.bars.iter().filter_map(|bar| bar.span_s).map(|(_, to)| to).fold(self.until_s, f64::max)
    }

    /// The chart in at most `width` columns where that is possible.
    pub fn lines(&self, width: usize, axis: impl Fn(f64) -> String) -> Vec<String> {
        let shown = &self.bars;
        let length = |text: &str| text.chars().count();
        let label = shown.iter().map(|bar| length(&bar.label)).max().unwrap_or(0).min(LABEL_MAX);
        let note = shown.iter().map(|bar| length(&bar.note)).max().unwrap_or(0);
        let columns = width.saturating_sub(label + note + 5).clamp(COLUMNS.0, COLUMNS.1);
        let end = self.end_s();
        let mut lines: Vec<String> = shown
            .iter()
            .map(|bar| {
                let name = fitted(&bar.label, label);
                let drawn = drawn(bar, end, columns);
                format!("{name} |{drawn}| {}", bar.note).trim_end().to_owned()
            })
            .collect();
        let last = axis(end);
        let rest = columns.saturating_sub(1 + length(&last));
        lines.push(format!("{:label$} 0{:rest$} {last}", "", ""));
        if shown.iter().any(|bar| bar.leaked) {
            lines.push(format!("{:label$} {LEAK}: it left something behind, see Notes", ""));
        }
        lines
    }
}

fn drawn(bar: &Bar, end: f64, columns: usize) -> String {
    let Some((from, to)) = bar.span_s.filter(|_| end > 0.0) else {
        return " ".repeat(columns);
    };
    let scale = columns as f64 / end;
    let first = ((from * scale) as usize).min(columns - 1);
    let last = ((to * scale).ceil() as usize).clamp(first + 1, columns);
    let fill = bar.kind.fill();
    let cell = |at| match at {
        at if bar.leaked && at + 1 == last => LEAK,
        at if (first..last).contains(&at) => fill,
        _ => ' ',
    };
    (0..columns).map(cell).collect()
}

fn fitted(label: &str, width: usize) -> String {
    if label.chars().count() <= width {
        return format!("{label:width$}");
    }
    let kept: String = label.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, from: f64, to: f64) -> Bar {
        Bar {
            label: label.to_owned(),
            span_s: Some((from, to)),
            kind: BarKind::Succeeded,
            note: String::new(),
            leaked: false,
        }
    }

    #[test]
    fn a_bar_of_what_leaked_ends_with_a_mark_that_is_explained() {
        let bars = vec![bar("a", 0.0, 4.0), Bar { leaked: true, ..bar("b", 0.0, 10.0) }];
        let lines = Timeline::without_pauses(bars).lines(18, |end| format!("{end:.0}s"));
        assert_eq!(
            lines,
            [
                "a |█████       |",
                "b |███████████!|",
                "  0         10s",
                "  !: it left something behind, see Notes",
            ]
        );
    }

    #[test]
    fn every_bar_has_at_least_one_cell_and_none_leaves_the_axis() {
        let bars = vec![bar("a", 0.0, 0.001), bar("b", 0.0, 10.0), bar("c", 10.0, 10.0)];
        let lines = Timeline::without_pauses(bars).lines(18, |end| format!("{end:.0}s"));
        assert_eq!(
            lines,
            ["a |█           |", "b |████████████|", "c |           █|", "  0         10s"]
        );
    }

    #[test]
    fn a_night_between_two_tasks_is_cut_out() {
        let bars = vec![bar("a", 0.0, 100.0), bar("b", 50_000.0, 50_100.0)];
        let timeline = Timeline::without_pauses(bars);
        assert!((timeline.end_s() - 200.0).abs() < 1e-9);
        assert_eq!((timeline.pauses, timeline.pauses_s), (1, 49_900.0));
    }

    #[test]
    fn nothing_and_odd_widths_are_drawn_too() {
        for width in [0, 1, 20, 200] {
            let empty = Timeline::default().lines(width, |_| "0s".to_owned());
            assert_eq!(empty.len(), 1);
            let long = Timeline::without_pauses(vec![bar(&"x".repeat(64), 0.0, 1.0)]);
            assert_eq!(long.lines(width, |_| "1s".to_owned()).len(), 2);
        }
    }
}
