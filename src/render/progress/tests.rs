mod screen;

use std::sync::Mutex;

use self::screen::Screen;
use super::*;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{ScriptedRun, Try, agent, plan, task};
use crate::render::terminal::Terminal;

/// All that was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Size = fn() -> Option<(u16, u16)>;

const SIZES: [Size; 8] = [
    || None,
    || Some((24, 80)),
    || Some((24, 1)),
    || Some((1, 2)),
    || Some((2, 7)),
    || Some((24, 20)),
    || Some((24, 200)),
    || Some((u16::MAX, u16::MAX)),
];

/// What a run writes to a terminal, less the movements of the cursor.
fn shown(run: &ScriptedRun, size: Size, color: bool) -> String {
    let written = Written::default();
    let terminal = Terminal::new(size, Box::new(written.clone()));
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal), 255);
    let style = Style { color, width: 80 };
    let mut progress = Progress::on(target, style, Verbosity::Normal);
    for (envelope, state) in run.envelopes.iter().zip(&run.states) {
        progress.on_event(envelope, state).unwrap();
        for index in state.active_tasks() {
            let id = &state.task(index).id;
            progress.on_output(
                id,
                "\x1b]52;c;ZXZpbA==\x07\u{202e}10%\r\x1b[31mcompiling {x} 日本\x1b[0m\r\n",
            );
        }
    }
    drop(progress);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or("").to_owned();
    let parts = parts.map(|part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.strip_prefix(['A', 'B', 'K']).map_or(format!("\x1b[{part}"), str::to_owned)
    });
    std::iter::once(first).chain(parts).collect::<String>().replace('\r', "\n")
}

fn run() -> ScriptedRun {
    let script = [("api", vec![Try::fails(2.0, "no")]), ("db", vec![Try::well(3.0, &["a"])])];
    let tasks = vec![task("api", &[], 20), task("db", &[], 10), task("web", &["api"], 5)];
    ScriptedRun::new(plan(tasks, Preference::ParallelWith(2)), &script).finished().integrated(
        &[],
        &[],
        false,
    )
}

#[test]
fn a_running_task_shows_its_estimate_and_its_last_line() {
    let text = shown(&run(), SIZES[1], false);
    assert!(text.contains("api 0.0s/20s compiling {x} 日本"), "{text}");
    assert!(text.contains("failed in 2.1s: exit code 1"), "{text}");
    assert!(text.contains("/3 tasks"), "{text}");
    assert!(text.contains("landed: `main` moved"), "{text}");
}

#[test]
fn hostile_output_does_not_reach_the_screen_at_any_width() {
    let run = run();
    for size in SIZES {
        let text = shown(&run, size, false);
        let harmless = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
        assert!(text.chars().all(harmless), "{:?}: {text:?}", size());
    }
    assert!(shown(&run, SIZES[1], true).contains("\x1b[31m"), "failures are red");
    assert!(!shown(&run, SIZES[1], true).contains("\x1b]"));
}

#[test]
fn the_line_of_the_whole_run_counts_who_waits_for_a_rate_limit() {
    let plan = plan(vec![agent("a"), agent("b")], Preference::ParallelWith(2));
    let script = ["a", "b"].map(|id| (id, vec![Try::well(9.0, &["x"])]));
    let run = ScriptedRun::new(plan, &script).until(4.0).refused("a");
    let text = shown(&run, SIZES[6], false);
    assert!(text.contains("0/2 tasks, 1 waiting for a rate limit"), "{text}");
}

#[test]
fn a_key_that_the_terminal_echoes_leaves_no_live_line_behind() {
    let tasks = vec![task("api", &[], 20), task("db", &[], 10)];
    let script = [("api", vec![Try::well(9.0, &["a"])]), ("db", vec![Try::well(9.0, &["b"])])];
    let run = ScriptedRun::new(plan(tasks, Preference::ParallelWith(2)), &script).until(5.0);
    let screen = Screen::default();
    let terminal = Terminal::new(Screen::size, Box::new(screen.clone()));
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal), 255);
    let style = Style { color: false, width: 80 };
    let mut progress = Progress::on(target, style, Verbosity::Normal);
    for (envelope, state) in run.envelopes.iter().zip(&run.states) {
        progress.on_event(envelope, state).unwrap();
    }
    let live = || {
        let lines = screen.lines().into_iter();
        lines.filter(|line| line.contains("/20s") || line.contains("/10s")).count()
    };
    for key in ["^C", "^Z", "typed"] {
        screen.echo(key);
        progress.screen.println(format!("after {key}")).unwrap();
        assert_eq!(live(), 2, "{:#?}", screen.lines());
    }
    screen.echo("^Z");
    progress.clear();
    assert_eq!(screen.lines()[1..], ["after ^C", "after ^Z", "after typed"]);
}

#[test]
fn the_forecast_stands_below_the_bars_and_is_replaced() {
    use crate::domain::integrate::ForecastKind;
    use crate::domain::report::MatrixEntry;
    let tasks = vec![task("a", &[], 10), task("b", &[], 10), task("c", &[], 10)];
    let run = ScriptedRun::new(plan(tasks, Preference::ParallelWith(3)), &[]).until(0.5);
    let screen = Screen::default();
    let terminal = Terminal::new(Screen::size, Box::new(screen.clone()));
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal), 255);
    let mut progress = Progress::on(target, Style { color: false, width: 80 }, Verbosity::Normal);
    for (envelope, state) in run.envelopes.iter().zip(&run.states) {
        progress.on_event(envelope, state).unwrap();
    }
    let entry = |a: &str, b: &str, forecast| MatrixEntry {
        a: a.to_owned(),
        b: b.to_owned(),
        forecast,
        paths: vec!["x.rs".to_owned()],
        note: None,
        hunks: Vec::new(),
    };
    let below = |progress: &mut Progress, matrix: &[MatrixEntry]| {
        progress.show_forecast(&run.state, matrix);
        progress.live_bars().for_each(ProgressBar::tick);
        std::thread::sleep(Duration::from_millis(20));
        progress.forecast.iter().for_each(ProgressBar::tick);
        let lines = screen.lines();
        let bar = lines.iter().rposition(|line| line.contains("0/3 tasks")).unwrap();
        lines[bar + 1..].to_vec()
    };
    let collision = entry("a", "b", ForecastKind::Conflict);
    let told = below(&mut progress, &[collision]);
    assert_eq!(told[..2], ["Forecast", "  `a` and `b` will conflict in `x.rs`"]);
    let told = below(&mut progress, &[entry("a", "b", ForecastKind::Clean)]);
    assert_eq!(told, ["Forecast", "  no conflict: the pair merges"]);
    assert_eq!(below(&mut progress, &[]), [""; 0]);
}
