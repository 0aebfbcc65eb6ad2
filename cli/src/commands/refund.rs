//! `refund`: gives back a receipt, whole or in part.

use clap::Args;
use kassa::error::{Code, Error};
use kassa::receipt::Kind;
use serde_json::{Map, Value, json};

use super::register::sell;
use super::show::{entry, known};
use crate::out::{Done, Out};
use crate::till::Till;

/// What comes back.
#[derive(Args)]
pub struct Refund {
    /// Id of the receipt that is refunded
    of: String,
    /// Id of the refund: your own, and a new one
    #[arg(long, value_name = "NEW")]
    id: String,
    /// Lines that come back, by their place from 0, with how much of it: 0:1,2 is one piece of the first and all of
    /// the third. Left out: all of it
    #[arg(long, value_name = "ITEM[:QUANTITY[:SUM]],...", value_delimiter = ',', value_parser = line)]
    lines: Vec<Value>,
    /// How the money goes back, such as cash:96.67; may be repeated. Left out: as it came
    #[arg(long = "payment", value_name = "TYPE:SUM", value_parser = payment)]
    payments: Vec<Value>,
    /// Who gives it back
    #[arg(long, value_name = "NAME")]
    cashier: Option<String>,
    /// Do not wait for a refund that the vendor only took into its queue
    #[arg(long)]
    no_wait: bool,
}

fn line(text: &str) -> Result<Value, String> {
    let mut parts = text.split(':');
    let item: u32 = parts.next().unwrap_or_default().parse().map_err(|_| "the item is a number from 0")?;
    let mut line = Map::from_iter([("item".into(), item.into())]);
    for name in ["quantity", "sum"] {
        if let Some(part) = parts.next() {
            line.insert(name.into(), part.into());
        }
    }
    parts.next().map_or(Ok(Value::Object(line)), |_| Err("must be ITEM[:QUANTITY[:SUM]]".into()))
}

fn payment(text: &str) -> Result<Value, String> {
    let (kind, sum) = text.split_once(':').ok_or("must be TYPE:SUM, such as cash:96.67")?;
    Ok(json!({ "type": kind, "sum": sum }))
}

/// Refunds.
pub async fn refund(till: &Till, out: &mut Out, what: Refund) -> Done {
    let (sale, _) = entry(&known(till, &what.of).await?)?;
    let kind = match sale.kind {
        Some(Kind::Sell) => Kind::SellRefund,
        Some(Kind::Buy) => Kind::BuyRefund,
        other => {
            let is = other.map_or(&*sale.operation, |kind| kind.word());
            let message = format!("{} is a `{is}`: sales and purchases are refunded", what.of);
            return Err(Error::new(Code::BasisUnusable, message).into());
        }
    };
    let mut refund_of = json!({ "id": what.of });
    let mut receipt = json!({ "id": what.id, "kind": kind.word() });
    if !what.lines.is_empty() {
        refund_of["lines"] = what.lines.into();
    }
    receipt["refund_of"] = refund_of;
    if !what.payments.is_empty() {
        receipt["payments"] = what.payments.into();
    }
    if let Some(name) = what.cashier {
        receipt["cashier"] = json!({ "name": name });
    }
    sell(till, out, &receipt.to_string(), !what.no_wait).await
}
