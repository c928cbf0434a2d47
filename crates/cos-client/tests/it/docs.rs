//! What the documentation promises of itself.

use std::path::Path;

/// What sends nothing.
const NO_OPERATIONS: [&str; 2] = ["client.rs", "connections.rs"];

/// The public functions of `impl Client` blocks that have no example.
fn without_example(source: &str) -> Vec<&str> {
    let mut missing = Vec::new();
    let (mut in_client, mut has_example) = (false, false);
    for line in source.lines() {
        let text = line.trim_start();
        if line.starts_with("impl") {
            in_client = line.starts_with("impl Client {");
        } else if text.starts_with("///") {
            has_example |= text.contains("```");
        } else if !text.starts_with("#[") {
            let name = text.strip_prefix("pub async fn ");
            let name = name.or_else(|| text.strip_prefix("pub fn "));
            if let Some(name) = name.filter(|_| in_client && !has_example) {
                missing.push(name.split(['(', '<']).next().unwrap_or(name));
            }
            has_example = false;
        }
    }
    missing
}

fn visit(folder: &Path, missing: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, missing);
        } else if !NO_OPERATIONS
            .iter()
            .any(|name| path.ends_with(Path::new("src").join(name)))
        {
            let source = std::fs::read_to_string(&path).unwrap();
            let names = without_example(&source).into_iter();
            missing.extend(names.map(|name| format!("{}: {name}", path.display())));
        }
    }
}

#[test]
fn every_operation_has_an_example() {
    let mut missing = Vec::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&source, &mut missing);
    assert!(missing.is_empty(), "{missing:#?}");
    let bare = "impl Client {\n    /// Asks.\n    pub async fn ask(&self) {}\n}";
    assert_eq!(without_example(bare), ["ask"]);
}
