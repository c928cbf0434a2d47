//! The operations to compare, by cos-client. Argument: the recorder's address; keys come from `COS_…`.

use std::io::{Read, Write};
use std::net::TcpStream;

use cos_client::{
    Client, CopySource, CorsRule, Method, PartNumber, RestoreTier, StorageClass, Versioning,
};
use cos_sts::{Credentials, StaticProvider};
use cos_tests::{BUCKET, Failure, REGION};

/// Names the requests that follow; those without a name are not compared.
fn mark(recorder: &str, name: &str) -> Result<(), Failure> {
    let address = recorder.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    let name = name.replace(' ', "%20");
    write!(
        stream,
        "GET /_mark/{name} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn client(recorder: &str) -> Result<Client, Failure> {
    let keys = Credentials::temporary(
        std::env::var("COS_SECRET_ID")?,
        std::env::var("COS_SECRET_KEY")?,
        std::env::var("COS_SESSION_TOKEN")?,
        None,
        u64::from(u32::MAX),
    )?;
    let builder = Client::builder()
        .bucket(BUCKET)
        .region(REGION)
        .https(false)
        .proxy(recorder)
        .credentials(StaticProvider::new(keys));
    Ok(builder.build()?)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let recorder = std::env::args().nth(1).ok_or("the recorder's address?")?;
    let client = client(&recorder)?;
    let run = |name: &str| mark(&recorder, name);
    let data = "hello world".repeat(100);
    let key = "dir/a b+c.txt";
    let source = || CopySource::new(BUCKET, REGION, key);

    run("put_object")?;
    let put = client.put_object(key, data).content_type("text/plain");
    let etag = put.metadata("a", "1").send().await?.etag.ok_or("no ETag")?;
    run("put_object of a special key")?;
    let special = client.put_object("中文/é~(1)!*'&=;.txt", "x");
    special.send().await?;
    run("get_object")?;
    client.get_object(key).send().await?.bytes().await?;
    run("get_object range")?;
    let some = client.get_object(key).range(6..11).send().await?;
    some.bytes().await?;
    run("get_object conditional")?;
    let same = client.get_object(key).if_match(&etag).send().await?;
    same.bytes().await?;
    run("get_object other type")?;
    let typed = client.get_object(key);
    let typed = typed.response_header("content-type", "text/html; charset=utf-8");
    typed.send().await?.bytes().await?;
    run("head_object")?;
    client.head_object(key).send().await?;
    run("copy_object")?;
    client.copy_object(source()?, "copy").send().await?;
    run("append_object")?;
    client.append_object("log", 0, "abc").send().await?;
    run("put_object archive")?;
    let archive = StorageClass::new("ARCHIVE")?;
    let cold = client.put_object("cold", "x").storage_class(&archive);
    cold.send().await?;
    run("restore_object")?;
    let restore = client.restore_object("cold", 1).tier(RestoreTier::Standard);
    restore.send().await?;
    tags_and_rules(&client, &run).await?;
    run("list_objects")?;
    let list = client.list_objects().prefix("d").delimiter("/");
    list.marker("a b").max_keys(7).send().await?;
    run("list_object_versions")?;
    let versions = client.list_object_versions().prefix("d");
    versions.max_keys(7).send().await?;
    parts(&client, &run, &source()?).await?;
    settings(&client, &run).await?;
    run("delete_objects")?;
    let both = client.delete_objects(["copy", "none & <none>"]);
    both.send().await?;
    run("delete_object")?;
    client.delete_object(key).send().await?;
    Ok(())
}

type Run<'a> = &'a dyn Fn(&str) -> Result<(), Failure>;

async fn tags_and_rules(client: &Client, run: Run<'_>) -> Result<(), Failure> {
    run("put_object_tagging")?;
    let tagging = client.put_object_tagging("copy", [("k", "v w")]);
    tagging.send().await?;
    run("get_object_tagging")?;
    client.get_object_tagging("copy").send().await?;
    run("delete_object_tagging")?;
    client.delete_object_tagging("copy").send().await?;
    run("put_object_acl")?;
    let acl = client.put_object_acl("copy").canned("public-read");
    acl.send().await?;
    run("get_object_acl")?;
    client.get_object_acl("copy").await?;
    run("put_bucket_acl")?;
    client.put_bucket_acl().canned("private").send().await?;
    run("get_bucket_acl")?;
    client.get_bucket_acl().await?;
    Ok(())
}

async fn parts(client: &Client, run: Run<'_>, source: &CopySource) -> Result<(), Failure> {
    run("initiate_multipart_upload")?;
    let begin = client.initiate_multipart_upload("parts");
    let id = begin.content_type("text/plain").send().await?;
    run("upload_part")?;
    let body = "1".repeat(1 << 20);
    let first = client.upload_part("parts", &id, PartNumber::new(1)?, body);
    let first = first.send().await?.part;
    run("upload_part_copy")?;
    let number = PartNumber::new(2)?;
    let second = client.upload_part_copy("parts", &id, number, source.clone());
    let second = second.range(0..=9).send().await?;
    run("list_parts")?;
    client.list_parts("parts", &id).send().await?;
    run("list_multipart_uploads")?;
    client.list_multipart_uploads().send().await?;
    run("complete_multipart_upload")?;
    let complete = client.complete_multipart_upload("parts", &id, [first, second]);
    complete.send().await?;
    run("")?;
    let id = client.initiate_multipart_upload("parts").send().await?;
    run("abort_multipart_upload")?;
    client.abort_multipart_upload("parts", &id).send().await?;
    Ok(())
}

async fn settings(client: &Client, run: Run<'_>) -> Result<(), Failure> {
    run("put_bucket_cors")?;
    let mut rule = CorsRule::new(["https://a.example"], ["PUT"]);
    rule.allowed_headers = vec!["*".into()];
    client.put_bucket_cors(&[rule]).await?;
    run("get_bucket_cors")?;
    client.get_bucket_cors().await?;
    run("check_cors")?;
    let check = client.check_cors("dir/a b+c.txt", "https://a.example", Method::PUT);
    check.request_header("content-type").send().await?;
    run("delete_bucket_cors")?;
    client.delete_bucket_cors().await?;
    run("put_bucket_lifecycle")?;
    let rules = "<LifecycleConfiguration><Rule><ID>1</ID><Filter><Prefix>x</Prefix></Filter>\
                 <Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>\
                 </LifecycleConfiguration>";
    client.put_bucket_lifecycle(rules).await?;
    run("get_bucket_lifecycle")?;
    client.get_bucket_lifecycle().await?;
    run("delete_bucket_lifecycle")?;
    client.delete_bucket_lifecycle().await?;
    run("put_bucket_policy")?;
    let policy = r#"{"Statement":[],"version":"2.0"}"#;
    client.put_bucket_policy(policy).await?;
    run("get_bucket_policy")?;
    client.get_bucket_policy().await?;
    run("delete_bucket_policy")?;
    client.delete_bucket_policy().await?;
    run("put_bucket_tagging")?;
    client.put_bucket_tagging([("k", "v w")]).await?;
    run("get_bucket_tagging")?;
    client.get_bucket_tagging().await?;
    run("delete_bucket_tagging")?;
    client.delete_bucket_tagging().await?;
    run("get_bucket_location")?;
    client.get_bucket_location().await?;
    run("head_bucket")?;
    client.head_bucket().await?;
    run("put_bucket_versioning")?;
    client.put_bucket_versioning(Versioning::Suspended).await?;
    run("get_bucket_versioning")?;
    client.get_bucket_versioning().await?;
    run("list_buckets")?;
    client.list_buckets().await?;
    let fresh = client.for_bucket("wire-1250000000", REGION)?;
    run("create_bucket")?;
    fresh.create_bucket().await?;
    run("delete_bucket")?;
    fresh.delete_bucket().await?;
    Ok(())
}
