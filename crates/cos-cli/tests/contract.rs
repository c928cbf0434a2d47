//! What scripts rely on: documents, exit statuses, where keys and settings come from.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use common::{Emulator, cos, json, run, stderr, stdout};
use serde_json::Value;

const BUCKET: &str = "cos://demo-1250000000";
const ROLE: &str = "qcs::cam::uin/100000000001:roleName/uploader";

fn names(document: &Value) -> BTreeSet<&str> {
    document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = stdout(output);
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn done(command: &mut Command) -> Output {
    let output = run(command);
    assert!(
        output.status.success(),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    output
}

#[test]
fn documents_have_the_fields_that_were_promised() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("small"), "hello").unwrap();
    fs::write(path("large"), vec![7; 3 << 20]).unwrap();
    let ours = |args: &[&str]| done(emulator.cos(args).arg("--json"));
    let url = |key: &str| format!("{BUCKET}/{key}");

    let copied = BTreeSet::from([
        "bytes",
        "parts",
        "seconds",
        "etag",
        "crc64",
        "upload_id",
        "resumed_bytes",
    ]);
    let meta = "--meta=colour=blue";
    let small = json(&ours(&["cp", &path("small"), &url("a/small"), meta]));
    assert_eq!(names(&small), copied);
    assert_eq!((&small["bytes"], &small["parts"]), (&5.into(), &1.into()));
    assert_eq!(small["upload_id"], Value::Null);
    let part = "--part-size=1MiB";
    let large = json(&ours(&["cp", part, &path("large"), &url("large")]));
    assert_eq!(names(&large), copied);
    assert_eq!(
        (&large["bytes"], &large["parts"]),
        (&(3 << 20).into(), &3.into())
    );
    assert!(
        large["upload_id"].is_string() && large["crc64"].is_string(),
        "{large}"
    );
    assert!(
        large["seconds"].is_number() && large["resumed_bytes"] == 0,
        "{large}"
    );
    let down = json(&ours(&["cp", part, &url("large"), &path("back")]));
    assert_eq!(names(&down), copied);
    assert_eq!(
        (&down["crc64"], &down["etag"]),
        (&large["crc64"], &large["etag"])
    );
    let across = json(&ours(&["cp", &url("large"), &url("copy")]));
    assert_eq!(names(&across), copied);
    assert_eq!(across["crc64"], large["crc64"]);
    let tree = ours(&["cp", "-r", dir.path().to_str().unwrap(), &url("tree/")]);
    assert!(names(lines(&tree).last().unwrap()).is_superset(&copied));

    let stat = json(&ours(&["stat", &url("a/small")]));
    let wanted = [
        "key",
        "size",
        "etag",
        "crc64",
        "content_type",
        "last_modified",
        "storage_class",
        "version_id",
        "metadata",
    ];
    assert_eq!(names(&stat), BTreeSet::from(wanted));
    assert_eq!(
        (&stat["key"], &stat["size"]),
        (&"a/small".into(), &5.into())
    );
    assert_eq!(stat["metadata"]["colour"], "blue");
    assert_eq!(
        (&stat["storage_class"], &stat["version_id"]),
        (&"STANDARD".into(), &Value::Null)
    );
    assert_eq!(
        (&stat["etag"], &stat["crc64"]),
        (&small["etag"], &small["crc64"])
    );

    let listed = lines(&ours(&["ls", "-r", &url("")]));
    assert_eq!(listed.len(), 6);
    let wanted = ["key", "size", "etag", "last_modified", "storage_class"];
    for object in &listed {
        assert_eq!(names(object), BTreeSet::from(wanted));
    }
    assert_eq!(listed[0]["key"], "a/small");
    assert_eq!(listed[0]["etag"], stat["etag"]);
    assert_eq!(listed[0]["last_modified"], stat["last_modified"]);

    let signed = ours(&["sign", "--method=GET", "--path=/a", "--key-time=1;2"]);
    let wanted = [
        "authorization",
        "http_string",
        "string_to_sign",
        "key_time",
        "header_list",
        "url_param_list",
    ];
    assert_eq!(names(&json(&signed)), BTreeSet::from(wanted));
}

/// Every failure has its status, and one document with nine parts.
#[test]
fn every_failure_has_its_status_and_its_document() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "hello").unwrap();
    let file = file.to_str().unwrap();
    let object = format!("{BUCKET}/object");
    done(&mut emulator.cos(&["cp", file, &object]));
    let missing = format!("{BUCKET}/missing");
    let target = dir.path().join("target");
    let target = target.to_str().unwrap();
    let nowhere = "--endpoint=http://127.0.0.1:1";
    let cases: &[(i32, &str, &[&str])] = &[
        (1, "not_found", &["stat", &missing]),
        (
            1,
            "access_denied",
            &["ls", BUCKET, "--secret-id=x", "--secret-key=y"],
        ),
        (
            1,
            "denied",
            &["sts", "whoami", "--secret-id=x", "--secret-key=y"],
        ),
        (1, "precondition", &["cp", "--no-overwrite", file, &object]),
        (
            1,
            "precondition",
            &["cp", "--if-match=other", &object, target],
        ),
        (2, "usage", &["ls"]),
        (2, "usage", &["fly"]),
        (2, "usage", &["ls", BUCKET, "--fly"]),
        (2, "usage", &["ls", "demo-1250000000"]),
        (2, "usage", &["sts", "whoami", "--secret-id=x"]),
        (
            2,
            "config",
            &["sts", "assume-role", "--role-arn=x", "--session-name=me"],
        ),
        (2, "config", &["sts", "whoami", "--sts-endpoint=nonsense"]),
        (2, "config", &["ls", BUCKET, "--endpoint=nonsense"]),
        (3, "network", &["stat", &object, nowhere]),
        (
            3,
            "network",
            &["sts", "whoami", "--sts-endpoint=http://127.0.0.1:1"],
        ),
        (4, "local", &["cp", "/does/not/exist", &object]),
        (4, "local", &["cp", &object, "/does/not/exist/file"]),
        (4, "local", &["policy", "lint", "/does/not/exist"]),
        (4, "local", &["ls", BUCKET, "--ca-file=/does/not/exist"]),
    ];
    for (status, kind, args) in cases {
        let output = run(emulator.cos(args).arg("--json"));
        let told = format!("{args:?}: {}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(*status), "{told}");
        let document = json(&output);
        let error = &document["error"];
        let wanted = [
            "kind",
            "message",
            "http_status",
            "code",
            "request_id",
            "resource",
            "retryable",
            "attempts",
            "hint",
        ];
        assert_eq!(names(error), BTreeSet::from(wanted), "{told}");
        assert_eq!(error["kind"], *kind, "{told}");
        assert!(
            error["retryable"].is_boolean() && error["attempts"].is_u64(),
            "{told}"
        );
        // A message for people, and none of them on the way of the document.
        assert!(!stderr(&output).is_empty(), "{told}");
    }
    let bare = json(&run(&mut cos(&["ls", "--json"])));
    let message = bare["error"]["message"].as_str().unwrap();
    assert!(message.contains("<cos://BUCKET/PREFIX>"), "{message}");
}

#[test]
fn damaged_content_is_status_5() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, vec![7; 100_000]).unwrap();
    let object = format!("{BUCKET}/object");
    done(&mut emulator.cos(&["cp", file.to_str().unwrap(), &object]));
    let damaged = serde_json::json!([{
        "match": {"operation": "GetObject"},
        "action": {"corrupt_byte_at": 50_000},
        "times": 100,
    }]);
    emulator.admin("POST", "/_emulator/faults", &damaged);
    let target = dir.path().join("target");
    let output = run(&mut emulator.cos(&["cp", "--json", &object, target.to_str().unwrap()]));
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert_eq!(json(&output)["error"]["kind"], "integrity");
    assert!(!target.exists());
}

/// Calls `cos sts whoami` with nothing but what is set here.
struct Who<'a> {
    emulator: &'a Emulator,
    id: &'a str,
    key: &'a str,
}

impl Who<'_> {
    fn am_i(&self, variables: &[(&str, &str)], more: &[&str]) -> (i32, Value) {
        let mut command = cos(&["sts", "whoami", "--json"]);
        command
            .args(more)
            .env("COS_STS_ENDPOINT", self.emulator.url());
        for (name, value) in variables {
            let value = match *value {
                "ID" => self.id,
                "KEY" => self.key,
                other => other,
            };
            command.env(name, value);
        }
        let output = run(&mut command);
        (output.status.code().unwrap(), json(&output))
    }

    /// Status and, where it worked, what sort of identity.
    fn kind(&self, variables: &[(&str, &str)]) -> (i32, String) {
        let (status, document) = self.am_i(variables, &[]);
        (
            status,
            document["type"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

#[test]
fn keys_are_looked_for_in_the_order_of_the_contract() {
    let emulator = Emulator::start(&[]);
    let account = &emulator.ready["accounts"][0];
    let who = Who {
        emulator: &emulator,
        id: account["secret_id"].as_str().unwrap(),
        key: account["secret_key"].as_str().unwrap(),
    };
    let user = (0, "CAMUser".to_owned());
    let ours = [("COS_SECRET_ID", "ID"), ("COS_SECRET_KEY", "KEY")];
    let cloud = [
        ("TENCENTCLOUD_SECRET_ID", "ID"),
        ("TENCENTCLOUD_SECRET_KEY", "KEY"),
    ];
    let broker = ("COS_BROKER_URL", "http://127.0.0.1:1");
    let bearer = ("COS_BROKER_BEARER", "token");
    assert_eq!(who.kind(&ours), user);
    assert_eq!(who.kind(&cloud), user);
    // Empty is unset.
    let empty = [
        ("COS_SECRET_ID", ""),
        ("COS_SECRET_KEY", ""),
        cloud[0],
        cloud[1],
    ];
    assert_eq!(who.kind(&empty), user);
    // Options before variables, COS_ before TENCENTCLOUD_, both before the broker.
    let given = [
        format!("--secret-id={}", who.id),
        format!("--secret-key={}", who.key),
    ];
    let given = given.each_ref().map(String::as_str);
    let wrong = [("COS_SECRET_ID", "x"), ("COS_SECRET_KEY", "y")];
    assert_eq!(who.am_i(&wrong, &given).0, 0);
    assert_eq!(who.kind(&[wrong[0], wrong[1], cloud[0], cloud[1]]).0, 1);
    let wrong = [
        ("TENCENTCLOUD_SECRET_ID", "x"),
        ("TENCENTCLOUD_SECRET_KEY", "y"),
    ];
    assert_eq!(who.kind(&[wrong[0], wrong[1], ours[0], ours[1]]), user);
    assert_eq!(who.kind(&[cloud[0], cloud[1], broker, bearer]), user);
    // The broker before what the machine has, and no way around it.
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join(".tencentcloud");
    fs::create_dir(&profile).unwrap();
    let text = format!("[default]\nsecret_id={}\nsecret_key={}\n", who.id, who.key);
    fs::write(profile.join("credentials"), text).unwrap();
    let home = ("HOME", dir.path().to_str().unwrap());
    assert_eq!(who.kind(&[home]), user);
    assert_eq!(who.kind(&[home, broker, bearer]).0, 3);
    let (status, said) = who.am_i(&[home, broker], &[]);
    assert_eq!(status, 2);
    assert!(
        said["error"]["message"]
            .as_str()
            .unwrap()
            .contains("COS_BROKER_BEARER")
    );
    // Half a set is a mistake, not a reason to look further.
    assert_eq!(who.kind(&[ours[0], cloud[0], cloud[1]]).0, 2);
    // Web identity before the profile file: its token file is read, and is not there.
    let pod = [
        home,
        ("TKE_PROVIDER_ID", "p"),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", "/does/not/exist"),
        ("TKE_ROLE_ARN", ROLE),
    ];
    assert_eq!(who.kind(&pod).0, 4);
    // The profile file before the role of the instance.
    let metadata = format!("{}/_emulator/metadata", emulator.url());
    let metadata = ("COS_METADATA_URL", metadata.as_str());
    assert_eq!(who.kind(&[home, metadata]), user);
    let role = (0, "CAMRole".to_owned());
    assert_eq!(who.kind(&[metadata]), role);
    // A role named beside the keys of the cloud's own tools.
    let assumed = [cloud[0], cloud[1], ("TENCENTCLOUD_ROLE_ARN", ROLE)];
    assert_eq!(who.kind(&assumed), role);
    assert_eq!(who.kind(&[ours[0], ours[1], assumed[2]]), user);
    // The file of tccli.
    let tccli = dir.path().join("other");
    fs::create_dir_all(tccli.join(".tccli")).unwrap();
    let text = format!(r#"{{"secretId":"{}","secretKey":"{}"}}"#, who.id, who.key);
    fs::write(tccli.join(".tccli/default.credential"), text).unwrap();
    assert_eq!(who.kind(&[("HOME", tccli.to_str().unwrap())]), user);
    // Nothing: it says where it looked.
    let (status, said) = who.am_i(&[], &[]);
    assert_eq!(status, 2);
    let message = said["error"]["message"].as_str().unwrap();
    for place in ["web identity", "profile file", "tccli", "instance role"] {
        assert!(message.contains(place), "{message}");
    }
    assert!(
        said["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("COS_BROKER_URL")
    );
}

/// The token belongs to the keys: left out or wrong, they are refused.
#[test]
fn the_session_token_is_sent() {
    let emulator = Emulator::start(&[]);
    let role = format!("--role-arn={ROLE}");
    let issue = [
        "sts",
        "assume-role",
        &role,
        "--session-name=test",
        "--duration=900",
    ];
    let issued = json(&done(&mut emulator.cos(&issue)));
    let keys = &issued["credentials"];
    let part = |name: &str| keys[name].as_str().unwrap();
    for (id, key, tokens) in [
        (
            "COS_SECRET_ID",
            "COS_SECRET_KEY",
            &["COS_SESSION_TOKEN"][..],
        ),
        (
            "TENCENTCLOUD_SECRET_ID",
            "TENCENTCLOUD_SECRET_KEY",
            &["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_TOKEN"],
        ),
    ] {
        let ask = |token: Option<(&str, &str)>, call: &[&str]| {
            let mut command = emulator.cos(call);
            command
                .env_remove("COS_SECRET_ID")
                .env_remove("COS_SECRET_KEY");
            command
                .env(id, part("tmpSecretId"))
                .env(key, part("tmpSecretKey"));
            command.envs(token);
            run(&mut command).status.code()
        };
        for token in tokens {
            let good = Some((*token, part("sessionToken")));
            for call in [&["ls", BUCKET][..], &["sts", "whoami"]] {
                assert_eq!(ask(good, call), Some(0), "{token} {call:?}");
                assert_eq!(ask(None, call), Some(1), "{token} {call:?}");
                assert_eq!(
                    ask(Some((token, "other")), call),
                    Some(1),
                    "{token} {call:?}"
                );
            }
        }
    }
    let mut command = emulator.cos(&["ls", BUCKET, "--token", part("sessionToken")]);
    command.args([
        "--secret-id",
        part("tmpSecretId"),
        "--secret-key",
        part("tmpSecretKey"),
    ]);
    done(&mut command);
    // A URL made with them carries it.
    let mut presign = emulator.cos(&["presign", "--method=GET", "--expires=600"]);
    presign
        .arg(format!("{BUCKET}/a"))
        .env("COS_SECRET_ID", part("tmpSecretId"))
        .env("COS_SECRET_KEY", part("tmpSecretKey"))
        .env("COS_SESSION_TOKEN", part("sessionToken"));
    let url = stdout(&done(&mut presign));
    assert!(url.contains("x-cos-security-token="), "{url}");
}

#[test]
fn sts_calls_as_a_request_as_variables_and_as_a_document() {
    let emulator = Emulator::start(&[]);
    let role = format!("--role-arn={ROLE}");
    let assume = [
        "sts",
        "assume-role",
        &role,
        "--session-name=test",
        "--duration=1800",
    ];
    // Nothing is sent, and nothing secret is shown.
    let more = [
        "--external-id=PLANTEDid",
        "--tag=team=a",
        "--source-identity=100000000001",
        "--mfa-serial=qcs::cam:uin/100000000001::mfa/softToken",
        "--mfa-code=PLANTED",
        "--dry-run",
    ];
    let before = emulator.log().len();
    let text = stdout(&done(emulator.cos(&assume).args(more)));
    let document = json(&done(emulator.cos(&assume).args(more).arg("--json")));
    let whoami = stdout(&done(&mut emulator.cos(&["sts", "whoami", "--dry-run"])));
    // The call for the log itself is not in it yet, or is the only new one.
    assert!(emulator.log().len() <= before + 1);
    let secret_key = emulator.ready["accounts"][0]["secret_key"]
        .as_str()
        .unwrap();
    for shown in [&text, &document.to_string(), &whoami] {
        assert!(
            !shown.contains("PLANTED") && !shown.contains(secret_key),
            "{shown}"
        );
        assert!(!shown.contains("Signature="), "{shown}");
    }
    assert!(
        text.starts_with("POST http") && text.contains("X-TC-Action: AssumeRole"),
        "{text}"
    );
    assert!(
        whoami.contains("X-TC-Action: GetCallerIdentity"),
        "{whoami}"
    );
    assert_eq!(document["method"], "POST");
    assert_eq!(document["headers"]["Host"], "sts.tencentcloudapi.com");
    assert_eq!(document["body"]["Tags"][0]["Value"], "a");
    assert_eq!(document["body"]["DurationSeconds"], 1800);
    // The document of the official helpers.
    let issued = json(&done(emulator.cos(&assume).arg("--json")));
    let wanted = [
        "credentials",
        "startTime",
        "expiredTime",
        "expiration",
        "requestId",
    ];
    assert_eq!(names(&issued), BTreeSet::from(wanted));
    let wanted = ["tmpSecretId", "tmpSecretKey", "sessionToken"];
    assert_eq!(names(&issued["credentials"]), BTreeSet::from(wanted));
    let life = issued["expiredTime"].as_u64().unwrap() - issued["startTime"].as_u64().unwrap();
    assert_eq!(life, 1800);
    // Lines that a shell takes as they are.
    #[cfg(unix)]
    {
        let cos = env!("CARGO_BIN_EXE_cos");
        let mut command = Command::new("sh");
        for (name, value) in emulator.cos(&[]).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let script = format!(
            "eval \"$('{cos}' {} --format env)\" && '{cos}' sts whoami --json",
            assume.join(" ")
        );
        let who = json(&done(command.args(["-e", "-c", &script])));
        assert_eq!(who["type"], "CAMRole");
    }
}

/// As curl does: the option, else the variables, and neither for what NO_PROXY names.
#[test]
fn proxies_and_their_exceptions() {
    let emulator = Emulator::start(&[]);
    let url = emulator.url();
    let dead = "http://127.0.0.1:1";
    let ask = |args: &[&str], variables: &[(&str, &str)], direct: bool| {
        [vec!["ls", BUCKET], vec!["sts", "whoami"]].map(|call| {
            let mut command = emulator.cos(&call);
            command.args(args).envs(variables.iter().copied());
            if !direct {
                // The service's own name, by way of the proxy only.
                let host = "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com";
                command.env("COS_ENDPOINT", host);
                command.env("COS_STS_ENDPOINT", "http://sts.tencentcloudapi.com");
            }
            run(&mut command).status.code().unwrap()
        })
    };
    let (good, unreachable) = ([0, 0], [3, 3]);
    assert_eq!(ask(&["--proxy", url], &[], false), good);
    assert_eq!(ask(&[], &[("HTTP_PROXY", url)], false), good);
    assert_eq!(ask(&[], &[("http_proxy", url)], false), good);
    assert_eq!(ask(&["--proxy", dead], &[], true), unreachable);
    assert_eq!(ask(&[], &[("HTTP_PROXY", dead)], true), unreachable);
    // The option goes before the variable.
    assert_eq!(ask(&["--proxy", url], &[("HTTP_PROXY", dead)], false), good);
    let except = ("NO_PROXY", "example.com,127.0.0.1");
    assert_eq!(ask(&["--proxy", dead], &[except], true), good);
    assert_eq!(ask(&[], &[("HTTP_PROXY", dead), except], true), good);
    let other = ("NO_PROXY", "example.com");
    assert_eq!(ask(&["--proxy", dead], &[other], true), unreachable);
}

/// Whoever looks for the fault looks at the proxy, and knows where it was named.
#[test]
fn a_proxy_that_fails_is_named() {
    let emulator = Emulator::start(&[]);
    let calls: [(&[&str], &str); 2] = [
        (
            &["ls", BUCKET],
            "demo-1250000000.cos.ap-guangzhou.myqcloud.com:443",
        ),
        (&["sts", "whoami"], "sts.tencentcloudapi.com:443"),
    ];
    for (call, host) in calls {
        let ask = |option: &[&str], variable: &str, value: &str| {
            let mut command = emulator.cos(call);
            command.args(option).arg("--json").env(variable, value);
            // The service itself, by HTTPS.
            command.env_remove("COS_ENDPOINT");
            command.env_remove("COS_STS_ENDPOINT");
            let output = run(&mut command);
            let text = format!("{}{}", stdout(&output), stderr(&output));
            assert!(!text.contains("PLANTED"), "{text}");
            (output.status.code().unwrap(), text)
        };
        let dead = "http://ada:PLANTED@127.0.0.1:1";
        for (option, variable, named) in [
            (&[][..], "HTTPS_PROXY", "127.0.0.1:1 (HTTPS_PROXY)"),
            (&[], "all_proxy", "127.0.0.1:1 (all_proxy)"),
            (
                &["--proxy", dead],
                "HTTPS_PROXY",
                "127.0.0.1:1 (the proxy setting)",
            ),
        ] {
            let (code, text) = ask(option, variable, dead);
            assert_eq!(code, 3, "{text}");
            assert!(
                text.contains(&format!("cannot connect to the proxy {named}")),
                "{text}"
            );
            let blames = format!("the proxy failed, not {host}: nothing listens at 127.0.0.1:1");
            assert!(text.contains(&blames), "{text}");
        }
        let socks = "socks5://ada:PLANTED@127.0.0.1:1";
        let (code, text) = ask(&[], "HTTPS_PROXY", socks);
        let why = "it names a SOCKS proxy; only http:// and https:// lead to a proxy here";
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(&format!("HTTPS_PROXY: {why}")), "{text}");
        let (code, text) = ask(&["--proxy", socks], "HTTPS_PROXY", "");
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(&format!("proxy: {why}")), "{text}");
    }
}

#[test]
fn an_extra_root_certificate_is_trusted_everywhere() {
    let emulator = Emulator::start(&["--tls"]);
    let url = emulator.ready["https"].as_str().unwrap();
    let ca = emulator.ready["ca_file"].as_str().unwrap();
    for call in [vec!["ls", BUCKET], vec!["sts", "whoami"]] {
        let ask = |args: &[&str], variable: Option<&str>| {
            let mut command = emulator.cos(&call);
            command.args(args).arg("--json");
            command
                .env("COS_ENDPOINT", url)
                .env("COS_STS_ENDPOINT", url);
            if let Some(file) = variable {
                command.env("COS_CA_FILE", file);
            }
            run(&mut command)
        };
        let output = ask(&[], None);
        assert_eq!(
            output.status.code(),
            Some(3),
            "{call:?}: {}",
            stderr(&output)
        );
        let error = &json(&output)["error"];
        assert_eq!(
            (&error["retryable"], &error["attempts"]),
            (&false.into(), &1.into())
        );
        assert!(error["hint"].as_str().unwrap().contains("CA"), "{error}");
        assert_eq!(
            ask(&["--ca-file", ca], None).status.code(),
            Some(0),
            "{call:?}"
        );
        assert_eq!(ask(&[], Some(ca)).status.code(), Some(0), "{call:?}");
        assert_eq!(
            ask(&["--ca-file", ca], Some("/none")).status.code(),
            Some(0),
            "{call:?}"
        );
        assert_eq!(ask(&[], Some("/none")).status.code(), Some(4), "{call:?}");
        let no_certificate = ask(&["--ca-file", "/dev/null"], None);
        assert_eq!(no_certificate.status.code(), Some(2), "{call:?}");
    }
}

#[test]
fn options_go_before_variables() {
    let emulator = Emulator::start(&[]);
    let nowhere = "http://127.0.0.1:1";
    let mut command = emulator.cos(&["ls", BUCKET, "--endpoint", emulator.url()]);
    done(command.env("COS_ENDPOINT", nowhere));
    let mut command = emulator.cos(&["sts", "whoami", "--sts-endpoint", emulator.url()]);
    done(command.env("COS_STS_ENDPOINT", nowhere));
    let mut command = emulator.cos(&["ls", BUCKET, "--region", "ap-guangzhou"]);
    done(command.env("COS_REGION", "ap-nowhere"));
    let output = run(emulator.cos(&["ls", BUCKET]).env("COS_REGION", ""));
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("COS_REGION"),
        "{}",
        stderr(&output)
    );
}

/// The answer of the service itself, saved and explained.
#[test]
fn a_real_refusal_is_explained() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let host = "Host: demo-1250000000.cos.ap-guangzhou.myqcloud.com";
    let sign = ["--method=GET", "--path=/a b", "--header", host];
    let mut command = emulator.cos(&["sign", "--key-time=1;4000000000"]);
    let authorization = stdout(&done(command.args(sign)));
    let authorization = authorization.trim_end();
    // The server sees another key than the one that was signed.
    let address = emulator.url().strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    use std::io::{Read as _, Write as _};
    write!(
        stream,
        "GET /a%20c HTTP/1.1\r\n{host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let body = &body[body.find("<?xml").unwrap()..=body.rfind('>').unwrap()];
    let file = dir.path().join("error.xml");
    fs::write(&file, body).unwrap();
    let server = format!("--server-error={}", file.display());
    for more in [vec![], vec![format!("--authorization={authorization}")]] {
        let mut command = emulator.cos(&["verify", &server]);
        let output = run(command.args(sign).args(more));
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let text = stdout(&output);
        assert!(text.contains("/a b") && text.contains("/a c"), "{text}");
    }
}

#[test]
fn old_uploads_are_aborted_by_age() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, vec![7; 3 << 20]).unwrap();
    let begin = |key: &str| {
        let refused = serde_json::json!([{
            "match": {"operation": "UploadPart"},
            "action": {"status": 403, "code": "AccessDenied"},
            "times": 1,
        }]);
        emulator.admin("POST", "/_emulator/faults", &refused);
        let url = format!("{BUCKET}/{key}");
        let mut command = emulator.cos(&["cp", "--part-size=1MiB", "--concurrency=1"]);
        command.args([file.to_str().unwrap(), &url]);
        command.env("COS_STATE_DIR", dir.path().join("state"));
        assert_eq!(run(&mut command).status.code(), Some(1));
    };
    // The emulator begins eight days ago; then it is today.
    let clock = |offset: i64| {
        let body = serde_json::json!({"offset": offset});
        emulator.admin("POST", "/_emulator/clock", &body);
    };
    clock(-8 * 86_400);
    begin("old");
    clock(0);
    begin("new");
    let keys = |args: &[&str]| {
        let output = done(emulator.cos(args).args(["--json", BUCKET]));
        let keys = lines(&output)
            .into_iter()
            .map(|l| l["key"].as_str().unwrap().to_owned());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(keys(&["uploads", "ls"]), ["new", "old"]);
    assert_eq!(keys(&["uploads", "ls", "--older-than=7d"]), ["old"]);
    assert_eq!(
        keys(&["uploads", "ls", "--older-than=9d"]),
        Vec::<String>::new()
    );
    assert_eq!(keys(&["uploads", "abort", "--older-than=7d"]), ["old"]);
    assert_eq!(keys(&["uploads", "ls"]), ["new"]);
    assert_eq!(keys(&["uploads", "abort"]), ["new"]);
    assert_eq!(keys(&["uploads", "ls"]), Vec::<String>::new());
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&done(&mut cos(&["completions", shell])));
        for word in ["uploads", "federation-token", "older-than"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(
        run(&mut cos(&["completions", "tcsh"])).status.code(),
        Some(2)
    );
}

#[test]
fn traces_tell_what_goes_on_and_nothing_secret() {
    let emulator = Emulator::start(&[]);
    let role = format!("--role-arn={ROLE}");
    let issue = ["sts", "assume-role", &role, "--session-name=test", "-vv"];
    let output = done(&mut emulator.cos(&issue));
    let issued = json(&output);
    let part = |name: &str| issued["credentials"][name].as_str().unwrap().to_owned();
    let owner = emulator.ready["accounts"][0]["secret_key"]
        .as_str()
        .unwrap();
    let mut command = emulator.cos(&["ls", BUCKET, "-vv"]);
    command
        .env("COS_SECRET_ID", part("tmpSecretId"))
        .env("COS_SECRET_KEY", part("tmpSecretKey"))
        .env("COS_SESSION_TOKEN", part("sessionToken"));
    let listed = done(&mut command);
    let traces = stderr(&output) + &stderr(&listed);
    assert!(
        traces.contains("ListObjects") || traces.contains("GET"),
        "{traces}"
    );
    for secret in [
        owner,
        &part("tmpSecretKey"),
        &part("sessionToken"),
        "q-signature=",
    ] {
        assert!(!traces.contains(secret), "{traces}");
    }
}
