//! Which service a request is for, by its host.

use std::net::IpAddr;

use crate::head::Head;

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/_emulator/<rest>`
    Admin(String),
    /// The instance-role metadata service; the rest of the path.
    Metadata(String),
    Sts,
    /// The list of buckets, of one region if the host names one.
    Service {
        region: Option<String>,
    },
    Bucket(BucketRoute),
    /// A host that belongs to nothing.
    Unknown,
}

/// A bucket, and a key in it (empty for the bucket itself).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BucketRoute {
    pub(crate) bucket: String,
    /// As in the host; `None` in path style and on the acceleration host.
    pub(crate) region: Option<String>,
    pub(crate) accelerate: bool,
    pub(crate) key: String,
}

pub(crate) fn route(head: &Head) -> Route {
    let host = head.hostname();
    // A name without dots is how containers find each other: treated as an address.
    if host.is_empty() || !host.contains('.') || host.parse::<IpAddr>().is_ok() {
        return by_path(head);
    }
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        ["metadata", "tencentyun", ..] => Route::Metadata(head.path.clone()),
        ["sts", ..] => Route::Sts,
        ["service", "cos", ..] => Route::Service { region: None },
        ["cos" | "cos-internal", region, ..] if head.path.len() > 1 => {
            path_style(&head.path, Some(region))
        }
        ["cos" | "cos-internal", region, ..] => Route::Service {
            region: Some((*region).to_owned()),
        },
        [
            bucket,
            "cos" | "cos-internal" | "cos-website",
            region,
            _,
            ..,
        ] if is_bucket(bucket) => {
            let accelerate = *region == "accelerate";
            Route::Bucket(BucketRoute {
                bucket: (*bucket).to_owned(),
                region: (!accelerate).then(|| (*region).to_owned()),
                accelerate,
                // Only the first slash separates host and key: `//a` is the key `/a`.
                key: head.path.strip_prefix('/').unwrap_or_default().to_owned(),
            })
        }
        _ => Route::Unknown,
    }
}

fn by_path(head: &Head) -> Route {
    if let Some(rest) = head.path.strip_prefix("/_emulator/") {
        return match rest.strip_prefix("metadata/") {
            Some(rest) => Route::Metadata(format!("/{rest}")),
            None => Route::Admin(rest.to_owned()),
        };
    }
    if head.path == "/" {
        return if is_sts_call(head) {
            Route::Sts
        } else {
            Route::Service { region: None }
        };
    }
    path_style(&head.path, None)
}

fn path_style(path: &str, region: Option<&str>) -> Route {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    Route::Bucket(BucketRoute {
        bucket: bucket.to_owned(),
        region: region.map(str::to_owned),
        accelerate: false,
        key: key.to_owned(),
    })
}

/// Official STS clients can be pointed at an address; their calls differ from COS calls by these marks.
fn is_sts_call(head: &Head) -> bool {
    if head.headers.contains_key("x-tc-action") || head.param("Action").is_some() {
        return true;
    }
    let form = head
        .header("content-type")
        .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    head.method == http::Method::POST && form
}

fn is_bucket(label: &str) -> bool {
    label.rsplit_once('-').is_some_and(|(name, app_id)| {
        !name.is_empty() && !app_id.is_empty() && app_id.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method};

    fn at(url: &str) -> Route {
        let head = Head::new(
            Method::GET,
            &url.parse().unwrap(),
            HeaderMap::new(),
            [127, 0, 0, 1].into(),
            false,
        )
        .unwrap();
        route(&head)
    }

    fn bucket(region: Option<&str>, accelerate: bool, key: &str) -> Route {
        Route::Bucket(BucketRoute {
            bucket: "b-1".to_owned(),
            region: region.map(str::to_owned),
            accelerate,
            key: key.to_owned(),
        })
    }

    #[test]
    fn every_row_of_the_table() {
        let r = Some("ap-x");
        assert_eq!(
            at("http://b-1.cos.ap-x.myqcloud.com/k/l"),
            bucket(r, false, "k/l")
        );
        assert_eq!(
            at("http://b-1.cos.ap-x.tencentcos.cn/"),
            bucket(r, false, "")
        );
        assert_eq!(
            at("http://b-1.cos-internal.ap-x.tencentcos.cn//a"),
            bucket(r, false, "/a")
        );
        assert_eq!(
            at("http://b-1.cos.ap-x.myqcloud.com/b-1/a"),
            bucket(r, false, "b-1/a")
        );
        assert_eq!(
            at("http://b-1.cos.accelerate.myqcloud.com/k"),
            bucket(None, true, "k")
        );
        assert_eq!(
            at("http://service.cos.myqcloud.com/"),
            Route::Service { region: None }
        );
        assert_eq!(
            at("http://cos.ap-x.myqcloud.com/"),
            Route::Service {
                region: r.map(str::to_owned)
            }
        );
        assert_eq!(
            at("http://cos.ap-x.myqcloud.com/b-1/k"),
            bucket(r, false, "k")
        );
        assert_eq!(at("http://sts.tencentcloudapi.com/"), Route::Sts);
        assert_eq!(at("http://sts.ap-x.tencentcloudapi.com/"), Route::Sts);
        assert_eq!(
            at("http://127.0.0.1:80/b-1/k/l"),
            bucket(None, false, "k/l")
        );
        assert_eq!(at("http://[::1]:80/b-1"), bucket(None, false, ""));
        assert_eq!(
            at("http://localhost/_emulator/health"),
            Route::Admin("health".to_owned())
        );
        assert_eq!(
            at("http://localhost/_emulator/metadata/latest/x"),
            Route::Metadata("/latest/x".to_owned())
        );
        assert_eq!(at("http://127.0.0.1/"), Route::Service { region: None });
        assert_eq!(at("http://127.0.0.1/?Action=GetCallerIdentity"), Route::Sts);
        assert_eq!(at("http://example.com/"), Route::Unknown);
    }
}
