//! A group of registers with its queue (protocol/atol.md 4.1 items 17 and 19).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use uuid::{Builder, Uuid};

use super::document::{Failure, MarkResult, Outcome, Stored};
use super::kkt::{Fiscal, Kkt};
use super::operations::Protocol;
use super::receipt::money;
use super::switches::Switches;
use super::{NAME, verdict};
use crate::clock::rfc3339;
use crate::faults::{Call, SUBMIT_ROUTE, Stage};
use crate::frame::Frame;
use crate::ledger::LedgerEntry;

/// `error.type` of a document that waited too long.
const TIMEOUT: &str = "timeout";
const TIMEOUT_CODE: i64 = 1;
/// No source has the text.
const TIMEOUT_TEXT: &str = "Превышено время ожидания обработки чека в очереди";
const RATE_WINDOW: Duration = Duration::seconds(1);

/// Whose registers they are.
#[derive(Debug, Clone)]
pub struct Company {
    /// INN.
    pub tax_id: String,
    /// `sno`.
    pub tax_system: String,
    /// Where sales are made.
    pub payment_address: String,
    /// The sender's e-mail address.
    pub email: String,
}

/// A group of registers.
#[derive(Debug)]
pub struct Group {
    /// `group_code`.
    pub code: String,
    /// The protocol that it speaks.
    pub protocol: Protocol,
    /// Whose it is.
    pub company: Company,
    /// Registers, documents and queue.
    pub desk: Mutex<Desk>,
    /// Wakes the worker of this group.
    pub wake: Notify,
    /// Makes the worker look at the switches again.
    pub hurry: Notify,
}

/// What a group holds.
#[derive(Debug)]
pub struct Desk {
    /// Its registers.
    pub kkts: Vec<Kkt>,
    documents: Vec<Stored>,
    by_external_id: HashMap<String, usize>,
    by_uuid: HashMap<Uuid, usize>,
    waiting: VecDeque<usize>,
    reports: VecDeque<OffsetDateTime>,
    next_kkt: usize,
    ids: StdRng,
    retired: bool,
}

/// What a look at the queue came to.
#[derive(Debug, Default)]
pub struct Looked {
    /// Documents that are finished.
    pub finished: Vec<usize>,
    /// Whether documents are left.
    pub more: bool,
}

/// The group belongs to a state before a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired;

impl Group {
    /// A group with so many registers.
    pub fn new(
        code: &str,
        protocol: Protocol,
        company: Company,
        kkts: usize,
        seed: u64,
        now: OffsetDateTime,
    ) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let desk = Desk {
            kkts: (0..kkts).map(|_| Kkt::new(random.random(), now)).collect(),
            documents: Vec::new(),
            by_external_id: HashMap::new(),
            by_uuid: HashMap::new(),
            waiting: VecDeque::new(),
            reports: VecDeque::new(),
            next_kkt: 0,
            ids: random,
            retired: false,
        };
        Self {
            code: code.to_owned(),
            protocol,
            company,
            desk: Mutex::new(desk),
            wake: Notify::new(),
            hurry: Notify::new(),
        }
    }

    /// The registers look at the queue.
    pub fn look(&self, frame: &Frame, switches: &Switches) -> Result<Looked, Retired> {
        self.desk.lock().look(self, frame, switches)
    }
}

impl Desk {
    /// Nothing more is accepted or worked on.
    pub fn retire(&mut self) {
        self.retired = true;
    }

    /// Whether a reset has passed.
    pub fn is_retired(&self) -> bool {
        self.retired
    }

    /// All documents in order of arrival.
    pub fn documents(&self) -> &[Stored] {
        &self.documents
    }

    /// A document by the shop's id.
    pub fn known(&self, external_id: &str) -> Option<&Stored> {
        self.by_external_id.get(external_id).and_then(|index| self.documents.get(*index))
    }

    /// A document by the service's id.
    pub fn found(&self, uuid: &Uuid) -> Option<&Stored> {
        self.by_uuid.get(uuid).and_then(|index| self.documents.get(*index))
    }

    /// A document by its place.
    pub fn get(&self, index: usize) -> Option<&Stored> {
        self.documents.get(index)
    }

    /// A document by its place, to be changed.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut Stored> {
        self.documents.get_mut(index)
    }

    /// A new id.
    pub fn new_id(&mut self) -> Uuid {
        Builder::from_random_bytes(self.ids.random()).into_uuid()
    }

    /// Puts a document into the queue; its place.
    pub fn accept(&mut self, document: Stored) -> Result<usize, Retired> {
        if self.retired {
            return Err(Retired);
        }
        let index = self.documents.len();
        self.by_external_id.insert(document.external_id.clone(), index);
        self.by_uuid.insert(document.uuid, index);
        self.documents.push(document);
        self.waiting.push_back(index);
        Ok(index)
    }

    /// Whether one more report may be asked for in this second (protocol/atol.md 4.1 item 31).
    pub fn may_report(&mut self, now: OffsetDateTime) -> bool {
        self.reports.retain(|asked| now - *asked < RATE_WINDOW && *asked <= now);
        let free = self.reports.len() < self.kkts.len();
        if free {
            self.reports.push_back(now);
        }
        free
    }

    /// Works off the queue for one look: every register that is on takes its share.
    pub fn look(&mut self, group: &Group, frame: &Frame, switches: &Switches) -> Result<Looked, Retired> {
        if self.retired {
            return Err(Retired);
        }
        let mut looked = Looked { finished: self.expire(frame.clock.now(), switches), more: false };
        let works: Vec<usize> = (0..self.kkts.len()).filter(|i| self.kkts[*i].works(switches)).collect();
        let share = works.len().saturating_mul(switches.documents_per_tick.max(1)).min(self.waiting.len());
        for _ in 0..share {
            let kkt = works[self.next_kkt % works.len()];
            self.next_kkt = self.next_kkt.wrapping_add(1);
            if let Some(index) = self.waiting.pop_front() {
                self.process(index, kkt, group, frame, switches);
                looked.finished.push(index);
            }
        }
        looked.more = !self.waiting.is_empty();
        Ok(looked)
    }

    /// Looks until a document is finished, without waiting in between; what finished.
    pub fn rush(&mut self, index: usize, group: &Group, frame: &Frame, switches: &Switches) -> Vec<usize> {
        let mut finished = Vec::new();
        while let Ok(looked) = self.look(group, frame, switches) {
            let none = looked.finished.is_empty();
            finished.extend(looked.finished);
            if none || finished.contains(&index) {
                break;
            }
        }
        finished
    }

    fn expire(&mut self, now: OffsetDateTime, switches: &Switches) -> Vec<usize> {
        let limit = Duration::seconds(switches.queue_timeout_s);
        let documents = &self.documents;
        let late = |index: &usize| documents.get(*index).is_some_and(|d| now - d.accepted >= limit);
        let (late, waiting) = self.waiting.drain(..).partition(late);
        self.waiting = waiting;
        let device_code = self.kkts.first().map_or_else(String::new, |kkt| kkt.device_code.clone());
        for index in &late {
            let failure =
                Failure { kind: TIMEOUT.to_owned(), code: TIMEOUT_CODE, text: TIMEOUT_TEXT.to_owned() };
            self.finish(*index, now, device_code.clone(), Err(failure), Vec::new());
        }
        Vec::from(late)
    }

    fn process(&mut self, index: usize, kkt: usize, group: &Group, frame: &Frame, switches: &Switches) {
        let (Some(document), Some(kkt)) = (self.documents.get(index), self.kkts.get_mut(kkt)) else {
            return;
        };
        let (receipt, device_code) = (document.receipt.clone(), kkt.device_code.clone());
        let external_id = document.external_id.clone();
        let now = frame.clock.now();
        let call = Call { vendor: NAME, route: SUBMIT_ROUTE, keys: vec![external_id.clone()] };
        let scripted = frame.faults.take(&call, Stage::Register).into_iter().next();
        let failure = scripted.map(verdict::scripted);
        let failure = failure.or_else(|| verdict::failure(&receipt, &group.company, switches));
        if let Some(failure) = failure {
            return self.finish(index, now, device_code, Err(failure), Vec::new());
        }
        let fiscal = kkt.fiscalize(now, switches);
        frame.ledger.record(LedgerEntry {
            vendor: NAME.to_owned(),
            register: group.code.clone(),
            receipt_key: external_id.clone(),
            number: external_id,
            kind: document.operation.kind,
            total: money(receipt.total),
            lines: receipt.items.len(),
            fiscal_document_number: fiscal.document.to_string(),
            fiscal_sign: fiscal.sign.to_string(),
            at: rfc3339(now),
            by: None,
            content: None,
        });
        let marks = verdict::marks(&receipt, switches);
        self.finish(index, now, device_code, Ok(Arc::new(fiscal)), marks);
    }

    fn finish(
        &mut self,
        index: usize,
        at: OffsetDateTime,
        device_code: String,
        result: Result<Arc<Fiscal>, Failure>,
        marks: Vec<MarkResult>,
    ) {
        let error_id = self.new_id();
        if let Some(document) = self.documents.get_mut(index) {
            document.outcome = Some(Outcome { at, device_code, result, marks, error_id });
        }
    }
}
