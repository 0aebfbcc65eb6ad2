//! What is sold before anything is lost. Where an operator has another program sell, it does so here
//! for the first time: a movement that comes between a receipt and its lost answer, and that nobody
//! could know of, is beyond what counters can tell.

use serde_json::json;

use crate::Result;
use crate::campaign::bench::Bench;
use crate::judge::Report;
use crate::runner::Runner;
use crate::sale::Sale;
use crate::vendors::{Asked, Circumstances, Other, Vendor};

/// Totals before those of the schedule; three of them have every way to pay.
const FIRST: std::ops::Range<u32> = 99_000..99_003;

/// The receipts before the schedule: none where nobody else sells.
pub fn receipts(vendor: &Vendor, circumstances: &Circumstances) -> Vec<Asked> {
    match circumstances.other {
        Other::ByOperator { .. } => FIRST.map(|total| vendor.asked(&Sale::of(total))).collect(),
        Other::Nobody | Other::ByFault(_) => Vec::new(),
    }
}

/// Opens the shift where there is one and sells them; each is confirmed. Then another program sells for the
/// first time. The client is given back: one that was killed now would leave a lease behind.
pub async fn sell(bench: &Bench, receipts: &[Asked]) -> Result<Runner> {
    let mut client = bench.patient_client(0).await?;
    for operation in bench.vendor.opening {
        let envelope = client.call(operation, &json!({})).await?;
        if envelope["ok"].is_null() {
            return Err(format!("{operation}: {envelope}").into());
        }
    }
    for asked in receipts {
        let listening = bench.listen(asked, true);
        let envelope = client.call("register", &asked.receipt).await?;
        bench.heard(asked, &listening, "register", &envelope);
        if !matches!(Report::of(&envelope), Report::Registered(_)) {
            return Err(format!("the first receipts are not registered: {envelope}").into());
        }
    }
    if let Other::ByOperator { first, .. } = bench.circumstances.other {
        let (action, what) = first();
        bench.operate(action, what)?;
    }
    Ok(client)
}
