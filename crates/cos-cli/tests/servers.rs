//! `cos emulator`, `cos broker` and `cos sts` as separate processes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;

use common::{Emulator, cos, json, run, stderr, stdout};
use serde_json::Value;

const ROLE: &str = "--role-arn=qcs::cam::uin/100000000001:roleName/uploader";

#[test]
fn sts_credentials_work_and_stay_within_their_policy() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let policy = dir.path().join("policy.json");
    let built = run(&mut emulator.cos(&[
        "policy",
        "build",
        "--bucket=demo-1250000000",
        "--prefix=mine/",
        "--allow=upload,download",
    ]));
    fs::write(&policy, &built.stdout).unwrap();
    let policy = format!("--policy={}", policy.display());
    let file = dir.path().join("a.txt");
    fs::write(&file, "hello").unwrap();
    let file = file.to_str().unwrap();

    for call in [
        vec![
            "sts",
            "assume-role",
            ROLE,
            "--session-name=test",
            &policy,
            "--duration=900",
        ],
        vec![
            "sts",
            "federation-token",
            "--name=test",
            &policy,
            "--duration=900",
        ],
    ] {
        let output = run(emulator.cos(&call).arg("--json"));
        assert!(output.status.success(), "{}", stderr(&output));
        let issued = json(&output);
        let end = issued["expiredTime"].as_u64().unwrap();
        assert_eq!(end - issued["startTime"].as_u64().unwrap(), 900);
        assert!(issued["expiration"].is_string() && issued["requestId"].is_string());
        let keys = &issued["credentials"];
        let with = |args: &[&str]| {
            let mut command = emulator.cos(args);
            command
                .env("COS_SECRET_ID", keys["tmpSecretId"].as_str().unwrap())
                .env("COS_SECRET_KEY", keys["tmpSecretKey"].as_str().unwrap())
                .env("COS_SESSION_TOKEN", keys["sessionToken"].as_str().unwrap());
            run(&mut command)
        };
        let inside = with(&["cp", file, "cos://demo-1250000000/mine/a.txt"]);
        assert!(inside.status.success(), "{}", stderr(&inside));
        let outside = with(&["cp", "--json", file, "cos://demo-1250000000/other/a.txt"]);
        assert_eq!(outside.status.code(), Some(1));
        let error = &json(&outside)["error"];
        assert_eq!(
            (&error["kind"], &error["code"]),
            (&"access_denied".into(), &"AccessDenied".into())
        );
        assert!(
            error["hint"].as_str().unwrap().contains("name/cos:"),
            "{error}"
        );
        let who = json(&with(&["sts", "whoami", "--json"]));
        assert_eq!(who["accountId"], "100000000001");

        let env = run(emulator.cos(&call).arg("--format=env"));
        let lines = stdout(&env);
        assert!(
            lines
                .lines()
                .all(|l| l.starts_with("export COS_") && l.ends_with('\'')),
            "{lines}"
        );

        let dry = run(emulator.cos(&call).arg("--dry-run"));
        let text = stdout(&dry);
        assert!(
            dry.status.success() && text.contains("X-TC-Action"),
            "{text}"
        );
        assert!(
            !text.contains("Signature=") && !text.contains("emulatorSecretKey"),
            "{text}"
        );
    }
    let long = [
        "sts",
        "assume-role",
        ROLE,
        "--session-name=test",
        "--duration=50000",
    ];
    let output = run(&mut emulator.cos(&long));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("43200"), "{}", stderr(&output));
    let mut wrong = emulator.cos(&["sts", "whoami", "--json"]);
    let output = run(wrong.env("COS_SECRET_KEY", "wrong"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        json(&output)["error"]["code"],
        "AuthFailure.SignatureFailure"
    );
}

#[test]
fn policy_check_says_who_decides() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let all = write(
        "all.json",
        r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#,
    );
    let get = write(
        "get.json",
        r#"{"version":"2.0","statement":[{"effect":"allow","action":"name/cos:GetObject","resource":"qcs::cos:r:uid/1:b-1/a/*","condition":{"ip_equal":{"qcs:ip":"10.0.0.0/8"}}}]}"#,
    );
    let check = |action: &str, key: &str, ip: &str| {
        let output = run(&mut cos(&[
            "policy",
            "check",
            "--json",
            "--identity",
            &all,
            "--session",
            &get,
            "--action",
            action,
            "--resource",
            &format!("qcs::cos:r:uid/1:b-1/{key}"),
            "--condition",
            &format!("qcs:ip={ip}"),
        ]));
        (output.status.code().unwrap(), json(&output))
    };
    let (code, json) = check("name/cos:GetObject", "a/x", "10.1.1.1");
    assert_eq!(
        (code, &json["decision"], &json["reason"]),
        (0, &"allow".into(), &"allowed".into())
    );
    for (action, key, ip) in [
        ("name/cos:PutObject", "a/x", "10.1.1.1"),
        ("name/cos:GetObject", "b/x", "10.1.1.1"),
        ("name/cos:GetObject", "a/x", "192.168.0.1"),
    ] {
        let (code, json) = check(action, key, ip);
        assert_eq!((code, &json["decision"]), (1, &"deny".into()));
        assert_eq!(json["reason"], "no-allow-in-session");
    }
    let broken = write("broken.json", "{");
    let output = run(&mut cos(&[
        "policy",
        "check",
        "--identity",
        &broken,
        "--action=a",
        "--resource=r",
    ]));
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("broken.json"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_whole_bucket_is_asked_for_by_name() {
    let build = |args: &[&str]| {
        let mut command = cos(&[
            "policy",
            "build",
            "--region=ap-guangzhou",
            "--allow=download",
        ]);
        run(command.arg("--bucket=demo-1250000000").args(args))
    };
    for prefix in ["--prefix=*", "--prefix=", "--prefix=/", "--prefix=/*"] {
        let output = build(&[prefix]);
        assert_eq!(output.status.code(), Some(2), "{prefix}");
        assert!(
            stderr(&output).contains("--whole-bucket"),
            "{}",
            stderr(&output)
        );
    }
    assert_eq!(build(&[]).status.code(), Some(2));
    assert_eq!(
        build(&["--prefix=a/", "--whole-bucket"]).status.code(),
        Some(2)
    );
    let all = json(&build(&["--whole-bucket"]));
    assert_eq!(
        all["statement"][0]["resource"][0],
        "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/*"
    );
}

#[test]
fn policy_check_tells_a_slip_from_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let all = dir.path().join("all.json");
    let text = r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;
    fs::write(&all, text).unwrap();
    let check = |action: &str, resource: &str| {
        let mut command = cos(&[
            "policy",
            "check",
            "--action",
            action,
            "--resource",
            resource,
        ]);
        run(command.arg("--identity").arg(&all))
    };
    let object = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/a";
    // No resource: nothing was judged.
    let slip = check("name/cos:GetObject", "demo-1250000000/a");
    assert_eq!(slip.status.code(), Some(2));
    assert!(stderr(&slip).contains("six parts"), "{}", stderr(&slip));
    // Perhaps an action that is newer than this program: judged, and told.
    let unknown = check("name/cos:GetObjekt", object);
    assert_eq!(unknown.status.code(), Some(0));
    assert!(
        stderr(&unknown).contains("GetObjekt"),
        "{}",
        stderr(&unknown)
    );
    for (action, resource) in [
        ("name/cos:GetObject", object),
        ("name/cos:GetService", "*"),
        ("name/sts:AssumeRole", "qcs::cam::uin/1:roleName/r"),
    ] {
        let known = check(action, resource);
        let told = stderr(&known);
        assert_eq!(
            (known.status.code(), told.as_str()),
            (Some(0), ""),
            "{action}"
        );
    }
}

#[test]
fn policy_radius_says_all_that_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let base = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000";
    let user = write(
        "user.json",
        &format!(
            r#"{{"version":"2.0","statement":[
            {{"effect":"allow","action":["name/cos:GetObject","name/cos:PutObject"],"resource":"{base}/*"}},
            {{"effect":"deny","action":"*","resource":"{base}/a/secret"}}]}}"#
        ),
    );
    let token = write(
        "token.json",
        &format!(
            r#"{{"version":"2.0","statement":[{{"effect":"allow","action":"*","resource":"{base}/a/*",
            "condition":{{"ip_equal":{{"qcs:ip":"10.0.0.0/8"}}}}}}]}}"#
        ),
    );
    let radius = |more: &[&str]| {
        let mut command = cos(&["policy", "radius", "--identity", &user, "--session", &token]);
        run(command.args(more))
    };
    let text = stdout(&radius(&["--until=1700001800"]));
    for words in [
        "until 1700001800",
        "GetObject, PutObject",
        "/a/*",
        "qcs:ip ip_equal 10.0.0.0/8",
        "not on",
    ] {
        assert!(text.contains(words), "{text}");
    }
    let document = json(&radius(&["--json"]));
    assert_eq!(document["until"], Value::Null);
    let reach = &document["reach"][0];
    assert_eq!(reach["resources"][0], format!("{base}/a/*"));
    assert_eq!(
        reach["conditions"][0]["ip_equal"]["qcs:ip"][0],
        "10.0.0.0/8"
    );
    assert_eq!(reach["except"][0]["resource"], format!("{base}/a/secret"));
    assert_eq!(document["reach"].as_array().unwrap().len(), 1);
    assert_eq!(radius(&["--session=/none"]).status.code(), Some(2));
    let missing = run(&mut cos(&["policy", "radius", "--session=/none"]));
    assert_eq!(missing.status.code(), Some(4));
}

#[test]
fn policy_lint_finds_what_build_never_makes() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.json");
    let lint = |text: &str| {
        fs::write(&file, text).unwrap();
        let output = run(cos(&["policy", "lint", "--json"]).arg(&file));
        let text = stdout(&output);
        let first = text
            .lines()
            .next()
            .map(|l| serde_json::from_str(l).unwrap());
        (output.status.code().unwrap(), first.unwrap_or(Value::Null))
    };
    let built = run(&mut cos(&[
        "policy",
        "build",
        "--region=ap-guangzhou",
        "--bucket=demo-1250000000",
        "--prefix=a/",
        "--allow=upload,download,list,delete",
    ]));
    assert_eq!(lint(&stdout(&built)), (0, Value::Null));
    let wrong = stdout(&built).replace("GetObject\"", "GetObjct\"");
    let (code, finding) = lint(&wrong);
    assert_eq!((code, &finding["rule"]), (1, &"unknown-action".into()));
    assert_eq!(finding["corrected"], "\"name/cos:GetObject\"");
    let output = run(cos(&["policy", "lint"]).arg(&file));
    assert!(stdout(&output).contains("policy.json:1: error [unknown-action]"));
}

#[test]
#[cfg(unix)]
fn the_emulator_keeps_what_it_acknowledged_and_ends_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.txt");
    fs::write(&file, "kept").unwrap();
    let data = format!("--data-dir={}/data", dir.path().display());
    let object = "cos://demo-1250000000/a.txt";
    let mut first = Emulator::start(&[&data]);
    let up = run(&mut first.cos(&["cp", file.to_str().unwrap(), object]));
    assert!(up.status.success(), "{}", stderr(&up));
    let ended = first.interrupt();
    assert!(ended.success(), "{ended}");
    let second = Emulator::start(&[&data]);
    let back = run(&mut second.cos(&["cat", object]));
    assert_eq!(stdout(&back), "kept");
}

#[test]
#[cfg(unix)]
fn the_broker_serves_from_a_file() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("broker.toml");
    let text = format!(
        r#"
listen = "127.0.0.1:0"
[sts]
secret_id_env = "BROKER_SECRET_ID"
secret_key_env = "BROKER_SECRET_KEY"
[grant]
bucket = "demo-1250000000"
region = "ap-guangzhou"
prefix = "users/{{user}}/"
allow = ["upload", "download"]
[[user]]
name = "alice"
token_sha256 = "{}"
"#,
        "5dd0e0f7c40ed9d8d0d9ee7a5cd7ac8e9b2b4b8d0ddc1b5f4b7c7e9c2f1a0b3c"
    );
    fs::write(&config, text).unwrap();
    let command = || cos(&["broker", "--config", config.to_str().unwrap()]);
    let output = run(&mut command());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("BROKER_SECRET_ID"),
        "{}",
        stderr(&output)
    );
    let account = &emulator.ready["accounts"][0];
    let mut good = command();
    good.env("COS_STS_ENDPOINT", emulator.url())
        .env("BROKER_SECRET_ID", account["secret_id"].as_str().unwrap())
        .env("BROKER_SECRET_KEY", account["secret_key"].as_str().unwrap());
    let (mut child, ready) = common::start_server(good);
    assert!(
        ready["credentials"]
            .as_str()
            .unwrap()
            .ends_with("/v1/credentials")
    );
    common::interrupt(&child);
    assert!(child.wait().unwrap().success());
    let output = run(&mut cos(&["broker", "--config", "/nowhere/broker.toml"]));
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn keys_come_from_what_the_machine_has() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let owner = &emulator.ready["accounts"][0];
    let whoami = || {
        let mut command = cos(&["sts", "whoami", "--json"]);
        command.env("COS_STS_ENDPOINT", emulator.url());
        command
    };
    // The profile file.
    let folder = dir.path().join(".tencentcloud");
    fs::create_dir(&folder).unwrap();
    let profile = format!(
        "[default]\nsecret_id = {}\nsecret_key = {}\n",
        owner["secret_id"].as_str().unwrap(),
        owner["secret_key"].as_str().unwrap()
    );
    fs::write(folder.join("credentials"), profile).unwrap();
    let output = run(whoami().env("HOME", dir.path()));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // The role of the instance.
    let metadata = format!("{}/_emulator/metadata", emulator.url());
    let output = run(whoami().env("COS_METADATA_URL", metadata));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("assumed-role"),
        "{}",
        stdout(&output)
    );
    // Nothing at all.
    let output = run(&mut whoami());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("no credentials are given"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_smallest_policy_for_a_plan() {
    let dir = tempfile::tempdir().unwrap();
    let plan = dir.path().join("plan.json");
    let minimal = |text: &str| {
        fs::write(&plan, text).unwrap();
        run(&mut cos(&[
            "policy",
            "minimal",
            "--plan",
            plan.to_str().unwrap(),
        ]))
    };
    let output = minimal(
        r#"[{"action":"name/cos:GetObject","bucket":"demo-1250000000","region":"ap-guangzhou","key":"a.txt"}]"#,
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let statement = &json(&output)["statement"][0];
    let text = statement.to_string();
    assert!(
        text.contains("name/cos:GetObject") && !text.contains('*'),
        "{text}"
    );
    assert!(text.contains("demo-1250000000/a.txt"), "{text}");
    for bad in [
        "[]",
        "{",
        r#"[{"operation":"fly","bucket":"demo-1250000000","prefix":"a/"}]"#,
    ] {
        let output = minimal(bad);
        assert_eq!(output.status.code(), Some(2), "{bad}");
        assert!(stderr(&output).contains("plan"), "{}", stderr(&output));
    }
    let lost = run(&mut cos(&[
        "policy",
        "minimal",
        "--plan",
        "/nonexistent/plan",
    ]));
    assert_eq!(lost.status.code(), Some(4));
}
