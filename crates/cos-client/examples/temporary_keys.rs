//! A server's side and an app's side in one: a role's keys narrowed to one folder, renewed by themselves,
//! used to upload a folder.
//!
//! ```sh
//! export COS_BUCKET=photos-1250000000 COS_REGION=ap-guangzhou COS_SECRET_ID=… COS_SECRET_KEY=…
//! cargo run --example temporary_keys -- qcs::cam::uin/…:roleName/uploader holiday/ users/ada/
//! ```
#![allow(clippy::print_stdout, reason = "it talks to a person")]

use cos_client::ClientBuilder;
use cos_sts::policy::{Operation, Policy, Scope};
use cos_sts::{AssumeRoleRequest, CachingProvider, Credentials, RoleSource, StsClient};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [role, folder, prefix] = arguments.as_slice() else {
        return Err("usage: temporary_keys ROLE FOLDER PREFIX".into());
    };
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let (bucket, region) = (variable("COS_BUCKET")?, variable("COS_REGION")?);

    // On the server, where the permanent key is.
    let keys = Credentials::permanent(variable("COS_SECRET_ID")?, variable("COS_SECRET_KEY")?)?;
    let mut sts = StsClient::builder(keys);
    if let Ok(endpoint) = variable("COS_STS_ENDPOINT") {
        sts = sts.endpoint(endpoint);
    }
    let scope = Scope::prefix(&bucket, &region, prefix)?;
    let policy = Policy::builder().allow(Operation::Upload, scope).build()?;
    let request = AssumeRoleRequest::new(role, "example").policy(policy);
    let source = RoleSource::new(sts.build()?, request);

    // In the app: whatever the keys' life, the transfer goes on.
    let client = ClientBuilder::from_env()?
        .credentials(CachingProvider::new(source))
        .build()?;
    let report = client.upload_dir(folder, prefix).send().await?;
    println!("{report}");
    for failure in &report.failures {
        let hint = failure.error.hint().unwrap_or_default();
        println!("{}: {} ({hint})", failure.name, failure.error);
    }
    report.into_result().map(drop)?;
    Ok(())
}
