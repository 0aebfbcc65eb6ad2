//! The rows of the operations that every vendor has.

use super::Client;
use super::messages::{
    Deliver, Delivered, Enqueue, Enqueued, Export, Exported, JournalPage, JournalQuery, MarkingCode,
    MarkingReading, Metrics, Prune, Pruned, Resolve, Validation, Wait,
};
use super::reconcile::{Reconcile, Reconciliation};
use super::replace::{Replace, Replaced};
use super::slip::{Slip, SlipContent};
use super::totals::{Totals, TotalsQuery};
use crate::receipt::Receipt;
use crate::receipt::distribute::Distributed;
use crate::receipt::registration::Registration;
use crate::vendor::VendorInfo;
use crate::vendor::messages::{Callback, CallbackReading, Capabilities, Health, Nothing, ReceiptKey};
use crate::vendor::operation::{Operation, operation};

/// The operations that every vendor has.
pub const SHARED: &[Operation<Client>] = &[
    operation!("capabilities", HARMLESS, Client::capabilities, Nothing => Capabilities,
        "What this vendor can do. Nothing is sent."),
    operation!("validate", HARMLESS, Client::validate, Receipt => Validation,
        "Checks a receipt and computes its totals. Nothing is sent or written down."),
    operation!("distribute", HARMLESS, Client::distribute, Receipt => Distributed,
        "Spreads a discount or surcharge on the whole, and what the payments lack, over the lines to the kopeck, as \
         this vendor carries it. Nothing is sent or written down."),
    operation!("register", FISCAL, Client::register, Receipt => Registration,
        "Puts a receipt on the fiscal record, exactly once. The same id with the same content continues or gives \
         back what is known; with other content it is a conflict. Fails unless the receipt is `registered`, or \
         `accepted` into the vendor's queue (then `wait`)."),
    operation!("replace", FISCAL, Client::replace, Replace => Replaced,
        "Takes a wrong receipt back and registers the right one. Call it again with the same ids after whatever happened: \
         it goes on where it stopped."),
    operation!("status", HARMLESS, Client::status, ReceiptKey => Registration,
        "What became of a receipt; asks the vendor where that is not final. Nothing is sent that could make a \
         document."),
    operation!("wait", HARMLESS, Client::wait, Wait => Registration,
        "Asks for the status until it is final or the time is up; gives back the last one either way."),
    operation!("resolve", FISCAL, Client::resolve, Resolve => Registration,
        "Settles a receipt in doubt: `complete` brings it on record, `probe` only finds out, `verdict` writes down \
         what a person found out."),
    operation!("enqueue", HARMLESS, Client::enqueue, Enqueue => Enqueued,
        "Writes receipts into the journal, durably, and returns; `deliver` sends them."),
    operation!("deliver", FISCAL, Client::deliver, Deliver => Delivered,
        "Moves everything in the journal forward: queued, accepted and in doubt, as far as it gets in the time."),
    operation!("journal", HARMLESS, Client::journal, JournalQuery => JournalPage,
        "What the journal knows: a list, or one receipt with every step. With `verify` the whole record is checked: \
         every event against its hash, every entry against its last event."),
    operation!("totals", HARMLESS, Client::totals, TotalsQuery => Totals,
        "Adds up what the journal has on record: by day or shift, kind, payment and VAT rate. Nothing is asked of the \
         vendor."),
    operation!("reconcile", HARMLESS, Client::reconcile, Reconcile => Reconciliation,
        "Holds the journal against the shop's orders and against what the vendor has on record: what is missing, in doubt \
         or failed, and each difference by name. Nothing is sent that could make a document."),
    operation!("slip", HARMLESS, Client::slip, Slip => SlipContent,
        "The receipt as a text of 24 to 48 columns, as HTML or as SVG with its QR code, in Russian, Belarusian, Kazakh or \
         English: a copy of the electronic receipt, with the fiscal data that the vendor gave. From the journal alone."),
    operation!("export", HARMLESS, Client::export, Export => Exported,
        "Pages of the journal with every step of every receipt and the hashes of the record, to be kept elsewhere."),
    operation!("prune", HARMLESS, Client::prune, Prune => Pruned,
        "Removes old receipts that are final from the journal, never one that is not. What is left can still be \
         verified. The ids are forgotten: a repeat of one would be a new sale."),
    operation!("parse_callback", HARMLESS, Client::parse_callback, Callback => CallbackReading,
        "Reads what the vendor sent to `callback_url`. It proves nothing; ask for the `status`."),
    operation!("parse_marking", HARMLESS, Client::parse_marking, MarkingCode => MarkingReading,
        "Reads a marking code as a scanner, a keyboard or a file gave it: what it is, its elements, and what can be put \
         right without doubt. Nothing is sent or written down."),
    operation!("health", HARMLESS, Client::health, Nothing => Health,
        "Whether the vendor and its cash register are ready."),
    operation!("metrics", HARMLESS, Client::metrics, Nothing => Metrics,
        "Calls, errors and times of this client, and what the journal holds."),
];

/// Names of all operations of a vendor.
pub fn names(vendor: &VendorInfo) -> impl Iterator<Item = &'static str> {
    SHARED.iter().map(|row| row.name).chain(vendor.operations.iter().map(|row| row.name))
}
