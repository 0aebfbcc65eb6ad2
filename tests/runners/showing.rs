//! What a careless program writes down: every event and span of every crate, errors as `Debug` has them.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A line of JSON on standard error.
pub(crate) fn show(kind: &str, text: &str) {
    eprintln!("{}", serde_json::json!({ kind: text }));
}

/// Shows every event from now on.
pub(crate) fn events() {
    // It fails where something else listens already, and nothing does.
    let _ = tracing::subscriber::set_global_default(All);
}

struct All;

impl Subscriber for All {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text::default();
        span.record(&mut text);
        show("log", &format!("{}{}", span.metadata().name(), text.0));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = Text::default();
        values.record(&mut text);
        show("log", &text.0);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        show("log", &format!("{}:{}", event.metadata().target(), text.0));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
