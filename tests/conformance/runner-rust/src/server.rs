//! The scripted key endpoint: one listener, one folder of paths per case, an answer per folder that
//! a step may change, and a count of requests.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

#[derive(Default)]
struct Folder {
    answer: Value,
    requests: usize,
}

type Folders = Arc<Mutex<HashMap<String, Folder>>>;

/// Folders by host.
type Hosts = Arc<Mutex<HashMap<String, String>>>;

/// The listener and what it answers.
pub struct Server {
    port: u16,
    folders: Folders,
    hosts: Hosts,
    next: AtomicUsize,
}

impl Server {
    /// Listens on loopback until the process ends.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let port = listener.local_addr().expect("an address").port();
        let folders = Folders::default();
        let hosts = Hosts::default();
        let (shared, named) = (Arc::clone(&folders), Arc::clone(&hosts));
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (folders, hosts) = (Arc::clone(&shared), Arc::clone(&named));
                std::thread::spawn(move || answer(connection, &folders, &hosts));
            }
        });
        Self { port, folders, hosts, next: AtomicUsize::new(1) }
    }

    /// A folder of its own for one run of one case, which answers 404 until told otherwise.
    pub fn folder(&self) -> String {
        let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let folder = Folder { answer: serde_json::json!({ "status": 404 }), requests: 0 };
        self.folders.lock().expect("no panic holds it").insert(name.clone(), folder);
        name
    }

    /// The folder's URL.
    pub fn origin(&self, folder: &str) -> String {
        format!("http://127.0.0.1:{}/{folder}", self.port)
    }

    /// Makes a host, asked for through the proxy, lead to the folder.
    pub fn lead(&self, host: &str, folder: &str) {
        let mut hosts = self.hosts.lock().expect("no panic holds it");
        hosts.insert(host.to_owned(), folder.to_owned());
    }

    /// What the folder answers from now on.
    pub fn serve(&self, folder: &str, answer: Value) {
        self.folders.lock().expect("no panic holds it").entry(folder.to_owned()).or_default().answer = answer;
    }

    /// Requests so far under the folder.
    pub fn requests(&self, folder: &str) -> usize {
        self.folders.lock().expect("no panic holds it").get(folder).map_or(0, |folder| folder.requests)
    }
}

/// Reads one request, counts it, and answers as its folder says.
fn answer(mut connection: TcpStream, folders: &Folders, hosts: &Hosts) {
    let mut reader = BufReader::new(connection.try_clone().expect("a handle"));
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        match reader.by_ref().take(65_536).read_line(&mut line) {
            Ok(read) if read > 0 => {}
            _ => return,
        }
        if line.trim_end().is_empty() {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or("/").to_owned();
    // To a proxy the whole URL is sent: its host is the folder, its path what routes name.
    let (name, rest) = match path.strip_prefix("http://") {
        Some(url) => url.split_at(url.find('/').unwrap_or(url.len())),
        None => path.trim_start_matches('/').split_once('/').unwrap_or_default(),
    };
    let hosts = hosts.lock().expect("no panic holds it").clone();
    let name = hosts.get(name).map_or(name, String::as_str);
    let script = {
        let mut folders = folders.lock().expect("no panic holds it");
        let Some(folder) = folders.get_mut(name) else { return };
        folder.requests += 1;
        folder.answer.clone()
    };
    let script = match script.get("routes") {
        Some(routes) => {
            let route = routes.get(rest.strip_prefix("jwks").unwrap_or(rest));
            route.cloned().unwrap_or_else(|| serde_json::json!({ "status": 404 }))
        }
        None => script,
    };
    if script["down"] == true {
        return;
    }
    let _ = connection.write_all(&response(&script, &head));
}

fn response(script: &Value, head: &[String]) -> Vec<u8> {
    if let (Some(name), Some(value)) = (script["ifHeader"][0].as_str(), script["ifHeader"][1].as_str()) {
        let sent = head
            .iter()
            .any(|line| line.split_once(':').is_some_and(|(n, v)| n.eq_ignore_ascii_case(name) && v.trim() == value));
        if !sent {
            return b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec();
        }
    }
    let status = script["status"].as_u64().unwrap_or(200);
    let mut body = match (script.get("jwks"), script.get("body")) {
        (Some(jwks), _) => jwks.to_string(),
        (_, Some(body)) => body.as_str().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    if let Some(length) = script["padTo"].as_u64().and_then(|length| usize::try_from(length).ok()) {
        body.push_str(&" ".repeat(length - body.len()));
    }
    let mut out = format!("HTTP/1.1 {status} Status\r\nconnection: close\r\n");
    match script["headers"].as_object() {
        Some(headers) => {
            for (name, value) in headers {
                out.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap_or_default()));
            }
        }
        None => out.push_str("content-type: application/json\r\n"),
    }
    if matches!(status, 204 | 304) {
        body.clear();
    } else {
        out.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    [out.as_bytes(), b"\r\n", body.as_bytes()].concat()
}
