//! A network namespace with nothing in it but loopback: every name that is looked up comes to a resolver
//! here, and the kernel's own counters tell how many connections were begun and datagrams sent, whatever
//! part of the process did so. Skipped, with a message, where no such namespace can be had.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::tokens::{ALGS, FIXED, forged, key, refuses, sources, verifier};

type Seen = Arc<Mutex<Vec<String>>>;

#[test]
fn no_look_up_and_no_connection_is_caused_by_a_token() {
    let enter = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", "--mount", "sh", "-c", script]);
        command
    };
    let resolver = std::env::temp_dir().join(format!("bearergate-resolv-{}", std::process::id()));
    std::fs::write(&resolver, "nameserver 127.0.0.1\noptions attempts:1 timeout:5\n").expect("a file");
    let prepare = format!("ip link set lo up && mount --bind '{}' /etc/resolv.conf", resolver.display());
    if !enter(&prepare).output().is_ok_and(|output| output.status.success()) {
        println!("skipped: no network namespace can be had here");
        std::fs::remove_file(resolver).expect("the file");
        return;
    }
    let mut command = enter(&format!("{prepare} && exec \"$0\" \"$@\""));
    command.arg(std::env::current_exe().expect("this program"));
    command.args(["--exact", "namespace::tokens_cause_nothing", "--ignored", "--nocapture"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    let output = command.output().expect("the program runs");
    std::fs::remove_file(resolver).expect("the file");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("every source refused them"), "{text}");
}

#[test]
#[ignore = "the half of the test above that runs in its namespace"]
fn tokens_cause_nothing() {
    let (names, requests) = (Seen::default(), Seen::default());
    resolve(Arc::clone(&names));
    serve(Arc::clone(&requests));
    let urls = ["http://127.0.0.1/evil", "http://evil.test/evil", "https://evil.test/evil", "http://10.0.0.1/evil"];
    let play = |options: &serde_json::Value| {
        let verifier = verifier(options);
        urls.iter().flat_map(|url| forged(url, &ALGS)).for_each(|token| refuses(&verifier, &token));
    };
    let (fixed, remote) = (&sources()[..FIXED], &sources()[FIXED..]);
    let before = Counters::read();
    fixed.iter().for_each(play);
    assert_eq!(Counters::read(), before, "a fixed source did something on the network");
    assert!(names.lock().expect("no panic holds it").is_empty());

    remote.iter().for_each(play);
    let after = Counters::read();
    let (names, requests) = (names.lock().expect("no panic holds it"), requests.lock().expect("no panic holds it"));
    // What the options name is looked up and fetched, so the recorders do record.
    assert!(names.iter().any(|name| name == "configured.test"), "{names:?}");
    assert!(names.iter().all(|name| name == "configured.test" || name == "discovered.test"), "{names:?}");
    let fetched = requests.iter().filter(|line| line.starts_with("GET /keys ")).count();
    assert!((1..=2).contains(&fetched), "{requests:?}");
    assert!(requests.iter().all(|line| !line.contains("evil")), "{requests:?}");
    assert_eq!(after.connections - before.connections, requests.len() as u64, "connections that no recorder saw");
    println!("every source refused them: {names:?}, {requests:?}");
}

/// What the namespace's kernel has counted.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Counters {
    connections: u64,
    datagrams: u64,
}

impl Counters {
    fn read() -> Self {
        let text = std::fs::read_to_string("/proc/net/snmp").expect("the counters");
        let of = |protocol: &str, name: &str| {
            let mut lines = text.lines().filter(|line| line.starts_with(protocol));
            let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
            let at = names.split(' ').position(|known| known == name).expect("the counter");
            values.split(' ').nth(at).and_then(|value| value.parse().ok()).expect("a number")
        };
        Self { connections: of("Tcp:", "ActiveOpens"), datagrams: of("Udp:", "OutDatagrams") }
    }
}

/// Answers each question about a name with the loopback address, and keeps the name.
fn resolve(names: Seen) {
    let socket = UdpSocket::bind("127.0.0.1:53").expect("the port of a resolver");
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let (query, mut at, mut labels) = (&buffer[..length], 12, Vec::new());
            while query[at] != 0 {
                let end = at + 1 + usize::from(query[at]);
                labels.push(String::from_utf8_lossy(&query[at + 1..end]).into_owned());
                at = end;
            }
            names.lock().expect("no panic holds it").push(labels.join("."));
            let question = &query[12..at + 5];
            let asks_for_ipv4 = query[at + 2] == 1;
            let mut answer = query[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, u8::from(asks_for_ipv4), 0, 0, 0, 0]);
            answer.extend(question);
            if asks_for_ipv4 {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
}

/// Serves a key set on the port of http, and keeps the first line of each request; on that of https it only
/// keeps that there was a connection.
fn serve(requests: Seen) {
    let body = serde_json::json!({ "keys": [key("rsa-a"), key("p256-a")] }).to_string();
    for (port, body) in [(80, Some(body)), (443, None)] {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        let requests = Arc::clone(&requests);
        std::thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let mut head = [0; 2048];
                let length = connection.read(&mut head).unwrap_or(0);
                let first = String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
                requests.lock().expect("no panic holds it").push(first);
                let Some(body) = &body else { continue };
                let length = body.len();
                let _ = write!(
                    connection,
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        });
    }
}
