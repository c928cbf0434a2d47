//! Every entry point survives a panic inside it: shown by making each of them panic.

use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};
use std::collections::BTreeSet;

use crate::guard::inject;
use crate::result::cosffi_result;
use crate::text::{cosffi_bytes, cosffi_str};

/// What an entry point answered: its code, or that it has none.
enum Answer {
    Code(cosffi_result),
    Other,
}

/// An exported name, and a call of it with nothing but NULL.
type Entry = (&'static str, fn() -> Answer);

impl From<cosffi_result> for Answer {
    fn from(code: cosffi_result) -> Self {
        Answer::Code(code)
    }
}

const NO_TEXT: cosffi_str = cosffi_str {
    data: null(),
    len: 0,
};
const NO_BYTES: cosffi_bytes = cosffi_bytes {
    data: null(),
    len: 0,
};

macro_rules! entries {
    ($($name:ident = $($path:ident)::+ ( $($argument:expr),* ) $kind:ident;)*) => {
        vec![$((
            stringify!($name),
            // SAFETY: every argument is NULL or empty, which every entry point must stand.
            (|| entries!(@ $kind unsafe { crate::$($path)::+::$name($($argument),*) })) as fn() -> Answer,
        )),*]
    };
    (@ code $call:expr) => { Answer::from($call) };
    (@ value $call:expr) => {{ let _ = $call; Answer::Other }};
}

#[allow(unused_unsafe, reason = "not all entry points are unsafe")]
fn entries() -> Vec<Entry> {
    entries! {
        cosffi_result_name = result(0) value;
        cosffi_string_free = text(None) value;
        cosffi_abi_version = version() value;
        cosffi_version_string = version() value;
        cosffi_error_code = error(None) code;
        cosffi_error_http_status = error(None) value;
        cosffi_error_service_code = error(None) value;
        cosffi_error_message = error(None) value;
        cosffi_error_request_id = error(None) value;
        cosffi_error_resource = error(None) value;
        cosffi_error_hint = error(None) value;
        cosffi_error_is_retryable = error(None) value;
        cosffi_error_attempts = error(None) value;
        cosffi_error_free = error(None) value;
        cosffi_runtime_new = runtime(null(), None, None) code;
        cosffi_runtime_shutdown = runtime(null(), 0, None, null_mut(), None) code;
        cosffi_runtime_free = runtime(None) value;
        cosffi_credentials_new = credentials(NO_TEXT, NO_TEXT, NO_TEXT, 0, 0, None, None) code;
        cosffi_credentials_parse_sts = credentials(NO_TEXT, None, None) code;
        cosffi_credentials_session_token = credentials(None) value;
        cosffi_credentials_expired_time_s = credentials(None) value;
        cosffi_credentials_free = credentials(None) value;
        cosffi_credential_request_bucket = provider::ticket(None) value;
        cosffi_credential_request_region = provider::ticket(None) value;
        cosffi_credential_request_action = provider::ticket(None) value;
        cosffi_credential_request_object_key = provider::ticket(None) value;
        cosffi_credential_request_reason = provider::ticket(None) value;
        cosffi_credential_request_deadline_ms = provider::ticket(None) value;
        cosffi_credential_request_complete = provider::ticket(None, None) code;
        cosffi_credential_request_fail = provider::ticket(None, 0, NO_TEXT) code;
        cosffi_credential_request_free = provider::ticket(None) value;
        cosffi_provider_new = provider(None, null(), None, None) code;
        cosffi_provider_invalidate = provider(None) value;
        cosffi_provider_static = provider(None, None, None) code;
        cosffi_provider_free = provider(None) value;
        cosffi_sign_request = sign(null(), None, None) code;
        cosffi_presign_url = sign(null(), None, None) code;
        cosffi_client_new = client(None, null(), None, None) code;
        cosffi_client_free = client(None) value;
        cosffi_upload_file = object::file(None, NO_TEXT, NO_TEXT, null(), null(), None, None) code;
        cosffi_download_file = object::file(None, NO_TEXT, NO_TEXT, null(), null(), None, None) code;
        cosffi_put_object = object::simple(None, NO_TEXT, NO_BYTES, null(), null(), None, None) code;
        cosffi_head_object = object::simple(None, NO_TEXT, null(), None, None) code;
        cosffi_delete_object = object::simple(None, NO_TEXT, null(), None, None) code;
        cosffi_transfer_cancel = transfer(None) value;
        cosffi_transfer_resume = transfer(None) value;
        cosffi_transfer_pause = transfer(None) value;
        cosffi_transfer_stop = transfer(None) value;
        cosffi_transfer_resume_record = transfer(None, None, None) code;
        cosffi_error_resume_record = error(None) value;
        cosffi_response_resumed_bytes = response(None) value;
        cosffi_response_restart_reason = response(None) value;
        cosffi_transfer_wait = transfer(null(), 0, None) code;
        cosffi_transfer_response = transfer(None) value;
        cosffi_transfer_retain = transfer(null()) value;
        cosffi_transfer_free = transfer(null()) value;
        cosffi_response_etag = response(None) value;
        cosffi_response_request_id = response(None) value;
        cosffi_response_version_id = response(None) value;
        cosffi_response_crc64 = response(None, None) value;
        cosffi_response_size_bytes = response(None) value;
        cosffi_response_last_modified_s = response(None) value;
        cosffi_response_header = response(None, NO_TEXT) value;
        cosffi_response_status = response(None) value;
        cosffi_response_body = response(None) value;
        cosffi_get_object = object::get(None, NO_TEXT, null(), None, null(), None, None) code;
        cosffi_upload_fd = object::descriptor(None, NO_TEXT, -1, null(), null(), None, None) code;
        cosffi_download_fd = object::descriptor(None, NO_TEXT, -1, null(), null(), None, None) code;
        cosffi_upload_stream = object::stream(None, NO_TEXT, None, null(), null(), None, None) code;
        cosffi_list_objects = object::list(None, null(), None, null(), None, None) code;
        cosffi_list_page_object_count = object::list(None) value;
        cosffi_list_page_object = object::list(None, 0) value;
        cosffi_list_page_prefix_count = object::list(None) value;
        cosffi_list_page_prefix = object::list(None, 0) value;
        cosffi_list_page_next_marker = object::list(None) value;
        cosffi_queue_new = events(None, None) code;
        cosffi_queue_next = events(None, 0, None, None) code;
        cosffi_queue_wake_fd = events(None) value;
        cosffi_queue_free = events(None) value;
        cosffi_event_kind = events(None) value;
        cosffi_event_user_data = events(None) value;
        cosffi_event_done_bytes = events(None) value;
        cosffi_event_total_bytes = events(None) value;
        cosffi_event_result = events(None) value;
        cosffi_event_response = events(None) value;
        cosffi_event_error = events(None) value;
        cosffi_event_free = events(None) value;
        cosffi_client_notify = client(None, 0, None) code;
        cosffi_provider_push = provider::push(None, None) code;
        cosffi_provider_push_credentials = provider::push(None, None, None) code;
        cosffi_provider_broker = provider::remote(null(), None, None) code;
        cosffi_provider_sts = provider::remote(null(), None, None) code;
        cosffi_policy_build = policy(null(), None, None) code;
        cosffi_policy_lint = policy(NO_TEXT, None, None, None) code;
        cosffi_policy_check = policy(null(), None, None, None) code;
        cosffi_post_form = object::form(None, NO_TEXT, null(), null(), None, None) code;
        cosffi_copy_object = object::copy(None, NO_TEXT, NO_TEXT, null(), null(), None, None) code;
        cosffi_delete_objects = object::delete_many(None, null(), 0, null(), None, None) code;
        cosffi_response_deleted_count = object::delete_many(None) value;
        cosffi_response_failure_count = object::delete_many(None) value;
        cosffi_response_failure = object::delete_many(None, 0) value;
        cosffi_presign_object = object::presign(None, NO_TEXT, NO_TEXT, null(), null(), None, None) code;
        cosffi_response_url = response(None) value;
        cosffi_response_expired_time_s = response(None) value;
        cosffi_request = object::request(None, NO_TEXT, NO_TEXT, null(), null(), None, None) code;
        cosffi_clean_up_stale = object::clean_up(None, NO_TEXT, 0, null(), None, None) code;
        cosffi_transfer_status = transfer::state(None) value;
        cosffi_transfer_progress = transfer::state(None, None, None) value;
        cosffi_upload_folder = object::folder(None, NO_TEXT, NO_TEXT, null(), None, null(), None, None) code;
        cosffi_download_folder = object::folder(None, NO_TEXT, NO_TEXT, null(), None, null(), None, None) code;
        cosffi_response_folder = object::folder_entry(None) value;
        cosffi_response_folder_failure = object::folder_entry(None, 0) value;
        cosffi_list_versions = object::versions(None, null(), None, null(), None, None) code;
        cosffi_versions_page_version_count = object::versions(None) value;
        cosffi_versions_page_version = object::versions(None, 0) value;
        cosffi_versions_page_prefix_count = object::versions(None) value;
        cosffi_versions_page_prefix = object::versions(None, 0) value;
        cosffi_versions_page_next_key_marker = object::versions(None) value;
        cosffi_versions_page_next_version_id_marker = object::versions(None) value;
        cosffi_log_set = log(-1, None, null_mut(), None, None) code;
    }
}

#[test]
fn every_entry_point_is_guarded() {
    for (name, call) in entries() {
        inject::arm();
        let answer = call();
        assert!(!inject::disarm(), "{name} passed no guard");
        if let Answer::Code(code) = answer {
            assert_eq!(code, cosffi_result::COSFFI_ERROR_PANIC, "{name}");
        }
    }
}

/// NULL everywhere is refused or harmless, and never a panic.
#[test]
fn null_everywhere_is_no_panic() {
    for (name, call) in entries() {
        if let Answer::Code(code) = call() {
            let expected = match name {
                "cosffi_error_code" => cosffi_result::COSFFI_OK,
                _ => cosffi_result::COSFFI_ERROR_INVALID_ARGUMENT,
            };
            assert_eq!(code, expected, "{name}");
        }
    }
}

#[test]
fn no_entry_point_is_forgotten() {
    let list = include_str!("../../../tests/abi/symbols.txt");
    let listed: BTreeSet<&str> = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let here: BTreeSet<&str> = entries().into_iter().map(|(name, _)| name).collect();
    assert_eq!(here, listed);
}

#[test]
fn a_panic_leaves_an_error_to_read() {
    let mut err = MaybeUninit::uninit();
    inject::arm();
    // SAFETY: NULL is allowed, and a guarded call always writes its error.
    let error = unsafe {
        crate::transfer::cosffi_transfer_wait(null(), 0, Some(&mut err));
        Box::from_raw(err.assume_init())
    };
    assert_eq!(error.failure().code(), cosffi_result::COSFFI_ERROR_PANIC);
}
