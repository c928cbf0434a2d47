//! C programs against the emulator, plain and under valgrind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

use cos_emulator::Emulator;

fn emulator() -> Emulator {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(Emulator::builder().start())
        .unwrap()
}

#[test]
fn objects() {
    let program = support::build("objects", "cc", &["-std=c99"], &["tests/c/objects.c"]);
    let emulator = emulator();
    let account = &emulator.accounts()[0];
    let folder = tempfile::tempdir().unwrap();
    let url = emulator.http_url();
    let args = [
        url.as_str(),
        &account.secret_id,
        &account.secret_key,
        folder.path().to_str().unwrap(),
    ];
    assert_eq!(support::run(&program, &args), "objects: ok\n");
    if let Some(said) = support::run_checked(&program, &args) {
        assert_eq!(said, "objects: ok\n");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "only the input is left: {left:?}");
}
