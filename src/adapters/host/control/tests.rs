use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use super::*;

fn place(dir: &Path) -> Place<'_> {
    Place { dir, run: "user-auth", runtime_dir: None }
}

/// Asks from another thread: the client blocks, the server needs this one.
async fn ask(dir: &Path, runtime_dir: Option<&Path>, request: Request) -> Reply {
    let (dir, runtime_dir) = (dir.to_owned(), runtime_dir.map(Path::to_owned));
    let asked = move || {
        let place = Place { runtime_dir: runtime_dir.as_deref(), ..place(&dir) };
        send(place, &request).unwrap()
    };
    tokio::task::spawn_blocking(asked).await.unwrap()
}

#[tokio::test]
async fn a_request_reaches_the_run_and_its_answer_the_client() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = ControlServer::bind(place(dir.path())).unwrap();
    let mode = fs::metadata(server.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let pong = ask(dir.path(), None, Request::Ping).await;
    assert_eq!(pong, Reply::Pong { pid: std::process::id() });

    let client = ask(dir.path(), None, Request::Abort);
    let run = async {
        let call = server.recv().await;
        assert_eq!(call.request, Request::Abort);
        call.answer(Reply::Aborting { forced: false }).await;
    };
    assert_eq!(tokio::join!(client, run).0, Reply::Aborting { forced: false });

    let client = ask(dir.path(), None, Request::Abort);
    let run = async { drop(server.recv().await) };
    assert!(matches!(tokio::join!(client, run).0, Reply::Refused { .. }));
}

#[tokio::test]
async fn a_follower_hears_of_every_step_until_the_run_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let server = ControlServer::bind(place(dir.path())).unwrap();
    assert!(is_served(place(dir.path())).unwrap());
    server.tell_stored(3);
    let (steps, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let mut follower = follow(place(dir.path())).unwrap().unwrap();
    let following = tokio::task::spawn_blocking(move || {
        while let Some(seq) = follower.wait() {
            steps.send(seq).unwrap();
        }
    });
    assert_eq!(heard.recv().await, Some(3));
    server.tell_stored(3);
    server.tell_stored(5);
    assert_eq!(heard.recv().await, Some(5), "nothing is said twice");
    drop(server);
    following.await.unwrap();
    assert_eq!(heard.recv().await, None);
    assert!(!is_served(place(dir.path())).unwrap());
    assert!(follow(place(dir.path())).unwrap().is_none());
}

#[tokio::test]
async fn the_socket_goes_with_its_server() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(send(place(dir.path()), &Request::Ping).unwrap(), Reply::NotRunning);
    let server = ControlServer::bind(place(dir.path())).unwrap();
    let path = server.path().to_owned();
    drop(server);
    assert!(!path.exists());
    assert_eq!(send(place(dir.path()), &Request::Ping).unwrap(), Reply::NotRunning);
}

#[tokio::test]
async fn a_dead_owners_socket_is_replaced_and_a_living_ones_is_not() {
    let dir = tempfile::tempdir().unwrap();
    drop(UnixListener::bind(dir.path().join("user-auth.sock")).unwrap());
    assert_eq!(send(place(dir.path()), &Request::Ping).unwrap(), Reply::NotRunning);
    let server = ControlServer::bind(place(dir.path())).unwrap();
    let second = ControlServer::bind(place(dir.path()));
    assert!(matches!(second, Err(ControlError::AlreadyServed { .. })));
    assert!(server.path().exists());
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("user-auth.sock");
    fs::write(&path, "notes").unwrap();
    ControlServer::bind(place(dir.path())).unwrap_err();
    assert_eq!(fs::read_to_string(path).unwrap(), "notes");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_moves_to_the_runtime_folder() {
    let temp = tempfile::tempdir().unwrap();
    let deep = temp.path().join("d".repeat(120));
    let runtime = temp.path().join("runtime");
    fs::create_dir_all(&deep).unwrap();
    fs::create_dir_all(&runtime).unwrap();
    let place = Place { runtime_dir: Some(&runtime), ..place(&deep) };
    let server = ControlServer::bind(place).unwrap();
    assert!(server.path().starts_with(&runtime), "{}", server.path().display());
    let pong = ask(&deep, Some(&runtime), Request::Ping).await;
    assert_eq!(pong, Reply::Pong { pid: std::process::id() });
    let other = Place { run: "another", ..place };
    assert_eq!(send(other, &Request::Ping).unwrap(), Reply::NotRunning);
}

#[tokio::test]
async fn nonsense_is_refused_and_the_next_client_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let server = ControlServer::bind(place(dir.path())).unwrap();
    for line in ["{\"request\":\"dance\"}\n", "{\n", "\u{0}\n"] {
        let path = server.path().to_owned();
        let asked = move || {
            let mut stream = UnixStream::connect(path).unwrap();
            stream.write_all(line.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        let answer = tokio::task::spawn_blocking(asked).await.unwrap();
        let reply = serde_json::from_str(&answer).unwrap();
        assert!(matches!(reply, Reply::Refused { .. }), "{answer}");
    }
    drop(UnixStream::connect(server.path()).unwrap());
    assert!(matches!(ask(dir.path(), None, Request::Ping).await, Reply::Pong { .. }));
}
