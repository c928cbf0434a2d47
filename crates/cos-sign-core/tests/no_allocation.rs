//! One signature, no heap: counted by a global allocator that counts.

#![allow(clippy::unwrap_used)]

use cos_sign_core::{
    KeyTime, Request, SignKey, Signer, post_policy,
    tc3::Tc3Request,
    v1::{SignatureMethod, signature},
    verify::Parsed,
};

#[test]
fn signing_and_checking_never_allocate() {
    // More pairs than any real request, in the worst order, with names that need escaping.
    let names: Vec<String> = (0..64).rev().map(|n| format!("Name+{n:02}")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a/ü b")).collect();
    let request = Request {
        method: "PUT",
        path: "/dir/夏.txt",
        params: &pairs,
        headers: &pairs,
    };
    let mut buffer = vec![0; 8 * 1024];
    let mut link = vec![0; 16 * 1024];
    let info = allocation_counter::measure(|| {
        let key = SignKey::derive("secret", KeyTime::new(1, 2).unwrap()).unwrap();
        let signer = Signer::new("id", &key);
        let text = signer.authorization_into(&request, &mut buffer).unwrap();
        let parsed = Parsed::from_authorization(text).unwrap();
        assert!(parsed.lists_header("name+00"));
        assert!(parsed.check(&key, &request).unwrap());
        let mut out = cos_sign_core::SliceWriter::new(&mut link);
        signer.write_presigned_query(&request, &mut out).unwrap();
        assert!(out.finish().unwrap().contains("q-signature="));
        assert_eq!(post_policy::signature(&key, "{}").as_str().len(), 40);
        let call = Tc3Request {
            service: "sts",
            method: "POST",
            host: "sts.tencentcloudapi.com",
            query: "",
            content_type: "application/json",
            payload: b"{}",
            unsigned_payload: false,
            timestamp_s: 1_700_000_000,
        };
        let mut text = cos_sign_core::SliceWriter::new(&mut link);
        call.write_authorization("id", "secret", &mut text).unwrap();
        assert!(text.finish().unwrap().starts_with("TC3-HMAC-SHA256"));
        assert_eq!(
            signature(SignatureMethod::HmacSha1, "secret", "s")
                .unwrap()
                .as_str()
                .len(),
            28
        );
    });
    assert_eq!(info.count_total, 0, "{info:?}");
    // The counter does count.
    let info = allocation_counter::measure(|| drop(std::hint::black_box(vec![0_u8; 64])));
    assert_eq!(info.count_total, 1);
}
