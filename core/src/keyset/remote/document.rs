//! The document of a remote set, fetched once and not put into service: for whoever wants to see what
//! it says.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::RemoteSet;
use crate::keyset::fetch::document;
use crate::keyset::http::{self, HttpError};
use crate::keyset::runtime;

impl RemoteSet {
    /// URL, without its query, and body of a set that is fetched now; discovery included. Blocks until
    /// then. The error is in words.
    pub(crate) fn document(self: &Arc<Self>) -> Result<(String, Vec<u8>), String> {
        let (sender, receiver) = channel();
        let set = Arc::clone(self);
        let limit = Duration::from_millis(self.policy.fetch.timeout_ms);
        let handle = runtime::handle().map_err(|error| format!("the fetch thread cannot be started: {error}"))?;
        handle.spawn(async move {
            let result = tokio::time::timeout(limit, set.document_once()).await;
            let late = || HttpError::timeout(format!("timed out after {} ms", limit.as_millis()));
            // Whoever asked waits for it.
            let _ = sender.send(result.unwrap_or_else(|_| Err(late())));
        });
        let fetched = receiver.recv().map_err(|_| "the fetch was cancelled".to_owned())?;
        fetched.map_err(|error| error.text().to_owned())
    }

    async fn document_once(&self) -> Result<(String, Vec<u8>), HttpError> {
        let policy = &self.policy.fetch;
        let client = http::client(policy, self.policy.uses_tls(), self.policy.is_plain_loopback())?;
        document(&client, &self.policy.locator, policy).await
    }

    /// Where the set, or what leads to it, is; without its query.
    pub(crate) fn url(&self) -> String {
        self.policy.locator.to_string()
    }

    /// Most keys that the set may have.
    pub(crate) fn max_keys(&self) -> usize {
        self.policy.fetch.max_keys
    }
}
