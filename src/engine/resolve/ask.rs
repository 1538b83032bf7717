//! Asking the resolver: a command or an agent that is given both sides and what they were meant to do.

use std::ffi::OsString;

use super::answers::{Known, conflict_of};
use super::desk::{Desk, Errand};
use super::evidence::{MAX_FILE, Names, Sides};
use super::merge::{Shares, Stage, Titles, names};
use super::regenerate::told;
use super::{Collision, Mediator};
use crate::adapters::git::{FileVersion, GitError, MarkerStyle, Repo};
use crate::adapters::worktree::Checkout;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{Member, Question, QuestionFile, QuestionTask, Resolver, outside};
use crate::domain::run::Ending;
use crate::domain::task::Work;
use crate::engine::attempt::chain;
use crate::engine::setup::changed_between;

/// One answer.
enum Answer {
    Taken(Oid, Vec<String>),
    Refused(String),
    Interrupted,
}

impl Mediator<'_> {
    /// Asks until an answer can be taken over, at most as often as the rules say. `tree`: what is
    /// resolved so far, with markers in what is open. Refused without a word where there is nobody to
    /// ask.
    pub(super) async fn ask(
        &self,
        desk: &Desk,
        collision: &Collision,
        (sides, shares, tree): (&Sides, &Shares, Oid),
        others: &[Member],
    ) -> Result<Stage, String> {
        let Some(resolver) = &self.rules.resolver else { return Ok(Stage::Refused(Vec::new())) };
        let conflict = conflict_of(sides, &shares.open);
        let read = |error| chain(&error);
        let (answers, of) = (self.answers.clone(), conflict.clone());
        let known = self.site.aside(move |site| answers.known(&site.repo, &of, tree));
        match known.await.map_err(read)? {
            Some(Known::Refused(why)) => return Ok(Stage::Refused(vec![why])),
            Some(Known::Taken { versions, notes, .. }) => {
                let again = desk.aside(move |_, checkout| checkout.chosen(tree, &versions));
                return Ok(Stage::Done(again.await?, notes));
            }
            None => {}
        }
        let sought = Sought { sides, shares, tree, names: names(collision, others) };
        let mut feedback = None;
        for number in 1..=self.rules.tries.max(1) {
            let before = self.set_out(desk, collision, &sought).await?;
            let mut question = self.question(desk, collision, &sought, others).await?;
            (question.r#try, question.feedback) = (number, feedback.take());
            match self.answer(desk, resolver, &question, (&sought, before)).await? {
                Answer::Taken(answer, notes) => {
                    let (of, said) = (conflict.clone(), notes.clone());
                    let known = self
                        .site
                        .aside(move |site| Known::taken(&site.repo, &of, (tree, answer), said));
                    self.answers.remember(conflict, known.await.map_err(read)?);
                    return Ok(Stage::Done(answer, notes));
                }
                Answer::Interrupted => return Ok(Stage::Interrupted),
                Answer::Refused(why) => feedback = Some(why),
            }
        }
        let times = match self.rules.tries {
            0 | 1 => String::new(),
            tries => format!(" {tries} times, last"),
        };
        let why = feedback.unwrap_or_default();
        let why = format!("the resolver's answer was refused{times} because {why}");
        self.answers.remember(conflict, Known::Refused(why.clone()));
        Ok(Stage::Refused(vec![why]))
    }

    /// Stands the desk in the collision, with the ancestor between the markers, and what is resolved
    /// already in its place. Returns what is there.
    async fn set_out(
        &self,
        desk: &Desk,
        collision: &Collision,
        sought: &Sought<'_>,
    ) -> Result<Oid, String> {
        let (request, tree) = (collision.request, sought.tree);
        let (sides, titles) = (sought.sides.clone(), Titles::of(collision));
        let open = sought.shares.open.clone();
        desk.aside(move |site, checkout| {
            let shown = site.repo.collide(request, MarkerStyle::Zdiff3)?;
            let mut shown = shown.unwrap_or_else(|| sides.collided.clone());
            shown.paths.retain(|path| open.contains(&path.path));
            shown.tree = checkout.overlaid(tree, shown.tree, &open)?;
            checkout.stand_in_collision(&shown, titles.names(&sides))?;
            checkout.whole_tree()
        })
        .await
    }

    async fn question(
        &self,
        desk: &Desk,
        collision: &Collision,
        sought: &Sought<'_>,
        others: &[Member],
    ) -> Result<Question, String> {
        let open = conflict_of(sought.sides, &sought.shares.open);
        let files = desk.aside(move |site, checkout| {
            let mut files = Vec::new();
            for path in &open {
                let text = |version: Option<FileVersion>| text_of(&site.repo, version);
                let (base, ours) = (text(path.base)?, text(path.ours)?);
                let theirs = text(path.theirs)?;
                let marked = ours.is_some() && theirs.is_some();
                let zdiff3 = if marked { checkout.text_at(&path.path) } else { None };
                files.push(QuestionFile { path: path.path.clone(), base, ours, theirs, zdiff3 });
            }
            Ok(files)
        });
        Ok(Question {
            schema: 1,
            run: self.spec.run.clone(),
            target: collision.target.to_owned(),
            task: self.told_of(&collision.member.task, collision.member.title.as_ref()),
            others: others.iter().map(|o| self.told_of(&o.task, o.title.as_ref())).collect(),
            files: files.await?,
            allowed_paths: sought.allowed(),
            r#try: 1,
            feedback: None,
        })
    }

    fn told_of(&self, id: &TaskId, title: Option<&String>) -> QuestionTask {
        let planned = self.spec.plan.tasks.iter().find(|planned| planned.task.id == *id);
        let prompt = planned.and_then(|planned| match &planned.task.work {
            Work::Agent { prompt, .. } => Some(prompt.clone()),
            Work::Command { prompt, .. } => prompt.clone(),
            Work::Given | Work::Gate { .. } => None,
        });
        QuestionTask { id: id.clone(), title: title.cloned(), prompt }
    }

    async fn answer(
        &self,
        desk: &Desk,
        resolver: &Resolver,
        question: &Question,
        (sought, before): (&Sought<'_>, Oid),
    ) -> Result<Answer, String> {
        let errand = self.errand(desk, resolver, question).await?;
        let end = desk.run(self, errand).await?;
        if self.reins.is_stopped() {
            return Ok(Answer::Interrupted);
        }
        if end.ending != (Ending::Code { code: 0 }) {
            let said = told(&end.last_lines);
            return Ok(Answer::Refused(format!("it ended: {}{said}", end.ending)));
        }
        if let Some(error) = end.agent.and_then(|agent| agent.error) {
            return Ok(Answer::Refused(format!("the agent says that it failed: {error}")));
        }
        sought.judged(desk, before).await
    }

    async fn errand(
        &self,
        desk: &Desk,
        resolver: &Resolver,
        question: &Question,
    ) -> Result<Errand, String> {
        let timeout = self.rules.timeout;
        let command = match resolver {
            Resolver::Agent(preset) => {
                let argv = preset.argv_with(&question.prompt());
                let argv = argv.into_iter().map(OsString::from).collect();
                return Ok(Errand { argv, agent: Some(preset.output), timeout });
            }
            Resolver::Command(command) => command,
        };
        let text = serde_json::to_string(question).map_err(|error| chain(&error))?;
        let file = desk.aside(move |_, checkout| checkout.note_question(&text)).await?;
        // A file, so that no command can block on what it does not read.
        let script = "exec sh -c \"$1\" <\"$2\"";
        let mut argv: Vec<OsString> =
            ["sh", "-c", script, "sh", command].map(OsString::from).into();
        argv.push(file.into_os_string());
        Ok(Errand { argv, agent: None, timeout })
    }
}

/// What an answer is measured by.
struct Sought<'a> {
    sides: &'a Sides,
    shares: &'a Shares,
    tree: Oid,
    names: Names,
}

impl Sought<'_> {
    /// What a side changed, less what is made anew after the answer.
    fn allowed(&self) -> Vec<String> {
        let changed = self.sides.changed.iter();
        changed.filter(|path| !self.shares.generated.contains(path)).cloned().collect()
    }

    /// Takes over what was changed of the paths that a side changed. What is new elsewhere is left out,
    /// what was changed elsewhere is refused, and so is a file with markers or without the work of a
    /// side.
    async fn judged(&self, desk: &Desk, before: Oid) -> Result<Answer, String> {
        let (sides, names, tree) = (self.sides.clone(), self.names.clone(), self.tree);
        let open = self.shares.open.clone();
        let allowed = self.allowed();
        let judge = move |repo: &Repo, checkout: &Checkout| -> Result<Answer, GitError> {
            let after = checkout.whole_tree()?;
            let touched = changed_between(repo, before, after)?;
            let may = |path: &str| allowed.iter().any(|own| own == path);
            let strange: Vec<String> = outside(&touched, may).map(str::to_owned).collect();
            let known = repo.versions_in(before, &strange)?;
            let (changed, new): (Vec<String>, Vec<String>) =
                strange.into_iter().partition(|path| known.contains_key(path));
            if !changed.is_empty() {
                let paths = changed.join(", ");
                return Ok(Answer::Refused(format!("neither side had changed {paths}")));
            }
            let own: Vec<String> = touched.into_iter().filter(|path| may(path)).collect();
            let answer = checkout.overlaid(tree, after, &own)?;
            let paths = [own, open].concat();
            if let Some(why) = sides.examine(repo, answer, &paths)?.objection(&names) {
                return Ok(Answer::Refused(why));
            }
            let left_out = (!new.is_empty()).then(|| {
                format!("the resolver left {} behind, which is not taken over", new.join(", "))
            });
            Ok(Answer::Taken(answer, left_out.into_iter().collect()))
        };
        desk.aside(move |site, checkout| judge(&site.repo, checkout)).await
    }
}

/// The content of a version that is text.
fn text_of(repo: &Repo, version: Option<FileVersion>) -> Result<Option<String>, GitError> {
    let Some(version) = version.filter(|version| version.is_file()) else { return Ok(None) };
    let mut content = repo.contents(&[version.id], MAX_FILE)?;
    let content = content.pop().flatten().filter(|content| !content.contains(&0));
    Ok(content.and_then(|content| String::from_utf8(content).ok()))
}
