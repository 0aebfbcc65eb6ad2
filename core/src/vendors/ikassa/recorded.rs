//! The kernel's documents and the counters of its shift, held against the journal (protocol/ikassa.md 2.4, 6.9). It has no
//! list of documents: that another program made one shows in the counters alone.

use super::settling::watch;
use super::vendor::Ikassa;
use crate::error::{Code, Result};
use crate::receipt::registration::State;
use crate::vendor::Context;
use crate::vendor::recorded::{Asked, OtherSum, Record, Recorded, Told};

/// What the kernel tells.
pub async fn recorded(vendor: &Ikassa, context: &Context<'_>, asked: &Asked<'_>) -> Result<Record> {
    let mut record = Record::default();
    let registered = || asked.entries.iter().filter(|entry| entry.state == State::Registered);
    for (done, entry) in registered().enumerate() {
        if context.budget.left().is_zero() {
            let left = registered().count() - done;
            record
                .untold
                .push(format!("the time of the call ran out before {left} receipts were asked about"));
            break;
        }
        let told = match entry.vendor_document_id.as_deref() {
            None => {
                Told::Nothing("it was settled by the counters; its uid is on the vendor's side only".into())
            }
            Some(uid) => match vendor.get(context, "docs.get", &[("uid", uid)]).await {
                Ok(_) => Told::OnRecord(Recorded::default()),
                Err(error) if error.code == Code::NotFound => Told::NotOnRecord(error.message),
                Err(error) => Told::Nothing(error.message),
            },
        };
        record.entries.push((entry.receipt_id.clone(), told));
    }
    let now = vendor.shift_now(context).await?;
    let (Some(counters), true) = (&now.counters, now.open) else {
        record.untold.push("the shift is closed: its counters are gone".into());
        return Ok(record);
    };
    if let Some(stranger) = watch(vendor, context).await?.look(counters).stranger {
        record.sums.push(OtherSum {
            what: "the counters of the open shift".into(),
            journal: "what this journal's documents do".into(),
            vendor: stranger,
        });
    }
    Ok(record)
}
