//! The configuration used when none is given.

use super::{Account, BucketConfig, Config, ROLE_MAX_DURATION_S, Role};

impl Default for Config {
    /// One account (app id 1250000000), the private bucket `demo-1250000000` in `ap-guangzhou` and the role
    /// `qcs::cam::uin/100000000001:roleName/uploader`. The keys are fixed: they open nothing but an emulator.
    fn default() -> Self {
        Self {
            accounts: vec![Account {
                app_id: "1250000000".to_owned(),
                uin: "100000000001".to_owned(),
                secret_id: "AKIDemulatorRootKeyOfAccount1250000000".to_owned(),
                secret_key: "emulatorSecretKeyOfAccount1250000000".to_owned(),
                policy: None,
                users: Vec::new(),
                roles: vec![Role {
                    name: "uploader".to_owned(),
                    policy: None,
                    max_duration_s: ROLE_MAX_DURATION_S,
                    trust: None,
                }],
            }],
            buckets: vec![BucketConfig::new("demo-1250000000", "ap-guangzhou")],
            faults: Vec::new(),
        }
    }
}
