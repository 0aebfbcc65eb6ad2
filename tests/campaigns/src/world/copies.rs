//! A program that has several copies of the library in one process, and that forks (`copies.py`).

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{Broken, Result};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/copies.py");
const LIBRARY: &str = "libkassa.so";
/// A process that answers nothing for so long hangs.
const LONGEST_ANSWER: Duration = Duration::from_secs(60);

/// How a process becomes two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The child goes on with everything of its parent.
    Plain,
    /// The child executes the program anew.
    Exec,
}

/// Lines to a process, and its answers.
pub struct Lane {
    input: Box<dyn AsyncWrite + Send + Unpin>,
    output: Lines<BufReader<Box<dyn AsyncRead + Send + Unpin>>>,
}

impl Lane {
    fn new(
        input: impl AsyncWrite + Send + Unpin + 'static,
        output: impl AsyncRead + Send + Unpin + 'static,
    ) -> Self {
        let output: Box<dyn AsyncRead + Send + Unpin> = Box::new(output);
        Self { input: Box::new(input), output: BufReader::new(output).lines() }
    }

    /// Says something and does not wait for the answer.
    pub async fn say(&mut self, line: &str) -> Result<()> {
        self.input.write_all(line.as_bytes()).await?;
        self.input.write_all(b"\n").await?;
        Ok(self.input.flush().await?)
    }

    /// The next answer, as it was written.
    pub async fn hear(&mut self) -> Result<String> {
        let line = timeout(LONGEST_ANSWER, self.output.next_line()).await;
        Ok(line.map_err(|_| Broken::from("a copy hangs"))??.ok_or("a copy ended")?)
    }

    /// Says something and waits for the answer.
    pub async fn ask(&mut self, line: &str) -> Result<Value> {
        self.say(line).await?;
        Ok(serde_json::from_str(&self.hear().await?)?)
    }

    /// Opens a client of a copy.
    pub async fn open(&mut self, copy: u8, config: &Value) -> Result<Value> {
        self.ask(&format!("open {copy} {config}")).await
    }

    /// Says that an operation is to be carried out.
    pub async fn say_call(&mut self, copy: u8, operation: &str, request: &Value) -> Result<()> {
        self.say(&format!("call {copy} {operation} {request}")).await
    }
}

/// The process.
pub struct Copies {
    /// Lines to it.
    pub lane: Lane,
    child: Child,
    folder: PathBuf,
    forks: usize,
}

impl Copies {
    /// Starts it in a folder, with so many copies of the library.
    pub async fn start(folder: &Path, copies: u8) -> Result<Self> {
        let mut child = Command::new("python3")
            .arg(SCRIPT)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().ok_or("it has no input")?;
        let output = child.stdout.take().ok_or("it has no output")?;
        let mut started = Self { lane: Lane::new(input, output), child, folder: folder.to_owned(), forks: 0 };
        for copy in 1..=copies {
            let path = folder.join(format!("libkassa-{copy}.so"));
            if !path.is_file() {
                std::fs::copy(library()?, &path)?;
            }
            started.lane.ask(&format!("load {copy} {}", path.display())).await?;
        }
        Ok(started)
    }

    /// Has it fork; gives back lines to the child.
    pub async fn fork(&mut self, fork: Fork) -> Result<Lane> {
        self.forks += 1;
        let socket = self.folder.join(format!("fork-{}", self.forks));
        // A path may be a hundred bytes long: one relative to the folder in which the program works.
        let name = socket.file_name().and_then(|name| name.to_str()).ok_or("no name")?.to_owned();
        let listener = UnixListener::bind(&socket)?;
        let line = match fork {
            Fork::Plain => format!("fork {name}"),
            Fork::Exec => format!("exec {name} {}", self.folder.join("libkassa-1.so").display()),
        };
        let answer = self.lane.ask(&line).await?;
        if answer["ok"]["child"].is_null() {
            return Err(format!("it did not fork: {answer}").into());
        }
        let (stream, _) = timeout(LONGEST_ANSWER, listener.accept()).await.map_err(|_| "no child came")??;
        std::fs::remove_file(&socket)?;
        let (output, input) = stream.into_split();
        Ok(Lane::new(input, output))
    }

    /// Ends it at once; its children live on.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// What a client says that was opened before a fork.
pub fn is_forked(envelope: &Value) -> bool {
    envelope["error"]["kind"] == json!("forked")
}

/// The library beside the current program, or one folder up (tests run in `deps`).
fn library() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let beside = here.ancestors().skip(1).take(2).map(|folder| folder.join(LIBRARY));
    let found = beside.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| "run: cargo build -p kassa-ffi".into())
}
