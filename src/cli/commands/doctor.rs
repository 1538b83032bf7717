//! `wt-orch doctor`: what is found here, and which engine serves what.

mod measured;
mod runs;

use serde_json::json;

use self::measured::Measured;
use self::runs::{Runs, deserted_row, left_by_tests_row};

use crate::adapters::git::{Area, Backend, Capability, GitProgram, Head};
use crate::adapters::host::disk::free_bytes;
use crate::adapters::host::machine::Machine;
use crate::adapters::process::{Borne, load_borne};
use crate::adapters::store::Store;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::runtime;
use crate::cli::remembered::Remembered;
use crate::domain::report::SCHEMA;
use crate::domain::task::human_size;
use crate::engine::{jobserver_text, load_costs};
use crate::render::{key_value_text, visible};

/// Runs it.
pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let place = context.place()?;
    let capabilities = place.site.repo.capabilities();
    let remembered = Remembered::load(context, &place);
    let mut rows = rows(&place, &capabilities, remembered.store())?;
    let measured = Measured::load(&place, remembered.store())?;
    rows.extend(measured.rows());
    let runs = Runs::load(&place);
    rows.push(("runs", runs.text()));
    rows.extend(deserted_row(&place, remembered.store())?);
    rows.extend(left_by_tests_row(&place, remembered.store())?);
    let shown: Vec<(&str, String)> =
        rows.iter().map(|(name, value)| (*name, visible(value))).collect();
    let pairs: Vec<(&str, &str)> = shown.iter().map(|(n, v)| (*n, v.as_str())).collect();
    context.streams.result(&key_value_text(&pairs));
    let facts: serde_json::Map<String, serde_json::Value> =
        rows.into_iter().map(|(name, value)| (name.replace(' ', "_"), json!(value))).collect();
    let engines: Vec<serde_json::Value> = capabilities.iter().map(engine_entry).collect();
    let Borne { way, because } = load_borne();
    context.streams.document(&json!({
        "schema": SCHEMA,
        "facts": facts,
        "engines": engines,
        "containment": { "way": way.as_str(), "reason": because },
        "cores": measured.cores_entry(),
        "contention": measured.contention_entry(),
        "costs": measured.cost_entries(),
        "runs": runs.entries(),
    }));
    Ok(Exit::Done)
}

fn engine_entry(capability: &Capability) -> serde_json::Value {
    json!({
        "serves": capability.area.name(),
        "engine": capability.backend.to_string(),
        "reason": capability.reason,
    })
}

fn service(capability: &Capability, program: &GitProgram) -> String {
    let engine = match (capability.backend, capability.area) {
        (Backend::Libgit2, Area::Checkout) => "this process, contents by libgit2".to_owned(),
        (Backend::Libgit2, Area::Objects | Area::Index | Area::Forecast) => {
            "libgit2, in this process".to_owned()
        }
        (Backend::Git, _) => format!("git {}", program.version()),
    };
    let reason = capability.reason.as_ref();
    reason.map_or_else(|| engine.clone(), |reason| format!("{engine} ({reason})"))
}

fn rows(
    place: &Place,
    capabilities: &[Capability],
    store: Option<&Store>,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let repo = &place.site.repo;
    let program = repo.program();
    let machine = Machine::load();
    let head = repo.head()?;
    let engine = repo.merge_engine();
    let mut rows = vec![
        ("wt-orch", env!("CARGO_PKG_VERSION").to_owned()),
        ("git", format!("{} ({})", program.version(), program.path().display())),
        ("repository", repo.root().display().to_string()),
        ("kind", if repo.is_bare() { "bare" } else { "with a checkout" }.to_owned()),
        (
            "head",
            match &head {
                Head::Branch { name, tip } => format!("{name} at {}", tip.short()),
                Head::Unborn { name } => format!("{name}, without a commit yet"),
                Head::Detached { tip } => format!("detached at {}", tip.short()),
            },
        ),
        (
            "in progress",
            repo.in_progress(repo.git_dir())?.map_or("nothing".into(), |p| p.to_string()),
        ),
    ];
    rows.extend(capabilities.iter().map(|c| (c.area.name(), service(c, program))));
    rows.extend([
        ("merging", format!("{engine}{}", merging_reason(place, capabilities))),
        (
            "identity",
            match repo.identity()? {
                Some((name, email)) => format!("{name} <{email}>"),
                None => "not configured: commits will be by wt-orch <wt-orch@localhost>".to_owned(),
            },
        ),
        ("cores", machine.cores.to_string()),
        ("memory", human_size(machine.memory)),
        ("free disk", free_bytes(repo.root()).map_or("unknown".into(), human_size)),
        ("containment", containment_text(&load_borne())),
        (
            "jobserver",
            runtime()?.block_on(jobserver_text(&place.site, place.settings.run.jobserver)),
        ),
        ("state", place.site.state_dir().display().to_string()),
    ]);
    let files = match head.tip() {
        Some(tip) => repo.file_count(tip)?,
        None => 0,
    };
    let costs = load_costs(store, files, 0)?;
    let measured = match costs.measured {
        0 => "defaults, nothing measured here yet".to_owned(),
        n => format!("{n} of 3 measured here"),
    };
    rows.push(("files at HEAD", files.to_string()));
    rows.push((
        "costs",
        format!(
            "worktree {:.2} s, commit {:.2} s, merge {:.2} s ({measured})",
            costs.provision, costs.commit, costs.merge
        ),
    ));
    Ok(rows)
}

fn containment_text(borne: &Borne) -> String {
    let reason = borne.because.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
    format!("{}{reason}", borne.way)
}

fn merging_reason(place: &Place, capabilities: &[Capability]) -> &'static str {
    let version = place.site.repo.program().version();
    let library =
        capabilities.iter().any(|c| c.area == Area::Objects && c.backend == Backend::Libgit2);
    if version.at_least(2, 40) {
        ""
    } else if !library {
        " (no deltas: `git merge-tree --merge-base` needs git 2.40)"
    } else if version.at_least(2, 38) {
        " (deltas with libgit2: `git merge-tree --merge-base` needs git 2.40)"
    } else {
        " (`git merge-tree --write-tree` needs git 2.38)"
    }
}
