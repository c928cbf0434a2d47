// What the examples of this crate's documentation begin with: an emulator and a client for its bucket.

async fn setup() -> Result<(cos_emulator::Emulator, cos_client::Client), Box<dyn std::error::Error>> {
    let emulator = cos_emulator::Emulator::builder().start().await?;
    let account = &emulator.accounts()[0];
    let credentials = cos_sts::Credentials::permanent(&account.secret_id, &account.secret_key)?;
    let client = cos_client::Client::builder()
        .bucket("demo-1250000000")
        .region("ap-guangzhou")
        .credentials(cos_sts::StaticProvider::new(credentials))
        .endpoint(emulator.http_url())
        .build()?;
    Ok((emulator, client))
}
