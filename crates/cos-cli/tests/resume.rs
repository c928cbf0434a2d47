//! `cos cp` interrupted in the middle, by force and politely, and run again.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use common::{Emulator, json, run, stderr, stdout};
use cos_client::ResumeRecord;
use serde_json::{Value, json};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;
const OBJECT: &str = "cos://demo-1250000000/films/1";

struct Scene {
    emulator: Emulator,
    dir: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            emulator: Emulator::start(&[]),
            dir: tempfile::tempdir().unwrap(),
        };
        let mut x = 1_u64;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (x >> 56) as u8
        };
        let content: Vec<u8> = (0..6 * MIB + 5).map(|_| next()).collect();
        fs::write(scene.source(), content).unwrap();
        scene
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("source")
    }

    fn target(&self) -> PathBuf {
        self.dir.path().join("target")
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// `cos cp` up or down, one part after the other.
    fn cp(&self, is_upload: bool, more: &[&str]) -> std::process::Command {
        let mut command =
            self.emulator
                .cos(&["cp", "--json", "--part-size=1MiB", "--concurrency=1"]);
        command.args(more).env("COS_STATE_DIR", self.state());
        match is_upload {
            true => command.arg(self.source()).arg(OBJECT),
            false => command.arg(OBJECT).arg(self.target()),
        };
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The fourth request never comes to its end. Of an upload that is the fourth part; a download asks for
    /// parts that follow each other at once, but for the last four, so three to five of seven are there by then.
    fn hold(&self, is_upload: bool) {
        let operation = if is_upload { "UploadPart" } else { "GetObject" };
        let rule = json!([{"match": {"operation": operation, "nth": 4}, "times": 1,
            "action": {"delay_ms": 600_000}}]);
        self.emulator.admin("POST", "/_emulator/faults", &rule);
    }

    /// The held part may not even have begun when the command ended: nothing is held any more.
    fn release(&self) {
        self.emulator
            .admin("DELETE", "/_emulator/faults", &Value::Null);
    }

    /// Starts it and waits until parts are on record, which the held one is not.
    fn start(&self, is_upload: bool) -> Child {
        let mut child = self.cp(is_upload, &[]).spawn().unwrap();
        while recorded(&self.state()) < 3 * MIB {
            assert!(child.try_wait().unwrap().is_none(), "it ended early");
            std::thread::yield_now();
        }
        child
    }

    /// Runs it to its end and checks what came out.
    fn run_again(&self, is_upload: bool) -> Value {
        self.release();
        let output = run(&mut self.cp(is_upload, &[]));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
        if is_upload {
            let cat = run(&mut self.emulator.cos(&["cat", OBJECT]));
            assert!(cat.stdout == fs::read(self.source()).unwrap());
        } else {
            assert!(fs::read(self.target()).unwrap() == fs::read(self.source()).unwrap());
        }
        assert_eq!(recorded(&self.state()), 0, "nothing is left to resume");
        json(&output)
    }

    fn open_uploads(&self) -> usize {
        let place = "cos://demo-1250000000";
        let list = run(&mut self.emulator.cos(&["uploads", "ls", place]));
        stdout(&list).lines().count()
    }

    /// Files that are neither source, target nor state.
    fn leftovers(&self) -> usize {
        let known = ["source", "target", "state"];
        let names = fs::read_dir(self.dir.path()).unwrap();
        names
            .filter(|e| !known.iter().any(|k| e.as_ref().unwrap().file_name() == *k))
            .count()
    }
}

/// Bytes that the record in the state folder says are done; it is replaced while it is read.
fn recorded(state: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(state.join("resume")) else {
        return 0;
    };
    let records = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        // Not the next one, which is written but does not count yet.
        path.extension().filter(|e| *e == "cosresume")?;
        let bytes = fs::read(path).ok()?;
        Some(ResumeRecord::from_bytes(&bytes).ok()?.done_bytes())
    });
    records.max().unwrap_or(0)
}

#[test]
fn killed_in_the_middle_it_goes_on() {
    let scene = Scene::new();
    for is_upload in [true, false] {
        scene.hold(is_upload);
        let mut child = scene.start(is_upload);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!scene.target().exists());
        let done = scene.run_again(is_upload);
        let resumed = done["resumed_bytes"].as_u64().unwrap();
        assert!((3 * MIB..6 * MIB).contains(&resumed), "{done}");
        assert_eq!(
            (&done["bytes"], &done["parts"]),
            (&json!(6 * MIB + 5), &json!(7))
        );
    }
    assert_eq!((scene.open_uploads(), scene.leftovers()), (0, 0));
    // What was there did not travel twice.
    let parts = scene.emulator.log();
    let parts = parts
        .iter()
        .filter(|r| r["operation"] == "UploadPart" && r["status"] == 200);
    assert_eq!(parts.count(), 7);
}

#[cfg(unix)]
#[test]
fn interrupted_it_says_how_to_go_on() {
    let scene = Scene::new();
    for is_upload in [true, false] {
        scene.hold(is_upload);
        let child = scene.start(is_upload);
        common::interrupt(&child);
        let output: Output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        let done_bytes = recorded(&scene.state());
        let parts = if is_upload { 3..4 } else { 3..6 };
        assert!(done_bytes.is_multiple_of(MIB) && parts.contains(&(done_bytes / MIB)));
        assert!(
            stderr(&output).contains(&format!("{}.00 MiB of 6.00 MiB are done", done_bytes / MIB)),
            "{}",
            stderr(&output)
        );
        assert_eq!(json(&output)["error"]["kind"], "cancelled");
        assert!(!scene.target().exists());
        assert_eq!(scene.open_uploads(), usize::from(is_upload));
        let done = scene.run_again(is_upload);
        assert_eq!(done["resumed_bytes"], done_bytes);
    }
    assert_eq!((scene.open_uploads(), scene.leftovers()), (0, 0));
}

#[cfg(unix)]
#[test]
fn without_resume_nothing_stays_behind() {
    let scene = Scene::new();
    for is_upload in [true, false] {
        scene.hold(is_upload);
        let child = scene.cp(is_upload, &["--no-resume"]).spawn().unwrap();
        let operation = if is_upload { "UploadPart" } else { "GetObject" };
        let arrived = |log: Vec<Value>| log.iter().filter(|r| r["operation"] == operation).count();
        while arrived(scene.emulator.log()) < 3 {
            std::thread::yield_now();
        }
        common::interrupt(&child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        assert!(!stderr(&output).contains("goes on"), "{}", stderr(&output));
        assert_eq!((scene.open_uploads(), scene.leftovers()), (0, 0));
        assert!(!scene.state().exists());
        scene.release();
        if is_upload {
            let plain = run(&mut scene.cp(true, &["--no-resume"]));
            assert_eq!(plain.status.code(), Some(0), "{}", stderr(&plain));
        }
    }
}

#[test]
fn what_changed_is_begun_anew_and_what_is_forgotten_is_cleaned() {
    let scene = Scene::new();
    scene.hold(true);
    let mut child = scene.start(true);
    child.kill().unwrap();
    child.wait().unwrap();
    scene.release();
    let mut content = fs::read(scene.source()).unwrap();
    content[0] ^= 1;
    fs::write(scene.source(), content).unwrap();
    let output = run(&mut scene.cp(true, &[]));
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stderr(&output).contains("begun anew"),
        "{}",
        stderr(&output)
    );
    assert_eq!(json(&output)["resumed_bytes"], 0);
    assert_eq!(scene.open_uploads(), 0);

    fs::remove_dir_all(scene.state()).unwrap();
    scene.hold(true);
    let mut child = scene.start(true);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(scene.open_uploads(), 1);
    scene.release();
    let clean = |age: &str| {
        let args = ["uploads", "clean", "--json", age, "cos://demo-1250000000"];
        let mut command = scene.emulator.cos(&args);
        json(&run(command.env("COS_STATE_DIR", scene.state())))
    };
    assert_eq!(clean("--older-than=7d")["uploads_aborted"], 0);
    assert_eq!(clean("--older-than=0s")["uploads_aborted"], 1);
    assert_eq!(scene.open_uploads(), 0);

    // No place for the record: asked for it is an error, otherwise it goes without.
    let file = scene.source();
    let nowhere = file.join("x");
    for (more, status) in [(&[][..], 0), (&["--resume"][..], 4)] {
        let output = run(scene.cp(true, more).env("COS_STATE_DIR", &nowhere));
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
    }
}

/// A folder with one file that is held in the middle.
#[cfg(unix)]
#[test]
fn folders_go_on_too() {
    let scene = Scene::new();
    let folder = scene.dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::rename(scene.source(), folder.join("large")).unwrap();
    for n in 0..20 {
        fs::write(folder.join(format!("small-{n}")), "x").unwrap();
    }
    let place = "cos://demo-1250000000/t";
    let sync = || {
        let args = ["sync", "--json", "--part-size=1MiB", "--concurrency=1"];
        let mut command = scene.emulator.cos(&args);
        command.arg(&folder).arg(place);
        command.env("COS_STATE_DIR", scene.state());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    for ends_by_force in [false, true] {
        scene.hold(true);
        let mut child = sync().spawn().unwrap();
        while recorded(&scene.state()) < 3 * MIB {
            assert!(child.try_wait().unwrap().is_none(), "it ended early");
            std::thread::yield_now();
        }
        if ends_by_force {
            child.kill().unwrap();
            child.wait().unwrap();
        } else {
            common::interrupt(&child);
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
            assert!(
                stderr(&output).contains("goes on with large files"),
                "{}",
                stderr(&output)
            );
        }
        scene.release();
        let output = run(&mut sync());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let done = json(&output);
        let resumed = done["resumed_bytes"].as_u64().unwrap();
        assert!((3 * MIB..6 * MIB).contains(&resumed), "{done}");
        let all = done["transferred"].as_u64().unwrap() + done["unchanged"].as_u64().unwrap();
        assert_eq!(all, 21);
        assert_eq!(scene.open_uploads(), 0);
        // Once more, with something else in it.
        let file = fs::File::options().write(true).open(folder.join("large"));
        file.unwrap().set_len(6 * MIB + 6).unwrap();
    }
}
