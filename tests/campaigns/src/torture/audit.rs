//! What a person looks at: each answer is right, or an error of the journal.

use kassa::Client;
use serde_json::{Value, json};

use super::bench::call;
use crate::Result;

/// Asks for everything that the journal can tell, and has nothing pruned. Complains where an answer
/// is neither right nor an error, or calls a whole record broken.
pub async fn look_around(till: &Client) -> Result<()> {
    let questions = [
        ("journal", json!({"verify": true})),
        ("journal", json!({"limit": 1})),
        ("journal", json!({"after": "order-101"})),
        ("journal", json!({"id": "order-101"})),
        ("export", json!({})),
        ("status", json!({"id": "order-101"})),
        ("metrics", json!({})),
        ("prune", json!({"before": "2001-01-01T00:00:00Z"})),
    ];
    for (operation, request) in questions {
        let envelope = call(till, operation, &request).await?;
        let is_broken = !envelope["ok"]["chain"]["broken_at"].is_null();
        if is_broken || !is_told(&envelope) {
            return Err(format!("`{operation}` of {request} says {envelope}").into());
        }
    }
    Ok(())
}

fn is_told(envelope: &Value) -> bool {
    let kind = &envelope["error"]["kind"];
    envelope["ok"].is_object() || kind == "journal" || kind == "internal"
}
