use super::*;

fn program(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn trace(folder: &Path, command: &str) -> Vec<String> {
    toolchain_trace(command, &[("PATH".into(), folder.into())])
}

#[test]
fn the_trace_changes_with_each_program_that_has_a_part() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    program(folder, "runner", "#!/usr/bin/env engine\n");
    program(folder, "engine", "engine");
    program(folder, "other", "other");
    let first = trace(folder, "FOO=1 runner --all && ./local");
    assert_eq!(first, trace(folder, "FOO=1 runner --all && ./local"));
    assert!(first.iter().any(|line| line.starts_with("engine ")), "{first:?}");
    program(folder, "other", "another");
    assert_eq!(first, trace(folder, "FOO=1 runner --all && ./local"));
    program(folder, "engine", "another engine");
    let second = trace(folder, "FOO=1 runner --all && ./local");
    assert_ne!(first, second);
    program(folder, "runner", "#!/usr/bin/env engine\n# longer\n");
    assert_ne!(second, trace(folder, "FOO=1 runner --all && ./local"));
}

#[test]
fn a_proxy_of_rustup_brings_its_tool_chains_along() {
    let folder = tempfile::tempdir().unwrap();
    let (bin, home) = (folder.path().join("bin"), folder.path().join("home"));
    for path in [&bin, &home.join("toolchains/stable/lib/rustlib")] {
        fs::create_dir_all(path).unwrap();
    }
    program(&bin, "rustup", "proxy");
    std::os::unix::fs::symlink("rustup", bin.join("cargo")).unwrap();
    fs::write(home.join("settings.toml"), "default = 'stable'").unwrap();
    let env = [("PATH".into(), bin.into_os_string()), ("RUSTUP_HOME".into(), home.clone().into())];
    let first = toolchain_trace("cargo test", &env);
    fs::write(home.join("settings.toml"), "default = 'nightly'").unwrap();
    let second = toolchain_trace("cargo test", &env);
    assert_ne!(first, second);
    fs::write(home.join("toolchains/stable/lib/rustlib/components"), "rustc").unwrap();
    assert_ne!(second, toolchain_trace("cargo test", &env));
}
