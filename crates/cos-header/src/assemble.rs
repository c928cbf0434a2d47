//! What cbindgen cannot write: section titles, and the small inline helpers at the end.

/// The first function of each section of the header, and the section's title.
const SECTIONS: &[(&str, &str)] = &[
    ("cosffi_result_name", "Result codes"),
    ("cosffi_string_free", "Text"),
    ("cosffi_abi_version", "Version"),
    ("cosffi_error_code", "Errors"),
    ("cosffi_runtime_new", "Runtime"),
    ("cosffi_credentials_new", "Credentials"),
    ("cosffi_provider_new", "Providers of credentials"),
    ("cosffi_sign_request", "Signing without a client"),
    ("cosffi_policy_build", "Policies"),
    ("cosffi_client_new", "Client"),
    ("cosffi_upload_file", "Objects"),
    ("cosffi_list_objects", "Listing"),
    ("cosffi_transfer_cancel", "Transfers"),
    ("cosffi_response_etag", "Responses"),
    ("cosffi_queue_new", "Queue of events"),
    ("cosffi_log_set", "Log"),
];

/// Options structs and callback tables: each gets a `<name>_default()`.
const SIZE_TAGGED: &[&str] = &[
    "cosffi_runtime_options",
    "cosffi_sign_options",
    "cosffi_presign_options",
    "cosffi_client_options",
    "cosffi_upload_options",
    "cosffi_download_options",
    "cosffi_get_options",
    "cosffi_list_options",
    "cosffi_transfer_callbacks",
    "cosffi_provider_callbacks",
    "cosffi_broker_options",
    "cosffi_sts_options",
    "cosffi_policy_options",
    "cosffi_policy_check_options",
    "cosffi_post_form_options",
    "cosffi_copy_options",
    "cosffi_presign_object_options",
    "cosffi_request_options",
    "cosffi_folder_options",
    "cosffi_list_versions_options",
];

const HELPERS_TITLE: &str = "Helpers, compiled into your program";

pub(crate) fn assemble(raw: &str) -> Result<String, String> {
    let mut header = short_comments(&plain_names(raw));
    for (function, title) in SECTIONS {
        let at = comment_before(&header, function).ok_or_else(|| {
            format!("section \"{title}\" starts with {function}, which is missing")
        })?;
        header.insert_str(at, &banner(title));
    }
    let end = header
        .rfind("#endif  /* COS_FFI_H */")
        .ok_or("the include guard has no end")?;
    header.insert_str(end, &helpers(&header)?);
    Ok(header)
}

/// `struct cosffi_x` where it is used (not where it is defined): the typedef reads better.
fn plain_names(raw: &str) -> String {
    raw.replace("typedef struct cosffi_", "typedef\0")
        .replace("struct cosffi_", "cosffi_")
        .replace("typedef\0", "typedef struct cosffi_")
}

fn banner(title: &str) -> String {
    format!("/* ==== {title} {} */\n\n", "=".repeat(88 - title.len()))
}

/// Where the comment of a function begins. The declaration is the line that has the name followed
/// by a parenthesis and is not itself part of a comment.
fn comment_before(header: &str, function: &str) -> Option<usize> {
    let call = format!("{function}(");
    let mut comment = None;
    let mut at = 0;
    for line in header.split_inclusive('\n') {
        if line.starts_with("/**") {
            comment = Some(at);
        } else if !line.trim_start().starts_with('*')
            && line
                .split_once(&call)
                .is_some_and(|(before, _)| before.ends_with([' ', '*']))
        {
            return comment;
        }
        at += line.len();
    }
    None
}

/// Comments of one line need not take three.
fn short_comments(header: &str) -> String {
    let lines: Vec<&str> = header.lines().collect();
    let mut out = String::with_capacity(header.len());
    let mut rest = lines.as_slice();
    while let [line, after @ ..] = rest {
        let indent = &line[..line.len() - line.trim_start().len()];
        let text = match after {
            [text, end, ..] if line.trim_start() == "/**" && end.trim() == "*/" => {
                text.trim_start().strip_prefix("* ")
            }
            _ => None,
        };
        if let (Some(text), [_, _, others @ ..]) = (text, after) {
            out.push_str(&format!("{indent}/** {text} */\n"));
            rest = others;
        } else {
            out.push_str(line);
            out.push('\n');
            rest = after;
        }
    }
    out
}

fn helpers(header: &str) -> Result<String, String> {
    let tagged = header.matches("size_t struct_size;").count();
    if tagged != SIZE_TAGGED.len() {
        return Err(format!(
            "{tagged} structs have a struct_size, but SIZE_TAGGED lists {}",
            SIZE_TAGGED.len()
        ));
    }
    let mut out = banner(HELPERS_TITLE);
    out.push_str(
        "/** Borrows a C string; NULL becomes the empty text. */\n\
         static inline cosffi_str cosffi_str_of(const char *text) {\n\
         \x20   cosffi_str str;\n\
         \x20   str.data = text;\n\
         \x20   str.len = text != NULL ? strlen(text) : 0;\n\
         \x20   return str;\n}\n\n\
         /** Borrows `len` bytes of any kind. */\n\
         static inline cosffi_bytes cosffi_bytes_of(const void *data, size_t len) {\n\
         \x20   cosffi_bytes bytes;\n\
         \x20   bytes.data = (const uint8_t *)data;\n\
         \x20   bytes.len = len;\n\
         \x20   return bytes;\n}\n\n",
    );
    for name in SIZE_TAGGED {
        if !header.contains(&format!("}} {name};")) {
            return Err(format!("no struct {name} in the header"));
        }
        out.push_str(&format!(
            "/** A {name} with its size set and every field at its default. */\n\
             static inline {name} {name}_default(void) {{\n\
             \x20   {name} value;\n\
             \x20   memset(&value, 0, sizeof value);\n\
             \x20   value.struct_size = sizeof value;\n\
             \x20   return value;\n}}\n\n"
        ));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_comment_of_a_function() {
        let header =
            "/**\n * one\n */\nint one(void);\n\n/**\n * two\n */\nconst char *two(int one);\n";
        assert_eq!(comment_before(header, "one"), Some(0));
        assert_eq!(comment_before(header, "two"), header.rfind("/**"));
        assert_eq!(comment_before(header, "three"), None);
    }

    #[test]
    fn uses_the_typedefs() {
        assert_eq!(
            plain_names(
                "typedef struct cosffi_a cosffi_a;\nstruct cosffi_b *f(const struct cosffi_a *a);"
            ),
            "typedef struct cosffi_a cosffi_a;\ncosffi_b *f(const cosffi_a *a);"
        );
    }

    #[test]
    fn shortens_comments_of_one_line_only() {
        assert_eq!(
            short_comments("  /**\n   * a\n   */\n  x;\n/**\n * a\n * b\n */\n"),
            "  /** a */\n  x;\n/**\n * a\n * b\n */\n"
        );
    }

    #[test]
    fn a_missing_section_is_an_error() {
        assert!(assemble("#endif  /* COS_FFI_H */\n").is_err());
    }
}
