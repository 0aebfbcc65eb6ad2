//! What protocol/ikassa.md leaves open, as switches; the defaults stand at the end.

use serde::{Deserialize, Serialize};

use crate::frame::Refused;

/// The body of a 401 (protocol/ikassa.md 6.4 item 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unauthorized {
    /// `code` and `message`. Invented.
    A,
    /// `error` alone. Invented.
    B,
}

/// What happens to the receipt-level modifiers of a refund, which has none
/// (protocol/ikassa.md 2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundModifiers {
    /// The refund is refused.
    Refuse,
    /// They count for nothing.
    Ignore,
    /// They count as in a sale.
    Apply,
}

/// All switches of iKassa.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Whether `scope` and the four underscore fields are required (protocol/ikassa.md 6.2 item 2).
    pub strict_device_fields: bool,
    /// Whether the answer about a device code has only the three known fields
    /// (protocol/ikassa.md 6.2 item 3).
    pub minimal_device_response: bool,
    /// Seconds for which a device code can be approved (protocol/ikassa.md 6.2 item 3).
    pub device_expires_in: i64,
    /// Seconds between two polls (protocol/ikassa.md 6.2 item 3).
    pub interval: i64,
    /// Whether polls that are too close are answered `slow_down` (protocol/ikassa.md 6.2 item 4).
    pub slow_down: bool,
    /// Whether each `slow_down` adds five seconds to the interval of its code, as RFC 8628 tells
    /// clients to wait. Invented.
    pub slow_down_grows: bool,
    /// Whether a device code is approved as soon as it is there, for demonstrations. Invented.
    pub auto_approve: bool,
    /// Seconds for which an access token lives (protocol/ikassa.md 6.2 item 5).
    pub expires_in: i64,
    /// Seconds for which a refresh token lives; 0 for ever (protocol/ikassa.md 7 item 8).
    pub refresh_expires_in: i64,
    /// Whether a refresh gives the same refresh token again (protocol/ikassa.md 6.2 item 6).
    pub reuse_refresh: bool,
    /// Whether a spent refresh token revokes all tokens of its login. Invented.
    pub reuse_revokes: bool,
    /// Whether unbinding a register revokes its tokens (protocol/ikassa.md 7 item 8).
    pub unbind_revokes: bool,
    /// Whether OAuth errors have no `error_description` (protocol/ikassa.md 6.2 item 7).
    pub omit_error_description: bool,
    /// The HTTP status of `invalid_client`: 401 or 400 (protocol/ikassa.md 6.2 item 1).
    pub invalid_client_status: u16,
    /// Whether there is the grant `client_credentials` (protocol/ikassa.md 6.2 item 8).
    pub client_credentials: bool,
    /// Whether such a token drives the first bound register of the taxpayer `audience`
    /// (protocol/ikassa.md 1.3).
    pub client_credentials_drive: bool,
    /// The body of a 401 (protocol/ikassa.md 6.4 item 1).
    pub unauthorized: Unauthorized,
    /// The HTTP status of `kernel.shift.opened` (protocol/ikassa.md 6.4 item 5).
    pub shift_opened_status: u16,
    /// The HTTP status of the other refusals of a register (protocol/ikassa.md 7 item 7).
    pub refusal_status: u16,
    /// Whether a shift with no documents cannot be closed (protocol/ikassa.md 6.4 item 6).
    pub refuse_empty_shift: bool,
    /// Whether a shift with cash in the drawer cannot be closed (protocol/ikassa.md 6.4 item 6).
    pub require_empty_drawer: bool,
    /// Whether cash that was left in the drawer is there in the next shift. Invented.
    pub drawer_carries_over: bool,
    /// Hours after which a shift takes no more documents; 0 for no limit (protocol/ikassa.md 2.10).
    pub max_shift_hours: i64,
    /// Whether a sale or a refund needs a deposit in its shift first
    /// (protocol/ikassa.md 7 item 14).
    pub deposit_first: bool,
    /// Whether opening and closing a shift take a document number (protocol/ikassa.md 6.3).
    pub number_of_shift_documents: bool,
    /// Whether answers about documents and shifts have more than the SDK needs
    /// (protocol/ikassa.md 6.4 item 12).
    pub rich_answers: bool,
    /// Whether a document asked for by its uid has more than the uid (protocol/ikassa.md 2.9).
    pub rich_documents: bool,
    /// Whether any last document can be rolled back, not only a sale or a refund
    /// (protocol/ikassa.md 6.4 item 10).
    pub rollback_any: bool,
    /// Whether the last document of an earlier shift can be rolled back
    /// (protocol/ikassa.md 7 item 12).
    pub rollback_earlier_shift: bool,
    /// Whether there is no change: payments equal the total (protocol/ikassa.md 6.5).
    pub exact_payment: bool,
    /// Whether `tax` must be a string (protocol/ikassa.md 6.5).
    pub tax_string_only: bool,
    /// Whether a cashier's name has at most 16 characters (protocol/ikassa.md 6.5).
    pub cashier_max_16: bool,
    /// Which payment type is cash, 0 or 1; the other one is the card (protocol/ikassa.md 3.2).
    pub cash_type: u8,
    /// What happens to receipt-level modifiers of a refund (protocol/ikassa.md 2.7).
    pub refund_modifiers: RefundModifiers,
    /// Whether the shift tells counters beside the cash in the drawer. All of them are invented.
    pub more_counters: bool,
    /// Whether the receipt page has no figures in its markup (protocol/ikassa.md 2.11).
    pub scripted_page: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            strict_device_fields: false,
            minimal_device_response: false,
            device_expires_in: 600,
            interval: 5,
            slow_down: true,
            slow_down_grows: false,
            auto_approve: false,
            expires_in: 3600,
            refresh_expires_in: 0,
            reuse_refresh: false,
            reuse_revokes: false,
            unbind_revokes: false,
            omit_error_description: false,
            invalid_client_status: 401,
            client_credentials: false,
            client_credentials_drive: false,
            unauthorized: Unauthorized::A,
            shift_opened_status: 400,
            refusal_status: 400,
            refuse_empty_shift: false,
            require_empty_drawer: true,
            drawer_carries_over: false,
            max_shift_hours: 0,
            deposit_first: false,
            number_of_shift_documents: false,
            rich_answers: true,
            rich_documents: true,
            rollback_any: false,
            rollback_earlier_shift: false,
            exact_payment: false,
            tax_string_only: false,
            cashier_max_16: false,
            cash_type: 0,
            refund_modifiers: RefundModifiers::Refuse,
            more_counters: false,
            scripted_page: false,
        }
    }
}

impl Switches {
    /// The same, if no number is out of its range.
    pub fn checked(self) -> Result<Self, Refused> {
        let seconds = 0..=i64::from(u32::MAX);
        let errors = 400..=499;
        let problems = [
            (!seconds.contains(&self.device_expires_in), "switch device_expires_in: seconds"),
            (!seconds.contains(&self.interval), "switch interval: seconds"),
            (!seconds.contains(&self.expires_in), "switch expires_in: seconds"),
            (!seconds.contains(&self.refresh_expires_in), "switch refresh_expires_in: seconds"),
            (!seconds.contains(&self.max_shift_hours), "switch max_shift_hours: hours"),
            (!errors.contains(&self.invalid_client_status), "switch invalid_client_status: 400 to 499"),
            (!errors.contains(&self.shift_opened_status), "switch shift_opened_status: 400 to 499"),
            (!errors.contains(&self.refusal_status), "switch refusal_status: 400 to 499"),
            (self.cash_type > 1, "switch cash_type: 0 or 1"),
        ];
        match problems.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, problem)) => Err(Refused::new(problem)),
            None => Ok(self),
        }
    }
}
