//! Promises the header keeps, checked on the text: prefixes, and a full comment on each function.

/// What each function's comment must answer, besides what the function does.
const ANSWERS: [&str; 5] = ["Ownership:", "Threads:", "How often:", "Errors:", "Since:"];

pub(crate) fn check(header: &str) -> Result<(), String> {
    let mut comment = String::new();
    let mut functions = 0;
    for line in header.lines() {
        if line.starts_with("/**") {
            comment.clear();
        }
        if line.starts_with("/**") || line.starts_with(" *") {
            comment.push_str(line);
            comment.push('\n');
        }
        if let Some(name) = line.strip_prefix("#define ") {
            check_name(name, "COS")?;
        }
        if let Some(name) = function_name(line) {
            check_name(name, "cosffi_")?;
            for answer in ANSWERS {
                if !comment.contains(answer) {
                    return Err(format!("the comment of {name} has no line \"{answer}\""));
                }
            }
            comment.clear();
            functions += 1;
        }
    }
    if functions == 0 {
        return Err("no function found: has the style of the header changed?".to_owned());
    }
    Ok(())
}

fn check_name(name: &str, prefix: &str) -> Result<(), String> {
    if name.starts_with(prefix) {
        return Ok(());
    }
    Err(format!("\"{name}\" has no {prefix} in front"))
}

/// The function a line declares: at the start of a line, with a parenthesis, not a type or helper.
fn function_name(line: &str) -> Option<&str> {
    let first = line.chars().next()?;
    if !first.is_ascii_lowercase() || line.starts_with("typedef") || line.starts_with("static") {
        return None;
    }
    let before = line.split_once('(')?.0;
    if line.starts_with("extern") {
        return None;
    }
    before.rsplit([' ', '*']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "/**\n * What.\n *\n * Ownership: x\n * Threads: x\n * How often: x\n * Errors: x\n * Since: x\n */\nint32_t *cosffi_x(void);\n";

    #[test]
    fn accepts_a_full_comment_and_refuses_a_short_one() {
        check(GOOD).unwrap();
        for answer in ANSWERS {
            let lacking = GOOD.replace(answer, "");
            assert!(check(&lacking).unwrap_err().contains(answer));
        }
        assert!(check(&GOOD.replace("cosffi_x", "cos_x")).is_err());
        assert!(check("").is_err());
        assert!(check(&format!("{GOOD}#define MAX 1\n")).is_err());
    }
}
