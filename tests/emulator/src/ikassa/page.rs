//! The public receipt page (protocol/ikassa.md 2.11, 6.4 items 13, 14).

use axum::extract::Path;

use super::asked::Asked;
use super::body::Modifier;
use super::calls::RENDER;
use super::document::Document;
use super::errors::page;
use super::money::{cost, three_decimals, two_decimals};
use super::scripted::Host;
use super::switches::Switches;
use crate::answers::Answer;

const COLUMNS: usize = 26;
const TOTAL: &str = "ИТОГО К ОПЛАТЕ";
const UID: &str = "УИ";
const DISCOUNT: &str = "СКИДКА";
const SURCHARGE: &str = "НАДБАВКА";

/// `GET /render/{uid}`: no authorization is needed, and any is counted.
pub async fn render(asked: Asked, Path(uid): Path<String>) -> Answer {
    let keys = vec![uid.to_ascii_uppercase(), uid.clone()];
    let work = async {
        let mut state = asked.ikassa.state.lock();
        state.render_authorizations += u64::from(asked.has_authorization);
        match state.registers.iter_mut().find_map(|register| register.find(&uid)) {
            Some(document) => {
                document.render_authorizations += u64::from(asked.has_authorization);
                page(200, html(document, &asked.switches))
            }
            None => page(404, "<!DOCTYPE html><html><body>404</body></html>".to_owned()),
        }
    };
    asked.serve(Host::Receipts, RENDER, keys, work).await
}

fn html(document: &Document, switches: &Switches) -> String {
    let pre = |line: String| format!("<pre>{}</pre>", escaped(&line));
    let (receipt, script) = match switches.scripted_page {
        true => (String::new(), "<script src=\"/receipt.js\"></script>"),
        false => (lines(document).into_iter().map(pre).collect(), ""),
    };
    let head = "<head><meta charset=\"utf-8\"></head>";
    let body = format!("<body><div id=\"receiptBody\">{receipt}</div>{script}</body>");
    format!("<!DOCTYPE html><html>{head}{body}</html>")
}

fn lines(document: &Document) -> Vec<String> {
    let draft = &document.draft;
    let mut lines = Vec::new();
    for item in &draft.items {
        let sum = i64::try_from(cost(item.price, item.quantity)).unwrap_or(i64::MAX);
        lines.push(item.name.clone());
        let left = format!("{} * {}", two_decimals(item.price), three_decimals(item.quantity));
        lines.push(spread(&left, &two_decimals(sum)));
        lines.extend(item.modifiers.iter().map(modified));
    }
    lines.extend(draft.modifiers.iter().map(modified));
    lines.push(spread(TOTAL, &two_decimals(draft.total)));
    lines.push(format!("{UID} {}", document.uid));
    lines
}

fn modified(modifier: &Modifier) -> String {
    let left = if modifier.modifier < 0 { DISCOUNT } else { SURCHARGE };
    spread(left, &two_decimals(modifier.modifier))
}

/// The second text ends at the last column, with a space at least between the two.
fn spread(left: &str, right: &str) -> String {
    let width = COLUMNS.saturating_sub(left.chars().count()).max(right.len() + 1);
    format!("{left}{right:>width$}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
