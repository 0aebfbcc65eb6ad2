//! The program as a child process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const DEADLINE: Duration = Duration::from_secs(20);

struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    ready: Value,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kassa-emulator"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap();
        Self { child, stdin, stdout, ready }
    }

    fn get(&self, path: &str) -> String {
        let address = self.ready["url"].as_str().unwrap().trim_start_matches("http://");
        assert!(address.starts_with("127.0.0.1:"));
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    fn end(&mut self) -> ExitStatus {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "the program goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn prints_one_line_with_a_config_and_takes_switches() {
    let mut program =
        Program::start(&["--switch", "modulkassa.duplicate=409", "--switch", "modulkassa.tick_ms=5"]);
    let config = program.ready["vendors"]["modulkassa"]["config"].clone();
    assert_eq!(config["vendor"], "modulkassa");
    let base = format!("{}/api/fn", program.ready["url"].as_str().unwrap());
    assert_eq!(config["base_url"].as_str(), Some(base.as_str()));
    for pointer in [
        "/credentials/user_name",
        "/credentials/password",
        "/account/login",
        "/account/password",
        "/retail_point_id",
    ] {
        assert!(config.pointer(pointer).unwrap().is_string(), "{pointer}");
    }
    assert_eq!(program.ready["vendors"]["modulkassa"]["others"].as_array().unwrap().len(), 1);
    let switches = program.get("/_emulator/switches");
    assert!(switches.contains("\"duplicate\":\"409\"") && switches.contains("\"tick_ms\":5"), "{switches}");
    drop(program.stdin.take());
    assert!(program.end().success());
    let mut rest = String::new();
    program.stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn stops_when_standard_input_closes() {
    let mut program = Program::start(&[]);
    let stdin = program.stdin.as_mut().unwrap();
    stdin.write_all(b"what is written is ignored\n").unwrap();
    assert!(program.get("/_emulator/ledger").ends_with("[]"));
    drop(program.stdin.take());
    assert!(program.end().success());
}

#[test]
fn stops_on_signals() {
    for name in ["-TERM", "-INT"] {
        let mut program = Program::start(&[]);
        program.signal(name);
        assert!(program.end().success(), "{name}");
    }
}

#[test]
fn goes_on_without_standard_input_when_told_to() {
    let mut program = Program::start(&["--ignore-stdin", "--no-request-log"]);
    drop(program.stdin.take());
    program.get("/api/fn/v1/status");
    assert!(program.get("/_emulator/requests").ends_with("[]"));
    program.signal("-TERM");
    assert!(program.end().success());
}

#[test]
fn refuses_wrong_arguments_without_a_word_on_stdout() {
    for arguments in
        [["--switch", "modulkassa.nothing=1"], ["--switch", "nobody.x=1"], ["--switch", "x"], ["--port", "x"]]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_kassa-emulator"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn prints_a_config_for_a_device_on_a_port_of_its_own() {
    let program = Program::start(&["--switch", "ikkm.pace_ms=0", "--switch", "ikkm.overpaid_return=-9"]);
    let config = program.ready["vendors"]["ikkm"]["config"].clone();
    let fields: Vec<_> = config.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["base_url", "key", "register", "vendor"]);
    let address = config["base_url"].as_str().unwrap().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /apicheck?key={} HTTP/1.1\r\n\r\n", config["key"].as_str().unwrap()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 0\r\n") && answer.ends_with("\r\n\r\n0"), "{answer}");
}
