//! Log lines on request. They come back inside the envelope as `log`; no callback crosses the
//! border. The core writes `tracing` events; here they are collected for the call they belong to.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::client::Client;
use crate::config::LogLevel;
use crate::text::shown;

/// Most lines of one call, and of opening a client.
const MOST_LINES: usize = 200;

tokio::task_local! {
    static LINES: Arc<Collected>;
}

struct Collected {
    level: LogLevel,
    lines: Mutex<Vec<Line>>,
}

#[derive(Serialize)]
pub(crate) struct Line {
    level: LogLevel,
    target: &'static str,
    message: String,
}

/// Makes this library's events collectable, once in a process.
pub(crate) fn install() {
    // Fails where a Rust program has a subscriber of its own, which then gets the events.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Collector));
}

/// Opens a client; with the lines that it wants of that.
pub(crate) fn opening<E>(open: impl FnOnce() -> Result<Client, E>) -> Result<(Client, Vec<Line>), E> {
    // How much the client wants is known when it is open.
    let collected = Arc::new(Collected { level: LogLevel::Debug, lines: Mutex::default() });
    let client = LINES.sync_scope(collected.clone(), open)?;
    let mut lines = std::mem::take(&mut *collected.lines.lock().unwrap_or_else(PoisonError::into_inner));
    lines.retain(|line| client.log().is_some_and(|level| line.level <= level));
    Ok((client, lines))
}

/// Carries out a call and puts its log lines into the envelope behind those of `before`, if the client wants any.
pub(crate) async fn collect(
    client: &Client,
    before: Vec<Line>,
    call: impl Future<Output = String>,
) -> String {
    let Some(level) = client.log() else { return call.await };
    let collected = Arc::new(Collected { level, lines: Mutex::new(before) });
    let mut envelope = LINES.scope(collected.clone(), call).await;
    let lines = collected.lines.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(text) = serde_json::to_string(&*lines)
        && envelope.pop() == Some('}')
    {
        let _ = write!(envelope, ",\"log\":{text}}}");
    }
    envelope
}

struct Collector;

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !metadata.target().starts_with("kassa") {
            return;
        }
        let level = level(*metadata.level());
        // Outside of a call nobody collects.
        let _ = LINES.try_with(|collected| {
            let mut lines = collected.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if level <= collected.level && lines.len() < MOST_LINES {
                let mut text = Text::default();
                event.record(&mut text);
                lines.push(Line {
                    level,
                    target: metadata.target(),
                    message: shown(&(text.message + &text.fields)).into_owned(),
                });
            }
        });
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG | Level::TRACE => LogLevel::Debug,
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
