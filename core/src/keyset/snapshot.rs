//! The last good set on disk, for a start while the endpoint is down. A line of JSON says what the
//! set is, and behind it stands the response body exactly as it came, to be validated as one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::KeySet;
use crate::options::Locator;

const VERSION: u32 = 1;

/// More than the first line ever takes.
const MAX_HEAD: usize = 16 * 1024;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    bearergate: u32,
    /// For whoever reads the file; without the query.
    url: String,
    issuer: Option<String>,
    /// Digest of the whole URL and the issuer: a query may hold a key, which does not belong on disk.
    source: String,
    /// Wall time at which the fetch began, in milliseconds since the epoch.
    fetched_at: i64,
    /// Age in milliseconds at which the set is no longer fresh.
    lifetime: i64,
}

/// A set found on disk.
pub(super) struct Found {
    pub(super) keys: KeySet,
    pub(super) document: Vec<u8>,
    /// How old it is, in milliseconds.
    pub(super) age_ms: i64,
    /// Age at which it is no longer fresh, in milliseconds.
    pub(super) lifetime_ms: i64,
}

/// A set to be written.
pub(super) struct Taken<'a> {
    pub(super) document: &'a [u8],
    pub(super) fetched_at_wall_ms: i64,
    pub(super) lifetime_ms: i64,
}

/// Reads the snapshot of a source; `None` when there is no file.
pub(super) fn read(
    path: &Path,
    source: &Locator,
    limits: (usize, usize),
    now_wall_ms: i64,
) -> Result<Option<Found>, String> {
    let (max_bytes, max_keys) = limits;
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let most = max_bytes.saturating_add(MAX_HEAD);
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("is not a snapshot")?;
    let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|_| "is not a snapshot")?;
    let document = bytes.split_off(end + 1);
    if head.bearergate != VERSION {
        return Err(format!("is of format {}, not {VERSION}", head.bearergate));
    }
    if head.source != digest(source) {
        return Err("is of another URL or issuer".to_owned());
    }
    if document.len() > max_bytes {
        return Err(format!("is longer than `maxBytes` ({max_bytes})"));
    }
    let age_ms = now_wall_ms.checked_sub(head.fetched_at).filter(|age| *age >= 0).ok_or("is of the future")?;
    let keys = KeySet::parse(document.clone(), max_keys).map_err(|bad| bad.0)?;
    Ok(Some(Found { keys, document, age_ms, lifetime_ms: head.lifetime.max(0) }))
}

/// Opens a regular file that only this user can have written.
#[cfg(unix)]
fn open(path: &Path) -> Result<Option<File>, String> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    // Without NONBLOCK a named pipe would be waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err("is a symbolic link".to_owned());
        }
        Err(error) => return Err(format!("cannot be opened: {error}")),
    };
    let about = file.metadata().map_err(|error| format!("cannot be examined: {error}"))?;
    if !about.is_file() {
        return Err("is not a regular file".to_owned());
    }
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err("belongs to another user".to_owned());
    }
    if about.mode() & 0o022 != 0 {
        return Err("can be written by other users".to_owned());
    }
    Ok(Some(file))
}

/// Who can write a file cannot be told here; `jwks.snapshotFile` is refused at construction.
#[cfg(not(unix))]
fn open(_path: &Path) -> Result<Option<File>, String> {
    Err("is not supported on this system".to_owned())
}

/// Writes the snapshot beside its place and moves it there, so that a reader finds the old one or
/// the new one and never half of one.
pub(super) fn write(path: &Path, source: &Locator, taken: &Taken<'_>, now_wall_ms: i64) -> io::Result<()> {
    if is_older_than_the_one_there(path, source, taken, now_wall_ms) {
        return Ok(());
    }
    let issuer = match source {
        Locator::Issuer { name, .. } => Some(name.clone()),
        Locator::JwksUri(_) => None,
    };
    let head = Head {
        bearergate: VERSION,
        url: source.to_string(),
        issuer,
        source: digest(source),
        fetched_at: taken.fetched_at_wall_ms,
        lifetime: taken.lifetime_ms,
    };
    let mut bytes = serde_json::to_vec(&head)?;
    bytes.push(b'\n');
    bytes.extend_from_slice(taken.document);
    let name = path.file_name().ok_or_else(|| io::Error::other("has no file name"))?;
    // Nobody else's name, not even that of a process with the same number in another container.
    let beside = path.with_file_name(format!(".{}.{:016x}.tmp", name.display(), random()));
    let written = write_new(&beside, &bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written?;
    sync_directory(path);
    remove_leftovers(path);
    Ok(())
}

/// Whether another process has fetched later and written already.
fn is_older_than_the_one_there(path: &Path, source: &Locator, taken: &Taken<'_>, now_wall_ms: i64) -> bool {
    let Ok(Some(file)) = open(path) else { return false };
    let mut start = Vec::new();
    let read = file.take(MAX_HEAD as u64).read_to_end(&mut start);
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let head = read.ok().and_then(|_| serde_json::from_slice::<Head>(line).ok());
    head.is_some_and(|head| {
        head.bearergate == VERSION
            && head.source == digest(source)
            && head.fetched_at > taken.fetched_at_wall_ms
            && head.fetched_at <= now_wall_ms
    })
}

/// A random hasher's seed is random enough for a name that must only be new.
fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the new name last through a crash, where the file system can.
fn sync_directory(path: &Path) {
    let _ = File::open(directory_of(path)).and_then(|directory| directory.sync_all());
}

/// Removes what processes left beside the file that ended while they wrote. A file that is being
/// written is younger.
fn remove_leftovers(path: &Path) {
    let (Some(name), Ok(siblings)) = (path.file_name(), fs::read_dir(directory_of(path))) else { return };
    let prefix = format!(".{}.", name.display());
    for sibling in siblings.flatten() {
        let name = sibling.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(".tmp"));
        let ours =
            random.is_some_and(|random| random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let old = || sibling.metadata().and_then(|about| about.modified()).is_ok_and(is_old);
        if ours && old() {
            let _ = fs::remove_file(sibling.path());
        }
    }
}

fn is_old(modified: SystemTime) -> bool {
    modified.elapsed().is_ok_and(|age| age > Duration::from_secs(60))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn digest(source: &Locator) -> String {
    let text = match source {
        Locator::JwksUri(url) => format!("jwks_uri\n{url}"),
        Locator::Issuer { name, url } => format!("issuer\n{name}\n{url}"),
    };
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}
