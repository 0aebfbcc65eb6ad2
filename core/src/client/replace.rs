//! A wrong receipt taken back and the right one registered, as one call. Both have ids of their own, so that the call goes
//! on where it stopped: what is on record already is not made again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Client;
use crate::delivery::fingerprint;
use crate::error::{Code, Error, Result, Violation, violation};
use crate::receipt::basis::RefundOf;
use crate::receipt::registration::{Registration, State};
use crate::receipt::{Cashier, Kind, Payment, Receipt};

/// Which receipt is wrong, and what takes its place.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// Id of the receipt that is wrong; it is on record.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub wrong: String,
    /// Id of the refund that takes it back, whole. It is the caller's own, like every id.
    #[schemars(length(min = 1, max = 128))]
    pub refund_id: String,
    /// How the money goes back; absent means as it came.
    #[serde(default)]
    #[schemars(length(min = 1, max = 20))]
    pub refund_payments: Vec<Payment>,
    /// Who takes it back; absent means who sold.
    pub refund_cashier: Option<Cashier>,
    /// The right receipt.
    pub receipt: Receipt,
}

/// What became of both.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Replaced {
    /// The refund of the wrong receipt.
    pub refund: Registration,
    /// The right receipt; absent while the vendor still has the refund in its queue. Call again then.
    pub receipt: Option<Registration>,
}

impl Client {
    /// See the table of operations.
    pub async fn replace(&self, request: Replace) -> Result<Replaced> {
        let Replace { wrong, refund_id, refund_payments, refund_cashier, receipt } = request;
        if refund_id == receipt.id || wrong == receipt.id || wrong == refund_id {
            let message = "the wrong receipt, its refund and the right one have three ids";
            return Err(Error::invalid(vec![violation("/refund_id", Code::WrongValue, message)]));
        }
        if receipt.basis()?.is_some_and(|basis| basis.id() == wrong) {
            let message = "the right receipt stands by itself: it does not build on the wrong one";
            return Err(Error::invalid(vec![violation("/receipt", Code::WrongValue, message)]));
        }
        // The right one first: with a mistake in it nothing is taken back.
        let checked = self.validate(receipt.clone()).await?;
        if !checked.valid {
            let at = |found: Violation| {
                let path = format!("/receipt{}", found.path);
                Violation { path, ..found }
            };
            return Err(Error::invalid(checked.violations.into_iter().map(at).collect()));
        }
        let register = self.delivery.register().await?;
        if let Some(before) = self.delivery.journal.find(register, &receipt.id).await? {
            let intent = self.intent(receipt.clone()).await?;
            let mut forms = intent.earlier.iter().map(|form| fingerprint(form));
            if before.fingerprint != intent.fingerprint && !forms.any(|form| form == before.fingerprint) {
                let message =
                    format!("the id {} of the right receipt was used before with other content", receipt.id);
                return Err(self
                    .delivery
                    .told(Error::new(Code::ReceiptConflict, message), &receipt.id)
                    .await);
            }
        }
        let sold = self.delivery.entry_of(&wrong).await.and_then(|entry| self.receipt_of(&entry));
        let kind = match sold.map_err(|error| named(error, "/wrong"))?.kind {
            Kind::Buy | Kind::BuyCorrection => Kind::BuyRefund,
            _ => Kind::SellRefund,
        };
        let refund = Receipt {
            id: refund_id,
            kind,
            refund_of: Some(RefundOf { id: wrong, lines: Vec::new() }),
            payments: refund_payments,
            cashier: refund_cashier,
            // Both are made at one time.
            issued_at: receipt.issued_at.clone(),
            ..Receipt::default()
        };
        let refund = self.register(refund).await?;
        // One in the vendor's queue may still fail.
        if refund.state != State::Registered {
            return Ok(Replaced { refund, receipt: None });
        }
        let id = receipt.id.clone();
        let receipt = self.register(receipt).await.map_err(|error| {
            let message = format!(
                "the refund {} is on record, and the right receipt {id} is not finished: {}",
                refund.receipt_id, error.message
            );
            Error { message, ..error }
        })?;
        Ok(Replaced { refund, receipt: Some(receipt) })
    }
}

/// The error at the field that names the receipt.
fn named(error: Error, path: &str) -> Error {
    match error.code {
        Code::ReceiptUnknown => Error::invalid(vec![violation(path, error.code, error.message)]),
        _ => error,
    }
}
