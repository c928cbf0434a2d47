//! Deleting many.

use std::collections::HashMap;

use cos_client::Client;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::Result;
use object_store::path::Path;

use crate::error::{mapped, refused};

/// The most keys of one request.
const CHUNK: usize = 1_000;
/// Requests in flight.
const PARALLEL: usize = 4;

/// Deletes what comes, answers in the same order. A failure ends nothing but its own object.
pub(crate) fn all(
    client: Client,
    locations: BoxStream<'static, Result<Path>>,
) -> BoxStream<'static, Result<Path>> {
    locations
        .chunks(CHUNK)
        .map(move |chunk| some(client.clone(), chunk))
        .buffered(PARALLEL)
        .flat_map(stream::iter)
        .boxed()
}

async fn some(client: Client, mut locations: Vec<Result<Path>>) -> Vec<Result<Path>> {
    let keys: Vec<String> = locations.iter().flatten().map(Path::to_string).collect();
    match keys.as_slice() {
        [] => {}
        // One needs no permission for many.
        [key] => {
            let done = client.delete_object(key).send().await;
            if let Err(error) = done {
                replace(&mut locations, |path| Some(mapped(error.clone(), path)));
            }
        }
        _ => match client.delete_objects(keys).send().await {
            Ok(output) => {
                let failures: HashMap<_, _> = output
                    .failures
                    .into_iter()
                    .map(|f| (f.key, (f.code, f.message)))
                    .collect();
                replace(&mut locations, |path| {
                    let (code, message) = failures.get(path)?;
                    Some(refused(code, message, path))
                });
            }
            Err(error) => replace(&mut locations, |path| Some(mapped(error.clone(), path))),
        },
    }
    locations
}

/// Puts errors in the place of the paths that have one.
fn replace(
    locations: &mut [Result<Path>],
    mut error_of: impl FnMut(&str) -> Option<object_store::Error>,
) {
    for location in locations {
        if let Ok(path) = location
            && let Some(error) = error_of(path.as_ref())
        {
            *location = Err(error);
        }
    }
}
