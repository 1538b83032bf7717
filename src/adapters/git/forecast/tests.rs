//! Forecasts against the merges of git itself, on made-up histories, and the rules of landing that
//! a forecast has to keep.

use git2::build::TreeUpdateBuilder;

use crate::adapters::git::fixture::{Sandbox, lines, with_line};
use crate::adapters::git::oid::{from_git2, to_git2};
use crate::adapters::git::{
    Backend, Engine, Forecast, ForecastRequest, ForecastTip, MergeOutcome, MergeRequest, Repo,
    all_pairs,
};
use crate::domain::id::Oid;

/// A history made in the object store, without any process.
struct History {
    git: git2::Repository,
}

/// What a commit does to a file: content and mode, or its end.
type Edit = (String, Option<(Vec<u8>, git2::FileMode)>);

impl History {
    fn at(sandbox: &Sandbox) -> Self {
        Self { git: git2::Repository::open(sandbox.root()).unwrap() }
    }

    fn commit(&self, parents: &[Oid], edits: &[Edit]) -> Oid {
        let find = |oid: &Oid| self.git.find_commit(to_git2(*oid).unwrap()).unwrap();
        let parents: Vec<git2::Commit<'_>> = parents.iter().map(find).collect();
        let empty = self.git.treebuilder(None).unwrap().write().unwrap();
        let base = match parents.first() {
            Some(parent) => parent.tree().unwrap(),
            None => self.git.find_tree(empty).unwrap(),
        };
        let mut update = TreeUpdateBuilder::new();
        for (path, file) in edits {
            match file {
                Some((content, mode)) => {
                    update.upsert(path.as_str(), self.git.blob(content).unwrap(), *mode)
                }
                None => update.remove(path.as_str()),
            };
        }
        let tree = update.create_updated(&self.git, &base).unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        let time = git2::Time::new(1_700_000_000, 0);
        let ann = git2::Signature::new("Ann", "ann@example.org", &time).unwrap();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let message = format!("{} edits", edits.len());
        from_git2(self.git.commit(None, &ann, &ann, &message, &tree, &parents).unwrap())
    }

    fn content(&self, commit: Oid, path: &str) -> Option<Vec<u8>> {
        let tree = self.git.find_commit(to_git2(commit).unwrap()).unwrap().tree().unwrap();
        let id = tree.get_path(path.as_ref()).ok()?.id();
        Some(self.git.find_blob(id).ok()?.content().to_vec())
    }

    /// One made-up edit of a commit's files.
    fn edit(&self, commit: Oid, random: &mut Random) -> Vec<Edit> {
        let path = format!("d{}/f{}", random.below(3), random.below(4));
        let plain = |content| Some((content, git2::FileMode::Blob));
        let Some(old) = self.content(commit, &path) else {
            let new = lines(0..u32::try_from(random.below(30)).unwrap());
            return vec![(path, plain(new.into_bytes()))];
        };
        let text = String::from_utf8_lossy(&old).into_owned();
        let edited = match text.lines().count() {
            0 => "only\n".to_owned(),
            count => with_line(&text, random.below(count), &format!("edit {}", random.below(9))),
        };
        match random.below(16) {
            0 => vec![(path, None)],
            1 => vec![(path, None), (format!("d{}/moved", random.below(3)), plain(old))],
            2 => vec![(path, None), ("d0/moved".to_owned(), plain(edited.into_bytes()))],
            3 => vec![(path, Some((old, git2::FileMode::BlobExecutable)))],
            4 => {
                let content = vec![0, u8::try_from(random.below(3)).unwrap(), 255];
                vec![(format!("bin/{}", random.below(2)), plain(content))]
            }
            5 => vec![(format!("log/{}.u", random.below(2)), plain(edited.into_bytes()))],
            6 => vec![("d0/new".to_owned(), plain(format!("{}\n", random.below(3)).into_bytes()))],
            7 => vec![(path, Some((b"d0/f0".to_vec(), git2::FileMode::Link)))],
            8 => vec![("sub".to_owned(), Some((edited.into_bytes(), git2::FileMode::Commit)))],
            _ => vec![(path, plain(edited.into_bytes()))],
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Branches of several commits on one base, some of them on top of others, one with a merge in it.
fn branches(history: &History, seed: u64) -> Vec<Oid> {
    let mut random = Random(seed);
    let plain = |content: String| Some((content.into_bytes(), git2::FileMode::Blob));
    let mut first: Vec<Edit> = (0..3)
        .flat_map(|d| (0..4).map(move |f| (d, f)))
        .map(|(d, f)| (format!("d{d}/f{f}"), plain(lines(d * 40 + f * 10..d * 40 + f * 10 + 25))))
        .collect();
    first.push((".gitattributes".to_owned(), plain("*.u merge=union\n".to_owned())));
    first.push(("bin/0".to_owned(), Some((vec![0, 9, 255], git2::FileMode::Blob))));
    first.push(("log/0.u".to_owned(), plain("log\n".to_owned())));
    let base = history.commit(&[], &first);
    let mut tips = Vec::new();
    for number in 0..8 {
        let mut tip = if number == 7 { tips[1] } else { base };
        for _ in 0..1 + random.below(3) {
            let edits = history.edit(tip, &mut random);
            tip = history.commit(&[tip], &edits);
        }
        if number == 6 {
            tip = history.commit(&[tip, tips[0]], &[]);
        }
        tips.push(tip);
    }
    tips
}

fn told(repo: &Repo, tips: &[Oid]) -> Vec<Forecast> {
    let tips: Vec<_> = tips.iter().map(|&tip| ForecastTip { start: None, tip }).collect();
    let pairs = all_pairs(tips.len());
    let request = ForecastRequest { tips: &tips, pairs: &pairs, enough: &|| false };
    repo.forecasts(&request).unwrap()
}

#[test]
fn on_generated_histories_the_forecast_is_what_a_merge_of_everything_gives() {
    let sandbox = Sandbox::ordinary(&[("x", "")]);
    let history = History::at(&sandbox);
    let repo = sandbox.repo().with_engine(Engine::Libgit2);
    let (mut conflicts, mut clean, mut unknown) = (0, 0, 0);
    for seed in 0..12 {
        let tips = branches(&history, seed);
        for ((i, j), forecast) in all_pairs(tips.len()).into_iter().zip(told(&repo, &tips)) {
            let request = MergeRequest { base: None, ours: tips[i], theirs: tips[j] };
            let whole = repo.merge(request).unwrap();
            let what = format!("seed {seed}, {i} and {j}: {forecast:?}, merged: {whole:?}");
            match (whole, forecast) {
                (MergeOutcome::Conflict { paths, .. }, Forecast::Conflict { paths: foreseen }) => {
                    assert_eq!(foreseen, paths, "{what}");
                    conflicts += 1;
                }
                (
                    MergeOutcome::Clean { .. },
                    Forecast::Clean | Forecast::SamePath { .. } | Forecast::OrderSensitive { .. },
                ) => clean += 1,
                // What lands is guarded more strictly; the next test holds these to git.
                (MergeOutcome::NeedsGit { .. }, _) => unknown += 1,
                _ => panic!("{what}"),
            }
        }
    }
    assert!(conflicts > 25 && clean > 50, "{conflicts} {clean} {unknown}");
}

#[test]
fn a_pair_that_git_can_merge_is_never_foreseen_to_collide_and_the_other_way_round() {
    let sandbox = Sandbox::ordinary(&[("x", "")]);
    let history = History::at(&sandbox);
    let repo = sandbox.repo();
    let by_git = repo.clone().with_backend(Backend::Git);
    let mut conflicts = 0;
    for seed in 100..104 {
        let tips = branches(&history, seed);
        let (ours, gits) = (told(&repo, &tips), told(&by_git, &tips));
        for ((pair, ours), git) in all_pairs(tips.len()).into_iter().zip(ours).zip(gits) {
            let collides = |forecast: &Forecast| matches!(forecast, Forecast::Conflict { .. });
            conflicts += usize::from(collides(&git));
            let agrees = collides(&ours) == collides(&git);
            let unknown = matches!(ours, Forecast::Unknown { .. });
            assert!(agrees || unknown, "{seed} {pair:?}: {ours:?}, git: {git:?}");
        }
    }
    assert!(conflicts > 5, "{conflicts}");
}

#[test]
fn a_binary_file_that_the_other_one_only_made_executable_merges() {
    let sandbox = Sandbox::ordinary(&[("x", "")]);
    let history = History::at(&sandbox);
    let file = |content: &[u8], mode| vec![("b".to_owned(), Some((content.to_vec(), mode)))];
    let base = history.commit(&[], &file(b"\0one", git2::FileMode::Blob));
    let mode = history.commit(&[base], &file(b"\0one", git2::FileMode::BlobExecutable));
    let content = history.commit(&[base], &file(b"\0two", git2::FileMode::Blob));
    let paths = vec!["b".to_owned()];
    for repo in [sandbox.repo(), sandbox.repo().with_backend(Backend::Git)] {
        let forecast = repo.forecast(mode, content).unwrap();
        assert_eq!(forecast, Forecast::SamePath { paths: paths.clone() });
    }
}

#[test]
fn rule_16_what_comes_out_otherwise_in_the_other_order_is_not_clean() {
    let sandbox = Sandbox::ordinary(&[(".gitattributes", "*.u merge=union\n"), ("log.u", "a\n")]);
    let base = sandbox.rev("HEAD");
    let one = sandbox.branch("one", base, &[("log.u", "a\none\n")]);
    let two = sandbox.branch("two", base, &[("log.u", "a\ntwo\n")]);
    let paths = vec!["log.u".to_owned()];
    for repo in [sandbox.repo(), sandbox.repo().with_backend(Backend::Git)] {
        let forecast = repo.forecast(one, two).unwrap();
        assert_eq!(forecast, Forecast::OrderSensitive { paths: paths.clone() });
    }
}

#[test]
fn rule_17_disjoint_paths_alone_do_not_make_a_pair_clean() {
    let text = lines(0..20);
    let sandbox = Sandbox::ordinary(&[
        ("old", &text),
        ("dir/a", &text),
        ("dir/b", &lines(30..60)),
        ("log.u", "a\n"),
    ]);
    let base = sandbox.rev("HEAD");
    // A rename is a delete and an add: what the other one adds to its folder goes with it, or not.
    let moved = [("dir/a", ""), ("dir/b", ""), ("to/a", &*text), ("to/b", &lines(30..60))];
    let mover = sandbox.branch("mover", base, &moved);
    let adder = sandbox.branch("adder", base, &[("dir/c", "new\n")]);
    let forecast = sandbox.repo().forecast(mover, adder).unwrap();
    assert_ne!(forecast, Forecast::Clean);
    // One file for a system without case, or for one that composes letters.
    for (one, two) in [("Read.me", "read.me"), ("caf\u{e9}", "cafe\u{301}")] {
        let a = sandbox.branch(&format!("a-{}", one.len()), base, &[(one, "1\n")]);
        let b = sandbox.branch(&format!("b-{}", two.len()), base, &[(two, "2\n")]);
        let Forecast::SamePath { paths } = sandbox.repo().forecast(a, b).unwrap() else {
            panic!("{one} and {two} are taken for different files")
        };
        assert_eq!(paths.len(), 2);
    }
    // A file and a folder.
    let file = sandbox.branch("file", base, &[("x", "1\n")]);
    let folder = sandbox.branch("folder", base, &[("x/y", "1\n")]);
    let forecast = sandbox.repo().forecast(file, folder).unwrap();
    assert!(matches!(forecast, Forecast::Conflict { .. }), "{forecast:?}");
}

#[test]
fn rule_17_a_branch_that_changes_attributes_is_merged_with_everybody() {
    let sandbox = Sandbox::ordinary(&[("log", "a\n"), (".gitmodules", "")]);
    let base = sandbox.rev("HEAD");
    let steering = sandbox.branch("steering", base, &[("sub/.gitattributes", "* merge=mine\n")]);
    let one = sandbox.branch("one", base, &[("sub/f", "one\n")]);
    let repo = sandbox.repo();
    assert_eq!(repo.forecast(steering, one).unwrap(), Forecast::Clean);
    let two = sandbox.branch("two", steering, &[("sub/f", "two\n")]);
    // The driver that the branch asks for is not known to libgit2. Git merges as text without it.
    let forecast = repo.clone().with_engine(Engine::Libgit2).forecast(two, one).unwrap();
    assert!(matches!(forecast, Forecast::Unknown { .. }), "{forecast:?}");
    let forecast = repo.forecast(two, one).unwrap();
    assert_eq!(forecast, Forecast::Conflict { paths: vec!["sub/f".to_owned()] });
}

#[test]
fn what_there_was_no_time_for_is_unknown() {
    let sandbox = Sandbox::ordinary(&[("f", "1\n")]);
    let base = sandbox.rev("HEAD");
    let one = sandbox.branch("one", base, &[("f", "one\n")]);
    let two = sandbox.branch("two", base, &[("f", "two\n")]);
    let tips = [one, two].map(|tip| ForecastTip { start: Some(base), tip });
    let at_once = ForecastRequest { tips: &tips, pairs: &[(0, 1)], enough: &|| true };
    let told = sandbox.repo().forecasts(&at_once).unwrap();
    assert!(matches!(told.as_slice(), [Forecast::Unknown { .. }]), "{told:?}");
}

#[test]
fn excerpts_are_of_the_places_that_collide() {
    let text = lines(0..30);
    let sandbox = Sandbox::ordinary(&[("f", &text), ("g", &text)]);
    let base = sandbox.rev("HEAD");
    let both = |name: &str| {
        let f = with_line(&text, 3, name);
        sandbox.branch(name, base, &[("f", &f), ("g", &with_line(&text, name.len() * 5, name))])
    };
    let (one, three) = (both("one"), both("three"));
    for repo in [sandbox.repo(), sandbox.repo().with_backend(Backend::Git)] {
        let hunks = repo.forecast_hunks(one, three).unwrap();
        let [hunk] = hunks.as_slice() else { panic!("{hunks:?}") };
        assert_eq!(hunk.path, "f");
        assert!(hunk.text.contains("one\n||||||| base\nline 3\n=======\nthree"), "{}", hunk.text);
    }
}
