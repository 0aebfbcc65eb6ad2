//! The queue of a retail point and the worker that moves it at every poll of the register
//! (protocol/modulkassa.md 6.1 items 21 to 26).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::document::money;
use super::points::Point;
use super::register::Register;
use super::state::{Failure, NON_FN_FAILURE, Status, StoredDocument};
use super::switches::{FinalState, Switches};
use super::{Modulkassa, NAME, callback};
use crate::clock::rfc3339;
use crate::faults::{Call, SUBMIT_ROUTE, Stage};
use crate::frame::Frame;
use crate::ledger::LedgerEntry;

/// At most so many documents change state at a poll, so that nobody waits long for the queue.
const BATCH: usize = 1000;

/// The documents of a retail point with the register that works on them, oldest first.
#[derive(Debug)]
pub struct Queue {
    register: Register,
    documents: Vec<StoredDocument>,
    by_id: HashMap<String, usize>,
    waiting: VecDeque<usize>,
    pending: VecDeque<usize>,
    printed: VecDeque<usize>,
    retired: bool,
}

/// What a poll came to.
#[derive(Debug, Default)]
pub struct Polled {
    /// Documents whose result is to be delivered now.
    pub deliveries: Vec<usize>,
    /// Whether another poll has work.
    pub more: bool,
}

/// The queue belongs to a state before a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired;

impl Queue {
    /// An empty queue before a register.
    pub fn new(register: Register) -> Self {
        Self {
            register,
            documents: Vec::new(),
            by_id: HashMap::new(),
            waiting: VecDeque::new(),
            pending: VecDeque::new(),
            printed: VecDeque::new(),
            retired: false,
        }
    }

    /// Nothing more is accepted or worked on.
    pub fn retire(&mut self) {
        self.retired = true;
    }

    /// All documents in order of arrival.
    pub fn documents(&self) -> &[StoredDocument] {
        &self.documents
    }

    /// The place of a document by its id.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// A document by its place.
    pub fn get(&self, index: usize) -> Option<&StoredDocument> {
        self.documents.get(index)
    }

    /// A document by its place, to be changed; none after a reset.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut StoredDocument> {
        if self.retired { None } else { self.documents.get_mut(index) }
    }

    /// Puts a new document at the end of the queue.
    pub fn accept(&mut self, document: StoredDocument) -> Result<usize, Retired> {
        if self.retired {
            return Err(Retired);
        }
        let index = self.documents.len();
        self.by_id.insert(document.receipt.id.clone(), index);
        self.documents.push(document);
        self.waiting.push_back(index);
        Ok(index)
    }

    /// Puts a failed document back at the end of the queue; false if it is in another state.
    pub fn requeue(&mut self, index: usize, status: Status, frame: &Frame) -> bool {
        let Some(document) = self.documents.get_mut(index) else {
            return false;
        };
        if document.status != Status::Failed {
            return false;
        }
        document.failure = None;
        document.turn(status, frame.clock.now());
        self.waiting.push_back(index);
        true
    }

    /// One poll of the register: what was printed is finished, what is pending is printed, what
    /// waits becomes pending.
    pub fn poll(&mut self, point: &Point, frame: &Frame, switches: &Switches) -> Result<Polled, Retired> {
        if self.retired {
            return Err(Retired);
        }
        let mut polled = Polled::default();
        for index in take(&mut self.printed) {
            self.finish(index, frame, switches, &mut polled);
        }
        let works = point.works(switches);
        if works {
            for index in take(&mut self.pending) {
                self.print(index, point, frame, switches, &mut polled);
            }
            for index in take(&mut self.waiting) {
                if let Some(document) = self.documents.get_mut(index) {
                    document.turn(Status::Pending, frame.clock.now());
                }
                self.pending.push_back(index);
            }
        }
        let at_register = !self.waiting.is_empty() || !self.pending.is_empty();
        polled.more = !self.printed.is_empty() || (works && at_register);
        Ok(polled)
    }

    /// Polls until a document has left the register, without waiting in between; the deliveries
    /// that came due.
    pub fn rush(&mut self, index: usize, point: &Point, frame: &Frame, switches: &Switches) -> Vec<usize> {
        let mut deliveries = Vec::new();
        loop {
            let status = self.get(index).map(|document| document.status);
            let Ok(polled) = self.poll(point, frame, switches) else {
                return deliveries;
            };
            deliveries.extend(polled.deliveries);
            // The poll after the printing has finished the document.
            if status == Some(Status::Printed) || !polled.more {
                return deliveries;
            }
        }
    }

    fn finish(&mut self, index: usize, frame: &Frame, switches: &Switches, polled: &mut Polled) {
        let Some(document) = self.documents.get_mut(index) else {
            return;
        };
        if document.receipt.response_url.is_some() {
            polled.deliveries.push(index);
        } else if switches.final_state == FinalState::Completed {
            document.turn(Status::Completed, frame.clock.now());
        }
    }

    fn print(
        &mut self,
        index: usize,
        point: &Point,
        frame: &Frame,
        switches: &Switches,
        polled: &mut Polled,
    ) {
        let Some(document) = self.documents.get_mut(index) else {
            return;
        };
        let now = frame.clock.now();
        if let Some(failure) = failure(document, frame) {
            document.failure = Some(failure);
            document.turn(Status::Failed, now);
            if switches.callback_on_failure && document.receipt.response_url.is_some() {
                polled.deliveries.push(index);
            }
            return;
        }
        let receipt = document.receipt.clone();
        let fiscal = self.register.fiscalize(&receipt, now);
        frame.ledger.record(LedgerEntry {
            vendor: NAME.to_owned(),
            register: point.id.to_string(),
            receipt_key: receipt.id.clone(),
            number: receipt.doc_num.clone(),
            kind: receipt.doc_type.kind,
            total: money(receipt.total),
            lines: receipt.lines,
            fiscal_document_number: fiscal.fn_doc_number.to_string(),
            fiscal_sign: fiscal.fn_doc_mark.to_string(),
            at: rfc3339(now),
            by: None,
            content: None,
        });
        document.fiscal = Some(Arc::new(fiscal));
        document.turn(Status::Printed, now);
        self.printed.push_back(index);
    }
}

fn take(queue: &mut VecDeque<usize>) -> Vec<usize> {
    let batch = queue.len().min(BATCH);
    queue.drain(..batch).collect()
}

fn failure(document: &StoredDocument, frame: &Frame) -> Option<Failure> {
    let receipt = &document.receipt;
    let call =
        Call { vendor: NAME, route: SUBMIT_ROUTE, keys: vec![receipt.id.clone(), receipt.doc_num.clone()] };
    let scripted = frame.faults.take(&call, Stage::Register).into_iter().next();
    let scripted = scripted.map(|fault| Failure {
        kind: fault.failure_type.unwrap_or_else(|| NON_FN_FAILURE.to_owned()),
        message: fault.failure_message.unwrap_or_else(|| "Failed by a scripted fault".to_owned()),
    });
    // protocol/modulkassa.md 6.1 item 17.
    let mismatch = || Failure { kind: NON_FN_FAILURE.to_owned(), message: receipt.mismatch() };
    scripted.or_else(|| (receipt.total != receipt.paid).then(mismatch))
}

/// Polls for one retail point for as long as there is work, then sleeps until it is woken.
pub async fn run(modulkassa: Weak<Modulkassa>, point: Arc<Point>) {
    loop {
        point.wake.notified().await;
        loop {
            let Some(tick_ms) = modulkassa.upgrade().map(|m| m.switches().tick_ms) else {
                return;
            };
            tokio::time::sleep(Duration::from_millis(tick_ms)).await;
            let Some(modulkassa) = modulkassa.upgrade() else {
                return;
            };
            let Ok(polled) = poll(&modulkassa, &point) else {
                return;
            };
            for index in polled.deliveries {
                let delivery = callback::deliver(modulkassa.clone(), point.clone(), index);
                modulkassa.frame().runtime.spawn(delivery);
            }
            if !polled.more {
                break;
            }
        }
    }
}

fn poll(modulkassa: &Modulkassa, point: &Point) -> Result<Polled, Retired> {
    let switches = modulkassa.switches();
    point.queue.lock().poll(point, modulkassa.frame(), &switches)
}
