//! What must be refused, and what must go on. Each proof fails the demo if the cloud says yes.

use cos_client::ErrorKind;
use cos_emulator::LogRecord;
use cos_sts::Credentials;

use super::app::App;
use super::cloud::{Cloud, DURATION_S};
use super::material::Material;
use super::story::Story;
use crate::exit::{Failure, Result};

/// Another user's place.
const FOREIGN_KEY: &str = "users/bob/not-yours.txt";

/// The same credentials, outside their prefix.
pub(super) async fn outside_the_prefix(app: &App, story: &Story) -> Result {
    story.line("")?;
    story.line("What must be refused:")?;
    let writing = app.client().put_object(FOREIGN_KEY, "x").send().await.err();
    story.refused(
        "writing outside the prefix",
        &denied(writing, "a write outside the prefix")?,
    )?;
    let reading = app.client().get_object(FOREIGN_KEY).send().await.err();
    story.refused(
        "reading outside the prefix",
        &denied(reading, "a read outside the prefix")?,
    )
}

/// The same credentials, when their time is over: the clock is moved, not waited for.
pub(super) async fn after_expiry(
    cloud: &Cloud,
    app: &App,
    material: &Material,
    old: &Credentials,
    story: &Story,
) -> Result {
    cloud.advance_s(DURATION_S + 60);
    let stale = app.without_renewal(old)?;
    let reading = stale.get_object(App::key(&material.name)).send().await;
    let error = denied(reading.err(), "credentials that have expired")?;
    story.refused("the same credentials 31 minutes later", &error)
}

/// The app itself notices, gets new credentials and goes on.
pub(super) async fn renewed(
    cloud: &Cloud,
    app: &App,
    material: &Material,
    old: &Credentials,
    story: &Story,
) -> Result {
    let seen = cloud.requests_so_far();
    let key = App::key(&material.name);
    let meta = app.client().head_object(key).send().await?;
    let new = app.credentials().await?;
    if new.secret_id() == old.secret_id() || meta.size != material.bytes {
        return Err(Failure::internal("the app did not renew its credentials"));
    }
    story.renewed(&cloud.requests_since(seen), &new)
}

/// The cloud's own log: the permanent key signed calls to STS and nothing else.
pub(super) fn no_permanent_key_left_the_server(cloud: &Cloud, story: &Story) -> Result {
    let permanent = cloud.permanent_secret_id()?;
    let log = cloud.requests_since(0);
    let (sts, objects): (Vec<_>, Vec<_>) = log.iter().partition(|r| r.operation == "AssumeRole");
    let is_permanent = |r: &&&LogRecord| r.secret_id.as_deref() == Some(permanent);
    let signed_otherwise = objects
        .iter()
        .find(|r| is_permanent(r) || r.secret_id.is_none());
    if let Some(wrong) = signed_otherwise {
        return Err(Failure::internal(format!(
            "{} was not signed with temporary keys",
            wrong.operation
        )));
    }
    story.line("")?;
    story.line(format!(
        "The cloud's log: the permanent key signed {} calls to STS, made by the owner's server;\n\
         all {} requests for objects were signed with temporary keys.",
        sts.iter().filter(is_permanent).count(),
        objects.len()
    ))
}

/// The refusal, or a failure of the demo if there was none.
fn denied(error: Option<cos_client::Error>, what: &str) -> Result<cos_client::Error> {
    match error {
        // The service says 403 to the policy and 400 to an expired token.
        Some(e) if e.kind() == ErrorKind::AccessDenied || e.code() == Some("ExpiredToken") => Ok(e),
        Some(e) => Err(e.into()),
        None => Err(Failure::internal(format!("the cloud accepted {what}"))),
    }
}
