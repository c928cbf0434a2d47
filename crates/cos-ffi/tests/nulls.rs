//! NULL in every place where a pointer, a function or text goes, one at a time and with good values in all other places:
//! refused, unless the table below says that it is allowed. The calls are made of the header, so that no function and no
//! parameter is forgotten, and run as a C program.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

use std::fmt::Write as _;
use std::path::Path;

/// Where NULL, no function or empty text is as good as any value: "*" stands for every function.
const ALLOWED: &[(&str, &str)] = &[
    ("*", "err"),
    ("*", "out_transfer"),
    ("*", "user_data"),
    ("cosffi_runtime_new", "options"),
    ("cosffi_runtime_shutdown", "on_done"),
    ("cosffi_credentials_new", "session_token"),
    ("cosffi_policy_lint", "out"),
    ("cosffi_policy_lint", "out_worst"),
    ("cosffi_policy_check", "out_reason"),
    ("cosffi_upload_file", "options"),
    ("cosffi_upload_fd", "options"),
    ("cosffi_upload_stream", "options"),
    ("cosffi_put_object", "options"),
    ("cosffi_put_object", "bytes"),
    ("cosffi_download_file", "options"),
    ("cosffi_download_fd", "options"),
    ("cosffi_get_object", "options"),
    ("cosffi_get_object", "on_body"),
    ("cosffi_list_objects", "options"),
    ("cosffi_copy_object", "options"),
    ("cosffi_request", "options"),
    ("cosffi_request", "object_key"),
    ("cosffi_upload_folder", "prefix"),
    ("cosffi_upload_folder", "options"),
    ("cosffi_upload_folder", "on_entry"),
    ("cosffi_download_folder", "prefix"),
    ("cosffi_download_folder", "options"),
    ("cosffi_download_folder", "on_entry"),
    ("cosffi_list_versions", "options"),
    ("cosffi_log_set", "log"),
    ("cosffi_log_set", "drop"),
];

/// Functions that need a handle which only a callback gives, and where their NULLs are shown instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cosffi_credential_request_complete", "tests/c/provider.c"),
    ("cosffi_credential_request_fail", "tests/c/provider.c"),
];

/// What is not OK with good values either, and what it is then.
const NOT_OK: &[(&str, &str)] = &[
    ("cosffi_queue_next", "COSFFI_ERROR_NOT_FINISHED"),
    ("cosffi_transfer_wait", "COSFFI_ERROR_CANCELLED"),
];

/// What functions without a result say to NULL, where it is not zero or nothing.
const NEUTRAL: &[(&str, &str)] = &[
    ("cosffi_response_size_bytes", "UINT64_MAX"),
    ("cosffi_queue_wake_fd", "-1"),
];

struct Parameter {
    kind: String,
    name: String,
}

struct Function {
    returns: String,
    name: String,
    parameters: Vec<Parameter>,
}

/// The functions that the header declares.
fn functions() -> Vec<Function> {
    let header = std::fs::read_to_string(support::root().join("include/cos_ffi.h")).unwrap();
    let (_, declarations) = header.split_once("extern \"C\" {").unwrap();
    let (declarations, _) = declarations.split_once("}  // extern \"C\"").unwrap();
    let code: String = declarations
        .split("/*")
        .map(|part| part.split_once("*/").map_or(part, |(_, code)| code))
        .flat_map(str::lines)
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .join(" ");
    code.split(';')
        .filter(|declaration| declaration.contains('('))
        .map(function)
        .collect()
}

/// `type name` with the blanks and stars sorted out.
fn split_name(text: &str) -> (String, String) {
    let text = text.trim();
    let at = text.rfind([' ', '*']).unwrap() + 1;
    let words: Vec<&str> = text[..at].split_whitespace().collect();
    (words.join(" ").replace(" *", "*"), text[at..].to_owned())
}

fn function(declaration: &str) -> Function {
    let (before, parameters) = declaration.split_once('(').unwrap();
    let (returns, name) = split_name(before);
    let parameters = parameters.trim().strip_suffix(')').unwrap();
    let parameters = parameters
        .split(',')
        .filter(|parameter| parameter.trim() != "void")
        .map(|parameter| {
            let (kind, name) = split_name(parameter);
            Parameter { kind, name }
        })
        .collect();
    Function {
        returns,
        name,
        parameters,
    }
}

fn is_text(kind: &str) -> bool {
    matches!(kind, "cosffi_str" | "cosffi_bytes")
}

/// Nothing, as this type says it; `None` for numbers.
fn nothing(kind: &str) -> Option<&'static str> {
    if is_text(kind) {
        return Some(match kind {
            "cosffi_str" => "cosffi_str_of(NULL)",
            _ => "no_bytes",
        });
    }
    (kind.ends_with('*') || kind.ends_with("_fn")).then_some("NULL")
}

/// A good value, as `tests/c/nulls.h` names it.
fn good(function: &str, parameter: &Parameter) -> String {
    let (kind, name) = (parameter.kind.as_str(), parameter.name.as_str());
    if let Some(of) = kind.strip_suffix("**") {
        let of = of.trim_start_matches("cosffi_");
        return match of {
            "error" => "&error".to_owned(),
            of => format!("&out_{of}"),
        };
    }
    match kind {
        "cosffi_string*" => "&string".to_owned(),
        "int32_t*" => "&out_int32".to_owned(),
        "void*" => "NULL".to_owned(),
        "const cosffi_object_id*" => "objects".to_owned(),
        "cosffi_versions_page_fn" => "on_versions".to_owned(),
        "cosffi_log_fn" => "log_line".to_owned(),
        "cosffi_drop_fn" => "NULL".to_owned(),
        "const cosffi_transfer_callbacks*" => "&callbacks".to_owned(),
        _ if kind.ends_with("_options*") || kind.ends_with("_callbacks*") => {
            let name = kind.trim_start_matches("const cosffi_");
            format!("&{}", name.trim_end_matches('*'))
        }
        _ if kind.ends_with('*') => {
            let name = kind.trim_start_matches("const ");
            name.trim_start_matches("cosffi_")
                .trim_end_matches('*')
                .to_owned()
        }
        "size_t" => "1".to_owned(),
        "uint64_t" => "0".to_owned(),
        "int32_t" if name != "fd" => match function {
            "cosffi_log_set" => "COSFFI_LOG_OFF".to_owned(),
            _ => "1".to_owned(),
        },
        _ => name.to_owned(),
    }
}

fn is_allowed(function: &str, parameter: &Parameter) -> bool {
    let name = parameter.name.as_str();
    parameter.kind == CALLBACKS
        || ALLOWED.contains(&("*", name))
        || ALLOWED.contains(&(function, name))
}

/// A start without them tells nobody.
const CALLBACKS: &str = "const cosffi_transfer_callbacks*";

fn row<'a>(table: &[(&str, &'a str)], function: &str) -> Option<&'a str> {
    let found = table.iter().find(|(name, _)| *name == function);
    found.map(|(_, value)| *value)
}

/// One call with the argument at `null` left out; `None` leaves out nothing.
fn call(function: &Function, null: Option<usize>) -> String {
    let arguments: Vec<String> = function
        .parameters
        .iter()
        .enumerate()
        .map(|(index, parameter)| match nothing(&parameter.kind) {
            Some(nothing) if null == Some(index) => nothing.to_owned(),
            _ => good(&function.name, parameter),
        })
        .collect();
    format!("{}({})", function.name, arguments.join(", "))
}

/// The checked calls of a function with a result.
fn checked(function: &Function, program: &mut String) {
    let has = |null: Option<usize>, is: fn(&Parameter) -> bool| {
        let at = function.parameters.iter().position(is);
        i32::from(at.is_some() && at != null)
    };
    let ok = row(NOT_OK, &function.name).unwrap_or("COSFFI_OK");
    let places = (0..function.parameters.len())
        .filter(|index| nothing(&function.parameters[*index].kind).is_some())
        .map(Some);
    for null in places.chain([None]) {
        let (expected, what) = match null {
            None => (ok, String::new()),
            Some(index) => {
                let parameter = &function.parameters[index];
                let expected = match is_allowed(&function.name, parameter) {
                    true => ok,
                    false => "COSFFI_ERROR_INVALID_ARGUMENT",
                };
                (expected, format!(" without {}", parameter.name))
            }
        };
        // A shutdown with good values would end what all others need.
        if function.name == "cosffi_runtime_shutdown" && expected == ok {
            continue;
        }
        writeln!(
            program,
            "    take_seat();\n    check(\"{}{what}\", {}, {expected}, {}, {});",
            function.name,
            call(function, null),
            has(null, |p| p.name == "err"),
            has(null, |p| p.kind == CALLBACKS),
        )
        .unwrap();
    }
}

/// The calls of a function without a result: NULL in all places at once is harmless and says nothing.
fn unchecked(function: &Function, program: &mut String) {
    let arguments: Vec<String> = function
        .parameters
        .iter()
        .map(|parameter| match nothing(&parameter.kind) {
            Some(nothing) => nothing.to_owned(),
            None => good(&function.name, parameter),
        })
        .collect();
    let call = format!("{}({})", function.name, arguments.join(", "));
    let statement = match function.returns.as_str() {
        "void" => format!("{call};"),
        "cosffi_str" => format!("CHECK(text_is({call}, \"\"));"),
        "cosffi_bytes" => format!("CHECK({call}.len == 0);"),
        kind if kind.ends_with('*') => format!("CHECK({call} == NULL);"),
        _ => {
            let neutral = row(NEUTRAL, &function.name).unwrap_or("0");
            format!("CHECK({call} == {neutral});")
        }
    };
    writeln!(program, "    {statement}").unwrap();
}

#[test]
fn null_everywhere() {
    let functions = functions();
    assert!(functions.len() > 100, "only {} found", functions.len());
    for (name, parameter) in ALLOWED.iter().filter(|(name, _)| *name != "*") {
        let function = functions.iter().find(|f| f.name == *name).unwrap();
        assert!(function.parameters.iter().any(|p| p.name == *parameter));
    }
    for (name, place) in ELSEWHERE {
        let source = std::fs::read_to_string(support::root().join(place)).unwrap();
        assert!(source.contains(&format!("{name}(NULL")), "{name}");
    }
    let mut program = String::from(
        "#include \"nulls.h\"\n\nint main(int argc, char **argv) {\n    \
         const cosffi_bytes no_bytes = {NULL, 0};\n    CHECK(argc == 2);\n    set_up(argv[1]);\n",
    );
    for function in &functions {
        let takes = |p: &Parameter| nothing(&p.kind).is_some();
        if !function.parameters.iter().any(takes) || row(ELSEWHERE, &function.name).is_some() {
            continue;
        }
        match function.returns == "cosffi_result" && function.name != "cosffi_error_code" {
            true if function.parameters.len() > 1 => checked(function, &mut program),
            _ => unchecked(function, &mut program),
        }
    }
    program.push_str("    tear_down();\n    return 0;\n}\n");
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nulls.c");
    std::fs::write(&source, program).unwrap();
    let tests = support::root().join("tests/c");
    let flags = ["-std=gnu99", "-I", tests.to_str().unwrap()];
    let source = source.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records");
    let args = [records.to_str().unwrap()];
    let program = support::build("nulls", "cc", &flags, &[source]);
    support::run(&program, &args);
    support::run_checked(&program, &args);
    if let Some(sanitized) = support::build_sanitized("nulls", "cc", &flags, &[source]) {
        support::run(&sanitized, &args);
    }
}
