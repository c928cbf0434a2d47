//! The hosts of STS.

/// Where STS is called. Every one gives credentials that are good in all regions of its site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StsEndpoint {
    /// `sts.tencentcloudapi.com`: the region that is nearest answers.
    #[default]
    Nearest,
    /// `sts.<region>.tencentcloudapi.com`. The finance regions, `ap-shanghai-fsi` and the like, answer
    /// under their own name only.
    Regional(String),
    /// `sts.internal.tencentcloudapi.com`, inside Tencent's own network.
    Internal,
    /// `sts.intl.tencentcloudapi.com`, the international site.
    International,
}

impl StsEndpoint {
    /// The one to call where nothing but the region is known.
    pub fn for_region(region: &str) -> Self {
        if region.ends_with("-fsi") {
            Self::Regional(region.to_owned())
        } else {
            Self::Nearest
        }
    }

    /// The host's name.
    pub fn host(&self) -> String {
        match self {
            Self::Nearest => "sts.tencentcloudapi.com".to_owned(),
            Self::Regional(region) => format!("sts.{region}.tencentcloudapi.com"),
            Self::Internal => "sts.internal.tencentcloudapi.com".to_owned(),
            Self::International => "sts.intl.tencentcloudapi.com".to_owned(),
        }
    }
}

/// So that [`crate::StsClientBuilder::host`] takes either.
impl From<StsEndpoint> for String {
    fn from(endpoint: StsEndpoint) -> Self {
        endpoint.host()
    }
}

/// Whether a host is the service itself and not something between us and it.
pub(super) fn is_the_service(host: &str) -> bool {
    host == "sts.tencentcloudapi.com"
        || (host.starts_with("sts.") && host.ends_with(".tencentcloudapi.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_site_has_its_host() {
        for (endpoint, host) in [
            (
                StsEndpoint::for_region("ap-guangzhou"),
                "sts.tencentcloudapi.com",
            ),
            (
                StsEndpoint::for_region("ap-shanghai-fsi"),
                "sts.ap-shanghai-fsi.tencentcloudapi.com",
            ),
            (
                StsEndpoint::Regional("ap-beijing".into()),
                "sts.ap-beijing.tencentcloudapi.com",
            ),
            (StsEndpoint::Internal, "sts.internal.tencentcloudapi.com"),
            (StsEndpoint::International, "sts.intl.tencentcloudapi.com"),
        ] {
            assert_eq!(endpoint.host(), host);
            assert!(is_the_service(host));
        }
        for host in [
            "127.0.0.1",
            "sts.example.com",
            "tencentcloudapi.com",
            "xsts.tencentcloudapi.com",
        ] {
            assert!(!is_the_service(host), "{host}");
        }
    }
}
