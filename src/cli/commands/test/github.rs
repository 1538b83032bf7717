//! What a job of GitHub Actions is told beside the result.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use crate::cli::context::{Context, Place};
use crate::domain::report::{Report, SuiteSummary};
use crate::domain::run::RunState;
use crate::domain::suite::Place as SourcePlace;
use crate::render::{
    ANNOTATIONS_MAX, GuardedOutput, annotation_line, annotations, step_summary, without_commands,
};

/// A job of GitHub Actions, which this runs in.
pub(super) struct Actions {
    summary: Option<PathBuf>,
    /// Nothing that was tested can know it.
    seed: Vec<u8>,
}

/// The job; `None` elsewhere.
pub(super) fn actions(context: &Context) -> Option<Actions> {
    let said = context.environment.text("GITHUB_ACTIONS")?;
    if ["false", "0"].iter().any(|off| said.eq_ignore_ascii_case(off)) {
        return None;
    }
    let summary = context.environment.raw("GITHUB_STEP_SUMMARY").map(PathBuf::from);
    let now = context.clock.elapsed().as_nanos().to_le_bytes();
    Some(Actions { summary, seed: [&now[..], &std::process::id().to_le_bytes()].concat() })
}

impl Actions {
    /// Output of tests, which must not be taken for commands.
    pub(super) fn guarded(&self, state: &RunState, text: &str) -> String {
        GuardedOutput::new(state.spec.run.as_str(), &self.seed).wrap(&without_commands(text))
    }

    /// Annotations, on the stream of the guarded output, and the summary of the step.
    pub(super) fn tell(
        &self,
        context: &Context,
        place: &Place,
        state: &RunState,
        (summary, report): (&SuiteSummary, &Report),
    ) {
        let files: BTreeSet<String> =
            place.site.repo.paths_in(state.spec.base).unwrap_or_default().into_iter().collect();
        let parts = state.spec.kind.suite().map_or(&[][..], |suite| &suite.parts);
        let told = summary.modules.iter().flat_map(|module| {
            let of_it: Vec<_> = parts.iter().filter(|part| part.module == module.name).collect();
            let locate = |place: &SourcePlace| {
                of_it.iter().find_map(|part| {
                    let root = &state.spec.places[state.index(&part.task)?].worktree;
                    place.locate((root, &part.folder), &files)
                })
            };
            annotations(module, locate)
        });
        for annotation in told.take(ANNOTATIONS_MAX) {
            context.streams.commands(&annotation_line(&annotation));
        }
        let Some(path) = &self.summary else { return };
        let appended = OpenOptions::new().create(true).append(true).open(path);
        let written = appended.and_then(|mut file| file.write_all(step_summary(report).as_bytes()));
        if let Err(error) = written {
            let path = path.display();
            context.streams.warn(&format!("the summary was not written to `{path}`: {error}"));
        }
    }
}
