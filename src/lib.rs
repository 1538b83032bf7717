//! wt-orch splits work across git worktrees only when it pays, runs any command in each of them at
//! once, and lands only what merges and passes.
//!
//! This page is the architecture. Read it, then the folders in the order of the list of modules
//! below, which is the order in which data flows. (How the program is used stands in `README.md`.)
//!
//! # One idea
//!
//! **The core decides, the engine performs, the journal remembers, renderers watch.**
//!
//! ```text
//! tasks.toml ─► TaskSet ─► Plan ─► Decision ─► Run ─► Integration ─► Report
//!  (spans,      (valid)    (DAG,    (parallel   (events)  (order, merge,  (text, Markdown,
//!   problems)              claims,   on m slots |          validate,       JSON)
//!                          times)    sequential,           land)
//!                                    reasons)
//! ```
//!
//! - [`domain::run::step`] is pure: state and input in, events and actions out. Events are facts
//!   ([`Event`](domain::run::Event)), actions are requests ([`Action`](domain::run::Action)).
//! - The order is fixed: events are appended to the journal, folded into the
//!   [`RunState`](domain::run::RunState), published to subscribers, and only then are the actions
//!   performed. No action is performed before the event that asks for it is stored. All of that is
//!   in [`engine::Journal::record`] and in the loop of [`engine::drive`], which takes in together what
//!   was said at one moment, so that its events wait for the disk once.
//! - Every effect outside is a pair: `…Requested`, then an observation (`Provisioned`,
//!   `AttemptFinished`, `CommitFailed`, …). A crash between the two is a known state.
//! - Actions are idempotent: making a worktree, committing or checking twice is safe, so that
//!   resuming can repeat the last one.
//! - **The plan is a simulation of the run.** One [`Dispatcher`](domain::plan::Dispatcher) decides
//!   what starts next. `step` uses it live and on resume, [`simulate`](domain::plan::simulate) uses
//!   it in the plan. There is no second scheduler.
//! - A renderer is a subscriber. One that fails is dropped with one warning and never stops a run.
//! - An [`Integration`](domain::integrate::Integration) is a small state machine of its own over the
//!   same journal: [`next`](domain::integrate::Integration::next) asks for one merge, validation or
//!   landing at a time, [`apply`](domain::integrate::Integration::apply) takes the fact.
//! - Gates are tasks that the planner inserts ([`domain::plan::with_gates`]).
//!
//! # Layers
//!
//! A folder may import from folders below it in this table, never from above; `render` and `engine`
//! don't import one another; there are no circles. `tests/it/architecture.rs` holds the tree to it.
//!
//! | folder | owns | touches the outside |
//! |---|---|---|
//! | `main.rs` | starts [`cli::main`] | exit code |
//! | [`cli`] | arguments, one file per command, errors to text and exit code | stdout, stderr |
//! | [`render`] | plain lines, live progress, text, Markdown, JSON, source snippets | a given writer |
//! | [`engine`] | the loop of a run, performing actions, integrating, landing, undo, clean | through adapters |
//! | [`config`] | settings in layers, each value with its origin | files and environment, in one file |
//! | [`adapters`] | `git`, `worktree`, `process`, `store`, `host`: one neighbour each | that is their job |
//! | [`domain`] | every decision | no file, environment, process, clock, randomness or print |
//!
//! Within `domain` each module imports only what stands before it: [`id`](domain::id),
//! [`time`](domain::time), [`diagnostic`](domain::diagnostic), [`task`](domain::task),
//! [`plan`](domain::plan), [`integrate`](domain::integrate), [`race`](domain::race),
//! [`suite`](domain::suite), [`run`](domain::run),
//! [`report`](domain::report). Foreign types (git2, rusqlite, tokio's processes) stay inside the
//! folder that wraps them. What is expected to be refused (a dirty checkout, a conflict, a lost race
//! for a ref) is a value that the caller must match, not an `Err`. Each boundary has one error enum
//! whose variants are situations; `anyhow` is for `cli` alone.
//!
//! # A run, from file to landing
//!
//! 1. **Read.** [`domain::task::parse`] turns the text into a [`TaskSet`](domain::task::TaskSet), or
//!    into every [`Diagnostic`](domain::diagnostic::Diagnostic) of the file with its place. `foreach`
//!    becomes tasks there; `when`, groups and `fail_fast` stay with the tasks and the set
//!    ([`Pattern`](domain::task::Pattern), [`FailFast`](domain::task::FailFast)).
//!    [`config::load`] does the same for settings, layer over layer.
//! 2. **Plan.** What is known is loaded first: past runs ([`engine::load_history`]), costs beside the
//!    tasks ([`engine::load_costs`]), the cores that are really there
//!    ([`CoresCache`](adapters::host::effective_cores::CoresCache)), likely conflicts
//!    ([`engine::load_risk`]). [`domain::plan::build`] then goes from history to durations
//!    ([`Durations`](domain::plan::Durations)), ranks tasks by a search
//!    ([`schedule`](domain::plan::schedule)), plays both arms many times
//!    ([`simulate`](domain::plan::simulate)), compares them up to landed, calibrates the intervals on
//!    past runs ([`Calibration`](domain::plan::Calibration)), and gives a [`Plan`](domain::plan::Plan)
//!    with its [`Decision`](domain::plan::Decision). The page of [`domain::plan`] says which file does
//!    what. `--what-if`, `--deadline` and the costs of conflicts are further plans of changed requests
//!    ([`compare`](domain::plan::compare), [`meet_deadline`](domain::plan::meet_deadline),
//!    [`conflict_costs`](domain::plan::conflict_costs)). `wt-orch plan` ends here.
//! 3. **Create.** [`engine::create`] gives the run a name, its tasks their branches and places
//!    ([`engine::placed`]), looks whether something is in the way, and begins the journal with
//!    `RunCreated`. That event holds the whole [`RunSpec`](domain::run::RunSpec): what comes later
//!    depends on nothing else.
//! 4. **Drive.** [`engine::drive`] feeds [`step`](domain::run::step) with inputs: a worker's fact, a
//!    timer, a signal (`engine/driver/signals.rs`), an abort over the control socket
//!    ([`ControlServer`](adapters::host::control::ControlServer)). Per attempt: `Provision`
//!    ([`adapters::worktree::provision_all`], several at once, at the base or at the in-memory merge
//!    of what the task starts from; ignored files of the user's checkout come along by
//!    [`Carry`](adapters::worktree::Carry)), `SetUp` where there are hooks (the same supervisor,
//!    `engine/setup.rs`), `Launch` ([`adapters::process::supervise`], once the
//!    [`Jobserver`](adapters::process::Jobserver) of a run that has one gives it its turn; what an
//!    agent says goes through [`AgentOutput`](domain::run::AgentOutput) on its way to the log), `Commit`
//!    ([`Checkout::commit_all`](adapters::worktree::Checkout::commit_all)), `Check`, and then
//!    `TaskFinished` with an [`Outcome`](domain::run::Outcome) and a
//!    [`Reason`](domain::run::Reason). A sequential run is the same thing with one lane: one
//!    worktree that all tasks use in turn. A task whose `when` does not hold is skipped when its turn
//!    comes, and a failure where `fail_fast` holds is an event of its own (`Halted`). One that ends
//!    otherwise than planned asks for the action `Replan`: [`replan`](domain::plan::replan) ranks what
//!    waits anew, in the background, and `Replanned` hands the ranks to the dispatcher. How many run
//!    at once follows the machine: [`RunState::room`](domain::run::RunState::room) weighs a
//!    [`HostReading`](domain::run::HostReading) (load, memory, the other runs of the
//!    [`Ledger`](adapters::host::ledger::Ledger)), [`Admission`](domain::run::Admission) steadies that,
//!    and `WidthChanged` tells it; a provider that limits the rate of an agent's calls does the same
//!    to the tasks of that agent.
//! 5. **Integrate.** [`engine::integrate`] collects what succeeded, forecasts every pair
//!    ([`Repo::forecast_matrix`](adapters::git::Repo::forecast_matrix)), orders it ([`merge_order`](domain::integrate::merge_order)) and does
//!    what [`next`](domain::integrate::Integration::next) asks for: merge in memory
//!    ([`MergeSession`](adapters::git::MergeSession)), resolve what collides in a worktree of its own as
//!    far as [`ResolutionRules`](domain::integrate::ResolutionRules) go, validate in worktrees of their
//!    own, isolate the smallest set that breaks a validation, land. With `integrate.speculate` a run
//!    goes the same way while its last tasks are at work, up to where it would land
//!    (`engine/ahead.rs`, on a sketch of the journal). Forecasts of a run that is under way
//!    and of any branches ([`engine::forecast_run`], [`engine::forecast_all`]) only read.
//! 6. **Land.** [`adapters::git::land`] moves the branch by compare-and-swap, with the files of the
//!    worktree that has it checked out. Announced in the database before, settled after; a crash
//!    between is put in order by [`engine::recover`]. [`engine::undo`] is the same move back.
//! 7. **Tell.** [`run_report`](domain::report::run_report) and [`from_run`](domain::report::from_run)
//!    make a report and a JSON document from the folded state alone, so that a report of a journal is
//!    the same whenever it is made. [`render`] prints them.
//!
//! When a run ends, or is stopped, [`observe`](domain::run::observe) reads from its journal how long
//! attempts took and how the prediction did, and the next plan learns from it. A test run also leaves
//! what its modules and their parts took and which failed
//! ([`SuiteMemory`](domain::suite::SuiteMemory), `engine/suite_memory.rs`).
//!
//! A test run goes the same way, from other tasks: [`engine::load_suites`] finds modules in the files of
//! a commit, [`domain::suite::suite_tasks`] makes tasks of them, and [`RunKind`](domain::run::RunKind)
//! says so. `Commit` commits nothing there: it reads what the tests said
//! ([`read_suite`](domain::suite::read_suite), told as `SuiteFinished`), and makes the worktree what it
//! was. [`suite_summary`](domain::report::suite_summary) is its result.
//!
//! Other ways in: `resume` reads the journal ([`engine::open_for_writing`]), ends what still runs of
//! it (mostly nothing: the [`Warden`](adapters::process::Warden) of a killed process did) and records
//! what was lost ([`engine::reconcile`]), then drives on. `retry` is the input
//! [`Input::Retry`](domain::run::Input::Retry). `status` and `report` only fold
//! ([`engine::load_run`]), also while another process drives; `status --watch` is told by that one
//! over the control socket whenever there is more to read ([`engine::follow`]).
//!
//! A race ([`domain::race`]) is a run of another kind ([`RunKind`](domain::run::RunKind)):
//! [`race_tasks`](domain::race::race_tasks) makes a control of the base and a task of each hypothesis,
//! [`engine::Hypotheses`] the commits that they begin at. `step` asks for the check again until
//! [`standing`](domain::race::standing) settles an arm, and `RaceDecided` stops the others
//! (`run/step/racing.rs`). [`race_facts`](domain::report::race_facts) reads the rest from the journal.
//!
//! # Where things lie
//!
//! In `<git-common-dir>/wt-orch/`: `state.db` (one SQLite file: journals, operations, measured
//! costs, observed attempts, runs and test suites; [`Store`](adapters::store::Store)), `state.db.corrupt-<n>` (one
//! that was damaged, moved aside by [`engine::set_database_aside`] under `.database.lock`),
//! `logs/<run>/<task>.<attempt>.log`,
//! `….<attempt>.start.log` (what resolved a conflict in what it starts from),
//! `….<attempt>.report.xml` (what a test runner wrote), `logs/<run>/resolve.log`,
//! `logs/<run>/put-back/` (settings and hooks as tasks had left them), `<run>.lock` (held
//! by the one writer of a run), `<run>.sock` (while a process drives it; in the runtime folder where
//! the path is too long), `.provision.lock` (held by whoever makes or removes git's entries of
//! worktrees), `.create.lock` (held while a run takes its places), `.undo.lock` (held by an undo),
//! `tmp-worktree` (an entry until it is whole) and `trash-*` (one until it is deleted).
//! Beside worktrees: `.<repo>-pool…/<n>`, those that wait for a task
//! ([`pool`](adapters::worktree::pool)), `.<repo>-test…/<task>`, those of a test run that is under way
//! (`engine/test_places.rs`), and `.wt-orch-trash-*`, folders until they are deleted
//! ([`Trash`](adapters::worktree::Trash)). Refs below `refs/wt-orch/`: `<run>/<task>/start` (a merge
//! that a task
//! starts from), `<run>/<task>/attempt-<n>` (what a failed attempt left),
//! `<run>/<task>/attempt-<n>-repository-<m>` (commits of a repository made in its worktree),
//! `<run>/<task>/found-<id>` (what a ref held that went or moved while the task ran), `<run>/_candidate`,
//! `<run>/_resolved/<task>` (what the user made of a conflict),
//! `<run>/_begin/<commit>` (what a task begins at where no branch may hold it: a patch, the working tree),
//! `undo/<operation>/{old,new}`. Worktrees and branches are where the settings say, the worktrees of
//! validations beside them as `<repo>-<run>.validate`, `….validate-2` and so on, that of a conflict as
//! `<repo>-<run>.resolve`, or `….resolve-<task>` of one in what a task starts from: one that is left to
//! the user says so in its git directory, in
//! `wt-orch-by-hand`. What was brought into a worktree from the
//! user's checkout is listed in its git directory, in `wt-orch-carried`; what setup hooks left there is
//! noted beside it (`wt-orch-setup`; [`Prepared`](adapters::worktree::Prepared)). A task's temporary
//! files are in a folder of its own below the system's
//! ([`temporary_place`](adapters::host::temporary::temporary_place)). What the user has approved of is
//! out of a repository's reach, in `$XDG_STATE_HOME/wt-orch/approved`
//! ([`Approvals`](adapters::host::approvals::Approvals)); how many cores there really are on a machine,
//! in
//! `$XDG_CACHE_HOME/wt-orch/cores.json`.
//!
//! # What is promised, and where it is held
//!
//! | promise | held by |
//! |---|---|
//! | The user's branch, index, files, stash, config and hooks stay as they are until a landing or its undo succeeds. | no other code of ours writes there; own git runs with `core.hooksPath=/dev/null` and no optional locks (`adapters/git/program.rs`) |
//! | What a task plants among the repository's settings and hooks is put back, or named where a crash came between. | `engine/guard.rs`, by [`adapters::git::SharedFiles`] and [`adapters::git::SharedPrograms`] |
//! | The target moves only by compare-and-swap, and only to the commit that was validated. | [`adapters::git::land`]; [`Next::Land`](domain::integrate::Next::Land) exists only for a head that passed every validation |
//! | A task's work is reachable from a ref, or reported as lost. | [`CommitOutcome`](adapters::worktree::CommitOutcome): every variant names the commit or the reason; `refs/wt-orch/…/attempt-<n>` |
//! | `clean` deletes nothing dirty or unlanded without force. | [`engine::clean`], [`RemoveMode`](adapters::worktree::RemoveMode) |
//! | A crash at any point can be resumed. | events before effects; [`engine::reconcile`], [`engine::recover`]; tests die at every [`crash_point`](adapters::host::crash_point::crash_point) |
//! | No process outlives its task. | [`adapters::process`]: a control group for each command ([`Way`](adapters::process::Way) has the others), [`Warden`](adapters::process::Warden); `run.keep` names what may |
//! | Logs and messages are bounded, and what tasks print cannot drive the terminal. | `run.log_limit`; [`render::visible`] |
//! | Publishing credentials don't reach tasks. | `engine/environment.rs`, with the lists of [`config::RunSettings`] |
//! | No command of a repository's own settings runs without approval. | `cli/approval.rs`, with [`config::Asked`] |
//! | A report of a journal equals the report of the live run. | [`domain::report`] is given the state and no clock |
//! | Same input, machine, measurements and seed: same plan. | [`domain::plan`] takes all of them as arguments |
//!
//! # Rules of landing
//!
//! The numbers by which comments name them.
//!
//! - 1, closure: a task lands with everything that it started from; what started from a task that is
//!   left out is left out too ([`closed`](domain::integrate::closed)).
//! - 2, delta: a task contributes `start → tip`. Branches are merged with their history; where that
//!   holds work that is not the task's (one lane) or is not wanted (squash), `start` is the merge base.
//! - 3, start of a dependent: tips that conflict before it starts are resolved as they are while
//!   integrating, once; where nothing resolves them it is `skipped`, with pair and paths.
//! - 4: tasks serialised by a claim or a lock start from one another, not all from the base.
//! - 7 and 8: a check runs on the committed tip; one that changes tracked files counts as failed, a
//!   validation that does taints its tree, and that never lands.
//! - 9, stale builds: a worktree that is used again gets newer files than any build product in it;
//!   one that begins with the checkout's caches, wherever a file is not the checkout's
//!   ([`Carry::refresh_times`](adapters::worktree::Carry::refresh_times)).
//! - 10, baseline: what fails on the target already does not count, test by test, as long as everything
//!   that the target runs was run; a validation that is red on the target and does not say by which test
//!   cannot vouch, and nothing lands.
//! - 11: test configuration and CI files are taken from the target while the candidate is validated.
//! - 12, flakes: what fails is run again, on the candidate and on the target, and judged by how often it
//!   does (`domain/integrate/statistics.rs`).
//! - 13: a tree that passed a command in the same surroundings passes again without being run.
//! - 14: a set of tasks is blamed when it fails alone and passes without any one of them
//!   (`domain/integrate/isolate.rs`).
//! - 15: of each such set the cheapest member is left out, the later one where they cost the same.
//! - 16 and 17: pairs that touch the same path are merged both ways; disjoint paths are clean only where
//!   nothing can be a rename and no attribute changes ([`adapters::git::Forecast`]).
//! - 18 to 20: sign first, validate that commit, keep it under a ref, then move once by
//!   compare-and-swap; a checked-out target only if nothing dirty or untracked is in the way; a
//!   target that moved is merged and validated again.
//! - 21: an undo is refused once a remote-tracking ref holds the landing.
//! - 22: validations that share a lock never run at the same time.
//!
//! # Where to add
//!
//! - **A command**: a variant of `Command` in `cli/args.rs`, a file in `cli/commands/`, a line in
//!   `dispatch` (`cli/mod.rs`). The README's table of commands is held to `--help` by a test.
//! - **A key of a task**: `domain/task/parse/fields.rs` or `work.rs`, the field in
//!   `domain/task/model.rs`, the README's table (held to the parser by a test). Tasks are stored with
//!   their run, so a field has a default.
//! - **An event**: a variant of [`Event`](domain::run::Event), how it folds (`domain/run/fold.rs`),
//!   what follows from it (`step.rs`), its line (`render/event_line.rs`). Stored events are read
//!   again: fields are added with a default, never renamed, else
//!   [`JOURNAL_VERSION`](domain::run::JOURNAL_VERSION) rises. So is all that they hold: plans, tasks,
//!   estimates (`fixtures/store/journal-v1.jsonl` must still fold).
//! - **An action**: a variant of [`Action`](domain::run::Action) and how it is performed
//!   (`engine/driver.rs`; what starts a program, `launching.rs` and `starting.rs` beside it), which ends by sending a fact.
//! - **A form of report**: a printer of [`Report`](domain::report::Report) in `render`, a word in
//!   `ReportFormat`. **A section**: `domain/report/`; every form gets it.
//! - **An agent**: its preset in `domain/task/agent.rs`; what it says of its work, a file in
//!   `domain/run/agent_output/`.
//! - **A setting**: the field in `config/settings.rs`, its key in `config/read.rs` and
//!   `config/entry.rs`, a commented line in `orchestrator.toml.example` and a row in the README (both
//!   held to the built-in values by tests).
//! - **A JSON document**: a type in [`domain::report`] with its schema in
//!   [`schemas`](domain::report::schemas).

pub mod domain;

pub mod adapters;

pub mod config;

pub mod engine;

pub mod render;

pub mod cli;
