//! A `kassa-runner` in a process that can be killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::disturbance::Step;
use crate::{Broken, Result};

const PROGRAM: &str = "kassa-runner";
/// What tells a process where it may keep things.
const FOLDERS: [&str; 5] = ["HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"];
/// A runner that answers nothing for so long hangs.
const LONGEST_ANSWER: Duration = Duration::from_secs(90);

/// Whether an answer says that the process stands still at a step.
pub fn is_halted(answer: &Value) -> bool {
    !answer["halted"].is_null()
}

/// A process that speaks the runners' protocol.
pub struct Runner {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Runner {
    /// Starts a process.
    pub fn start() -> Result<Self> {
        Self::started(&mut Command::new(program()?))
    }

    /// Ends the process at once (SIGKILL) and does not wait for what it still had to say.
    pub async fn strike_down(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Starts a process that finds nothing of its own anywhere but in `folder`: a host of its own.
    pub fn start_at(folder: &Path) -> Result<Self> {
        let mut command = Command::new(program()?);
        command.current_dir(folder);
        for name in FOLDERS {
            command.env(name, folder);
        }
        Self::started(&mut command)
    }

    fn started(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let input = child.stdin.take().ok_or("the runner has no input")?;
        let output = child.stdout.take().ok_or("the runner has no output")?;
        Ok(Self { child, input, output: BufReader::new(output).lines() })
    }

    /// Opens a client.
    pub async fn open(&mut self, config: &Value) -> Result<()> {
        let envelope = self.try_open(config).await?;
        if envelope["ok"].is_null() { Err(envelope.to_string().into()) } else { Ok(()) }
    }

    /// Opens a client that may be refused; gives back the envelope.
    pub async fn try_open(&mut self, config: &Value) -> Result<Value> {
        self.send(&format!("open {config}")).await?;
        self.receive().await
    }

    /// The envelope of a call.
    pub async fn call(&mut self, operation: &str, request: &Value) -> Result<Value> {
        self.begin(operation, request).await?;
        self.receive().await
    }

    /// Begins a call and does not wait for its end.
    pub async fn begin(&mut self, operation: &str, request: &Value) -> Result<()> {
        self.send(&format!("call {operation} {request}")).await
    }

    /// Has the process stand still where it comes to this step of this receipt, and say so.
    pub async fn halt_at(&mut self, step: Step, receipt: &str) -> Result<()> {
        self.set_halt(&format!("{} {receipt}", step.name())).await
    }

    /// Takes it back.
    pub async fn halt_nowhere(&mut self) -> Result<()> {
        self.set_halt("none").await
    }

    async fn set_halt(&mut self, words: &str) -> Result<()> {
        self.send(&format!("halt {words}")).await?;
        let envelope = self.receive().await?;
        if envelope["error"].is_null() { Ok(()) } else { Err(envelope.to_string().into()) }
    }

    /// The next answer.
    pub async fn receive(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.receive_line().await?)?)
    }

    /// The next answer as it was written: it may be one that no host language can read.
    pub async fn receive_line(&mut self) -> Result<String> {
        let line = timeout(LONGEST_ANSWER, self.output.next_line()).await;
        Ok(line.map_err(|_| Broken::from("the runner hangs"))??.ok_or("the runner ended")?)
    }

    /// Sets the process' wall clock off the machine's by so many milliseconds.
    pub async fn turn_clock(&mut self, offset_ms: i64) -> Result<()> {
        self.send(&format!("clock {offset_ms}")).await?;
        let envelope = self.receive().await?;
        if envelope["error"].is_null() { Ok(()) } else { Err(envelope.to_string().into()) }
    }

    /// Ends the process as a power cut would (SIGKILL). Gives back an answer that nobody read.
    pub async fn kill(&mut self) -> Result<Option<String>> {
        self.child.kill().await?;
        Ok(self.output.next_line().await?)
    }

    /// Has the process end by itself, with its files closed.
    pub async fn end(self) -> Result<()> {
        let Self { mut child, input, output: _open } = self;
        drop(input);
        let ended = timeout(LONGEST_ANSWER, child.wait()).await.map_err(|_| "the runner does not end")??;
        if ended.success() { Ok(()) } else { Err(format!("the runner ended with {ended}").into()) }
    }

    async fn send(&mut self, line: &str) -> Result<()> {
        self.input.write_all(line.as_bytes()).await?;
        self.input.write_all(b"\n").await?;
        Ok(self.input.flush().await?)
    }
}

/// The program beside the current one, or one folder up (tests run in `deps`).
pub fn program() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let beside = here.ancestors().skip(1).take(2).map(|folder| folder.join(PROGRAM));
    let found = beside.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| "run: cargo build -p kassa-runner --features kassa-runner/failpoints".into())
}
