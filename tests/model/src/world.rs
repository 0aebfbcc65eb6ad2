//! The state of the small world: journal, lease, processes, person, network, vendor, clocks.

use kassa::delivery::transitions::Event;
use kassa::receipt::registration::State;

/// Most receipts of a world.
pub const RECEIPTS: usize = 2;
/// Processes that work at once.
pub const PROCESSES: usize = 2;
/// Most documents that a vendor holds; more are never reached before a property fails.
pub const DOCUMENTS: usize = 4;

/// By what means a vendor knows a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A key of ours; a repeat gives the first document (ATOL).
    Key,
    /// A key of ours; what a repeat gives is not documented, so it is looked up (Modulkassa).
    AskedKey,
    /// No key: the counters of the shift before and after (iKassa).
    Counters,
    /// A key of the device's that changes with each document (iKKM).
    RotatingKey,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Key, Kind::AskedKey, Kind::Counters, Kind::RotatingKey];

    /// Its name in print.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Key => "key",
            Kind::AskedKey => "asked_key",
            Kind::Counters => "counters",
            Kind::RotatingKey => "rotating_key",
        }
    }

    /// True where one lease is for the whole cash register and an attempt is bound to something.
    pub const fn is_by_register(self) -> bool {
        matches!(self, Kind::Counters | Kind::RotatingKey)
    }

    /// How many receipts its world has. Those of one cash register disturb each other.
    pub const fn receipts(self) -> usize {
        if self.is_by_register() { 2 } else { 1 }
    }
}

/// Whose document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doc {
    /// Of our receipt. All of ours have the same kind and total, which is the worst case.
    Ours(u8),
    /// Of another program, with another total.
    Theirs,
}

/// What an attempt is bound to at the vendor.
#[allow(missing_docs, reason = "the texts of the variants say what their fields are")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Nothing beside the key that follows from the id.
    #[default]
    Nothing,
    /// The device's key, and how many receipts it had made.
    Key { key: u8, last: Option<u8> },
    /// What was remembered of the counters, with the reading before the attempt.
    Watch(Watch),
}

/// What is remembered of a cash register's counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Watch {
    /// The last reading.
    pub before: Option<i8>,
    /// True where one document of ours was recorded since.
    pub since: bool,
    /// True where the counter is known to answer to documents like ours.
    pub learned: bool,
    /// True where another writer was seen.
    pub stranger: bool,
}

/// How long an entry stands as it does. Ages are counted in settle times and go no further than one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Age {
    /// By the clock that cannot be set.
    pub true_age: u8,
    /// True where the machine was started anew since, and that clock tells nothing.
    pub restarted: bool,
    /// By the clock that can be set.
    pub wall: i8,
}

/// What the journal knows of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where it stands.
    pub state: State,
    /// Grows with each write.
    pub revision: u8,
    /// How often it was sent.
    pub attempts: u8,
    /// What the attempt is bound to.
    pub bound: Bound,
    /// Which system or register it was written for.
    pub system: u8,
    /// The vendor's id of the document: its place at the vendor.
    pub document: Option<u8>,
    /// The document that it is registered as.
    pub fiscal: Option<Doc>,
    /// True where all that the vendor can tell was told and settles nothing.
    pub left_to_person: bool,
    /// How long it stands so.
    pub age: Age,
}

/// What a step with the vendor found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// What happened, by the table.
    pub event: Event,
    /// The vendor's id of the document.
    pub document: Option<u8>,
    /// The document that it was found to be.
    pub fiscal: Option<Doc>,
    /// True where the caller has an error to see.
    pub error: bool,
    /// True where the vendor has no more to tell.
    pub left_to_person: bool,
    /// Secrets that change with it.
    pub secrets: Option<Secrets>,
}

impl Finding {
    /// A finding with nothing but the event.
    pub const fn of(event: Event) -> Self {
        let error = matches!(event, Event::NotKnown | Event::NotTaken);
        Self { event, document: None, fiscal: None, error, left_to_person: false, secrets: None }
    }

    /// On record as this document.
    pub const fn registered(doc: Doc) -> Self {
        Self { fiscal: Some(doc), ..Self::of(Event::Registered) }
    }

    /// In the vendor's queue under this id.
    pub const fn accepted(document: Option<u8>) -> Self {
        Self { document, ..Self::of(Event::Accepted) }
    }
}

/// What the journal holds beside the entries; written in one stroke with one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Secrets {
    /// The device's key.
    pub key: u8,
    /// How many receipts the device had made when that was last known.
    pub last: Option<u8>,
    /// What is remembered of the counter.
    pub watch: Watch,
}

/// An answer as the vendor gave it.
#[allow(missing_docs, reason = "the texts of the variants say what their fields are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Taken into the queue, under this id.
    Taken(u8),
    /// Known already, under this id.
    Known(u8),
    /// Refused for good, in the vendor's own words.
    Refused,
    /// Not taken this time, in the vendor's own words.
    Busy,
    /// Where the document with our key or id stands.
    Status(u8),
    /// On record, as the only thing that the vendor tells.
    Recorded,
    /// On record; the next key.
    Done { number: u8, key: u8 },
    /// The answer to the last registration again.
    Repeated { number: u8, key: u8 },
    /// The device does not take this key.
    KeyRefused,
}

/// What a process does next.
#[allow(missing_docs, reason = "the texts of the variants say what their fields are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pc {
    /// Nothing.
    Idle,
    /// It has the lease and reads the journal next; true to put a failed document back.
    Called { requeue: bool },
    /// Finds out what the next attempt is bound to.
    ToBind,
    /// Writes down that the attempt begins.
    ToBegin(Bound),
    /// Sends.
    ToSend,
    /// Takes over what another process began.
    ToTakeOver,
    /// Waits until it may ask, then asks.
    ToSettle { waited: bool },
    /// Repeats the document.
    ToSendRepeat,
    /// Asks where an accepted document stands.
    ToAsk,
    /// Asks for a document to be put back into the queue.
    ToPut,
    /// Waits for an answer.
    Awaits { answer: Option<Answer>, from: Origin },
    /// Writes down what it found.
    Found { finding: Finding, from: Origin },
    /// Writes down a secret by itself. Only where a rule is broken.
    ToKeep { secrets: Secrets, stops: bool },
}

/// From which step a finding came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The first send of an attempt.
    Send,
    /// A repeat of a document in doubt.
    Repeat,
    /// A question about a document in doubt.
    Settle,
    /// A question about an accepted document.
    Ask,
    /// Putting a failed document back.
    Requeue,
}

/// A process and what it holds in its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// What it does next.
    pub pc: Pc,
    /// The system that it is configured for.
    pub system: u8,
    /// The receipt that it works on.
    pub receipt: u8,
    /// The entry as it read it.
    pub copy: Option<Entry>,
    /// True where the attempt under way is its own.
    pub begun: bool,
    /// Sends of this call.
    pub sends: u8,
    /// The receipt that it was called for, while it settles an earlier one.
    pub later: Option<(u8, Entry)>,
}

impl Process {
    /// A process that does nothing.
    pub const IDLE: Process =
        Process { pc: Pc::Idle, system: 0, receipt: 0, copy: None, begun: false, sends: 0, later: None };
}

/// A request that is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The process that waits for the answer.
    pub sender: Option<u8>,
    /// True to put a failed document back, false to make one.
    pub requeue: bool,
    /// The receipt.
    pub receipt: u8,
    /// The key that it carries.
    pub key: u8,
    /// The system that it goes to.
    pub system: u8,
    /// Settle times that it may still arrive after.
    pub life: u8,
}

/// How far a document came at a vendor that queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// In the queue.
    Queued,
    /// On record.
    Done,
    /// Given up by the vendor.
    Failed,
}

/// A document at the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AtVendor {
    /// Whose it is.
    pub doc: Doc,
    /// The key that it came with.
    pub key: u8,
    /// The system that has it.
    pub system: u8,
    /// How far it came.
    pub stage: Stage,
}

/// The vendor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Vendor {
    /// Its documents in the order in which they came; a document's place is its id and number.
    pub documents: [Option<AtVendor>; DOCUMENTS],
    /// The system that the configuration points to.
    pub system: u8,
    /// True where it refuses documents like ours.
    pub refuses: bool,
    /// True where a repeated key makes no second document.
    pub keeps_keys: bool,
    /// The counter of the shift, of each system.
    pub counter: [i8; 2],
    /// True where the counter answers to documents like ours.
    pub counts: bool,
    /// True where that is known from the start: cash.
    pub is_cash: bool,
    /// The device's key.
    pub key: u8,
    /// The place of the registration that the device repeats.
    pub repeats: Option<u8>,
}

/// What a person does.
#[allow(missing_docs, reason = "the texts of the variants say what their fields are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Person {
    /// Nothing.
    Away,
    /// Looked at the vendor's record, and decides next.
    Looked { receipt: u8, revision: u8, on_record: bool },
}

/// What may still happen; each is counted down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Left {
    /// Calls of the shop.
    pub calls: u8,
    /// Settle times that pass.
    pub ticks: u8,
    /// Faults of any kind: crashes, lost and spoilt answers, leases that end, clocks that step, others that
    /// write.
    pub faults: u8,
    /// Verdicts, keys that are told, documents put back.
    pub by_person: u8,
}

/// What happened and cannot be seen from the library. Only the predicate of what the vendor cannot tell reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Past {
    /// Another program wrote.
    pub stranger: bool,
    /// An earlier life of the shop, whose journal is lost, made the document.
    pub earlier_life: bool,
    /// A reading could not be read.
    pub unreadable: bool,
    /// The device lost its memory of the last registration before its answer was written down.
    pub forgot: bool,
    /// A person found a document on record, so its answer with the next key was never heard.
    pub verdict: bool,
}

/// The whole world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The journal's entries.
    pub journal: [Option<Entry>; RECEIPTS],
    /// The journal's secrets.
    pub secrets: Secrets,
    /// What the last write replaced; kept only where writes are not synced.
    pub unsynced: Option<(u8, Option<Entry>)>,
    /// Who holds the lease.
    pub lease: Option<u8>,
    /// The processes.
    pub processes: [Process; PROCESSES],
    /// The person.
    pub person: Person,
    /// Requests on their way.
    pub net: Vec<Request>,
    /// The vendor.
    pub vendor: Vendor,
    /// What the shop was told last of each receipt, where that is final.
    pub told: [Option<State>; RECEIPTS],
    /// What may still happen.
    pub left: Left,
    /// What happened and is not seen.
    pub past: Past,
}

impl World {
    /// How many documents of a receipt are on record, in all systems.
    pub fn recorded(&self, receipt: u8) -> usize {
        let is_his = |at: &&AtVendor| at.doc == Doc::Ours(receipt) && at.stage == Stage::Done;
        self.vendor.documents.iter().flatten().filter(is_his).count()
    }

    /// True where nothing is on its way, no process is at work and nobody holds the lease.
    pub fn is_quiet(&self) -> bool {
        self.net.is_empty()
            && self.lease.is_none()
            && self.person == Person::Away
            && self.processes.iter().all(|process| process.pc == Pc::Idle)
    }

    /// A process ends: what it held in its memory is gone, and nobody hears the answers to what it sent.
    pub fn end_process(&mut self, process: u8) {
        self.processes[usize::from(process)] = Process::IDLE;
        self.forget_sender(process);
        if self.lease == Some(process) {
            self.lease = None;
        }
    }

    /// Nobody hears the answer to what a process sent any more.
    pub fn forget_sender(&mut self, process: u8) {
        for request in &mut self.net {
            if request.sender == Some(process) {
                request.sender = None;
            }
        }
        self.sort_net();
    }

    /// Requests on their way have no order.
    pub fn sort_net(&mut self) {
        self.net.sort_unstable_by_key(|request| {
            (request.receipt, request.sender, request.requeue, request.key, request.system, request.life)
        });
    }
}
