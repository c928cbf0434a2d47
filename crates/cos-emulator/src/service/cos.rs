//! The COS side: bucket and object requests.

use std::borrow::Cow;

use cos_sign_core::verify::Parsed;
use http::Response;

use super::Outcome;
use crate::authentication::authenticate;
use crate::authorization::authorize;
use crate::body::Body;
use crate::ctx::Ctx;
use crate::error::{Code, Result};
use crate::head::Head;
use crate::operation::Operation;
use crate::payload::Payload;
use crate::routing::{BucketRoute, Route};
use crate::shared::Shared;
use crate::{bucket, cors, listing, multi_delete, multipart, object, post_object};

pub(super) fn operation_name(head: &Head, route: &Route) -> String {
    match route {
        Route::Service { .. } => Operation::GetService.name(),
        Route::Bucket(b) => {
            Operation::of(head, &b.key).map_or_else(|_| "Unknown".to_owned(), Operation::name)
        }
        _ => "Unknown".to_owned(),
    }
}

pub(super) fn key(route: &Route) -> &str {
    match route {
        Route::Bucket(b) => &b.key,
        _ => "",
    }
}

/// The key id a request names, for the log; not checked.
pub(super) fn secret_id(head: &Head) -> Option<String> {
    let text = head
        .header("authorization")
        .or_else(|| head.param("sign").map(Cow::Borrowed));
    let named = text
        .as_deref()
        .and_then(|text| Parsed::from_authorization(text).ok())
        .map(|p| p.secret_id.to_owned());
    named.or_else(|| head.param("q-ak").map(str::to_owned))
}

/// CORS headers, on errors too: a page must be able to read them.
pub(super) fn decorate(shared: &Shared, head: &Head, route: &Route, reply: &mut Response<Body>) {
    if let Route::Bucket(b) = route
        && head.method != http::Method::OPTIONS
        && let Some(bucket) = shared.store.bucket(&b.bucket)
    {
        cors::decorate(&bucket, head, reply);
    }
}

pub(super) async fn answer(
    shared: &Shared,
    head: &Head,
    route: &Route,
    payload: &mut Payload,
) -> Outcome {
    let result = match route {
        Route::Service { region } => service(shared, head, region.as_deref()),
        Route::Bucket(route) => in_bucket(shared, head, route, payload).await,
        _ => Err(Code::NoSuchBucket.into()),
    };
    match result {
        Ok((reply, decision)) => Outcome {
            reply: Ok(reply),
            decision: Some(decision),
            code: None,
        },
        Err(error) => error.into(),
    }
}

type Answer = Result<(Response<Body>, String)>;

fn service(shared: &Shared, head: &Head, region: Option<&str>) -> Answer {
    if head.method != http::Method::GET {
        return Err(Code::MethodNotAllowed.into());
    }
    let caller = authenticate(shared, head, false)?;
    bucket::list(shared, head, caller.as_deref(), region)
}

async fn in_bucket(
    shared: &Shared,
    head: &Head,
    route: &BucketRoute,
    payload: &mut Payload,
) -> Answer {
    object::check_key(&route.key)?;
    let operation = Operation::of(head, &route.key)?;
    let now_ms = shared.clock.now_ms();
    let found = shared.store.bucket(&route.bucket);
    let in_region = |b: &crate::store::Bucket| {
        route
            .region
            .as_ref()
            .is_none_or(|region| *region == b.region)
    };
    if operation == Operation::PutBucket {
        let caller = authenticate(shared, head, false)?;
        return bucket::create(shared, head, caller.as_deref(), route, now_ms).await;
    }
    let bucket = found.filter(|b| in_region(b)).ok_or(Code::NoSuchBucket)?;
    if route.accelerate {
        if !bucket.settings().accelerate {
            return Err(Code::BucketAccelerateNotEnabled.into());
        }
        if route.key.is_empty()
            && operation != Operation::PostObject
            && operation != Operation::OptionsObject
        {
            return Err(Code::ActionAccelerateNotSupported.into());
        }
    }
    if operation == Operation::OptionsObject {
        return Ok((cors::preflight(&bucket, head)?, "not needed".to_owned()));
    }
    if operation == Operation::PostObject {
        return post_object::post(shared, head, bucket, payload, now_ms).await;
    }
    let caller = authenticate(shared, head, bucket.settings().strict_signature)?;
    let decision = if operation == Operation::DeleteMultipleObjects {
        "judged key by key".to_owned()
    } else {
        authorize(
            shared,
            head,
            caller.as_deref(),
            operation,
            &bucket,
            &route.key,
        )?
    };
    let ctx = Ctx {
        shared,
        head,
        bucket,
        key: &route.key,
        caller,
        now_ms,
    };
    Ok((run(&ctx, operation, payload).await?, decision))
}

async fn run(ctx: &Ctx<'_>, operation: Operation, payload: &mut Payload) -> Result<Response<Body>> {
    match operation {
        Operation::HeadBucket => Ok(bucket::head(ctx)),
        Operation::DeleteBucket => bucket::delete(ctx).await,
        Operation::GetBucket => listing::list_objects(ctx),
        Operation::GetBucketObjectVersions => listing::list_versions(ctx),
        Operation::GetBucketLocation => Ok(bucket::location(ctx)),
        Operation::ListMultipartUploads => multipart::list_uploads(ctx),
        Operation::DeleteMultipleObjects => multi_delete::delete(ctx, payload).await,
        Operation::GetBucketAcl => Ok(bucket::get_acl(ctx)),
        Operation::PutBucketAcl => bucket::put_acl(ctx, payload).await,
        Operation::GetSubResource(sub) => bucket::get_document(ctx, sub),
        Operation::PutSubResource(sub) => bucket::put_document(ctx, sub, payload).await,
        Operation::DeleteSubResource(sub) => bucket::delete_document(ctx, sub).await,
        Operation::PutObject => object::put::put(ctx, payload).await,
        Operation::PutObjectCopy => object::copy::copy(ctx).await,
        Operation::AppendObject => object::append::append(ctx, payload).await,
        Operation::GetObject | Operation::HeadObject => object::get::get(ctx),
        Operation::DeleteObject => object::delete(ctx).await,
        Operation::InitiateMultipartUpload => multipart::initiate(ctx).await,
        Operation::UploadPart => multipart::upload_part(ctx, payload).await,
        Operation::UploadPartCopy => multipart::copy_part(ctx).await,
        Operation::CompleteMultipartUpload => multipart::complete(ctx, payload).await,
        Operation::AbortMultipartUpload => multipart::abort(ctx).await,
        Operation::ListParts => multipart::list_parts(ctx),
        Operation::GetObjectAcl => object::metadata::get_acl(ctx),
        Operation::PutObjectAcl => object::metadata::put_acl(ctx, payload).await,
        Operation::GetObjectTagging => object::metadata::get_tagging(ctx),
        Operation::PutObjectTagging => object::metadata::put_tagging(ctx, payload).await,
        Operation::DeleteObjectTagging => object::metadata::delete_tagging(ctx).await,
        Operation::PostObjectRestore => object::metadata::restore(ctx, payload).await,
        // Answered before a bucket is looked up or a caller is known.
        Operation::GetService
        | Operation::PutBucket
        | Operation::PostObject
        | Operation::OptionsObject => Err(Code::NotImplemented.into()),
    }
}
