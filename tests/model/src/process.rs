//! The loop of `delivery/steps.rs` as a process goes through it, one step at a time.

use kassa::delivery::transitions::{Event, Next, Transition, Written, next};
use kassa::receipt::registration::State;

use crate::model::Protocol;
use crate::vendor;
use crate::world::{
    Age, Bound, Entry, Finding, Kind, Origin, PROCESSES, Pc, Process, Request, Secrets, World,
};

/// Most sends of one document within one call.
const MOST_SENDS: u8 = 2;

impl Protocol {
    /// What happened is written over the entry that the process read. False where another write came first.
    pub fn write(&self, world: &mut World, process: u8, new: Entry) -> bool {
        let held = &mut world.processes[usize::from(process)];
        let place = usize::from(held.receipt);
        let read = held.copy.map_or(0, |copy| copy.revision);
        let stored = world.journal[place].map_or(0, |stored| stored.revision);
        if self.rules.revision_counts && read != stored {
            return false;
        }
        let new = Entry { revision: read.max(stored) + 1, age: Age::default(), ..new };
        if !self.rules.writes_are_synced {
            world.unsynced = Some((held.receipt, world.journal[place]));
        }
        let was_failed = world.journal[place].is_some_and(|stored| stored.state == State::Failed);
        if was_failed && new.state != State::Failed {
            // Who puts a failed document back knows that it is open again.
            world.told[place] = None;
        }
        world.journal[place] = Some(new);
        held.copy = Some(new);
        true
    }

    /// A new entry, before it is written.
    pub fn new_entry(&self, system: u8) -> Entry {
        let begins = !self.kind.is_by_register();
        Entry {
            state: if begins { State::Sending } else { State::Queued },
            revision: 0,
            attempts: u8::from(begins),
            bound: Bound::Nothing,
            system,
            document: None,
            fiscal: None,
            left_to_person: false,
            age: Age::default(),
        }
    }

    /// The process reads the journal and writes the intent where there is none.
    pub fn intend(&self, world: &mut World, process: u8, requeue: bool) {
        let at = usize::from(process);
        let receipt = usize::from(world.processes[at].receipt);
        if requeue {
            world.processes[at].copy = world.journal[receipt];
            return self.requeue(world, process);
        }
        match world.journal[receipt] {
            Some(entry) => world.processes[at].copy = Some(entry),
            None => {
                let new = self.new_entry(world.processes[at].system);
                world.processes[at].begun = new.state == State::Sending;
                if self.rules.intent_before_send {
                    self.write(world, process, new);
                } else {
                    world.processes[at].copy = Some(new);
                }
            }
        }
        self.go_on(world, process);
    }

    /// Putting a failed document back: the intent first, by the row of the table that is there for it.
    fn requeue(&self, world: &mut World, process: u8) {
        let at = usize::from(process);
        let Some(failed) = world.processes[at].copy.filter(|entry| entry.state == State::Failed) else {
            return self.stop(world, process);
        };
        if self.rules.identity_compared && failed.system != world.processes[at].system {
            return self.stop(world, process);
        }
        if let Some(row) = self.table.requeue_intent().filter(|_| self.rules.requeue_intent_first) {
            self.write(world, process, Entry { state: row.to, ..failed });
        }
        world.processes[at].pc = Pc::ToPut;
    }

    /// What the process does next, by `next` of core.
    pub fn go_on(&self, world: &mut World, process: u8) {
        let at = usize::from(process);
        let Process { copy: Some(entry), begun, sends, later, system, .. } = world.processes[at] else {
            return self.stop(world, process);
        };
        if !entry.state.is_final() && self.rules.identity_compared && entry.system != system {
            return self.stop(world, process);
        }
        world.processes[at].pc = match next(entry.state, begun) {
            Next::Stop if later.is_some() => return self.back_to_later(world, process),
            Next::Stop => return self.stop(world, process),
            Next::Begin if later.is_some() => return self.back_to_later(world, process),
            Next::Begin if sends == MOST_SENDS => return self.stop(world, process),
            Next::Begin if self.kind.is_by_register() => Pc::ToBind,
            Next::Begin => Pc::ToBegin(Bound::Nothing),
            Next::Send => Pc::ToSend,
            Next::TakeOver => Pc::ToTakeOver,
            Next::Settle if !self.rules.asked_before_resend && later.is_none() => Pc::ToSend,
            Next::Settle => Pc::ToSettle { waited: false },
            Next::Ask => Pc::ToAsk,
        };
    }

    /// Nothing new begins while an earlier document of the register is in doubt: it is settled first. True
    /// where there is one.
    pub fn settles_earlier(&self, world: &mut World, process: u8) -> bool {
        let at = usize::from(process);
        let (receipt, copy) = (world.processes[at].receipt, world.processes[at].copy);
        let Some(copy) = copy.filter(|_| self.rules.earlier_settled_first) else { return false };
        let unsettled = |place: &u8| {
            let other = world.journal[usize::from(*place)];
            *place != receipt && other.is_some_and(is_unsettled)
        };
        let Some(earlier) = (0..self.receipts()).find(unsettled) else { return false };
        let held = &mut world.processes[at];
        held.later = Some((receipt, copy));
        held.receipt = earlier;
        held.copy = world.journal[usize::from(earlier)];
        self.go_on(world, process);
        true
    }

    fn back_to_later(&self, world: &mut World, process: u8) {
        let held = &mut world.processes[usize::from(process)];
        let Some((receipt, copy)) = held.later.take() else { return self.stop(world, process) };
        held.receipt = receipt;
        held.copy = Some(copy);
        self.go_on(world, process);
    }

    /// The call ends: the shop hears where the receipt stands, where that is final.
    pub fn stop(&self, world: &mut World, process: u8) {
        let held = world.processes[usize::from(process)];
        if let (Some(entry), None) = (held.copy, held.later)
            && entry.state.is_final()
        {
            world.told[usize::from(held.receipt)] = Some(entry.state);
        }
        world.end_process(process);
    }

    /// The attempt begins.
    pub fn begin(&self, world: &mut World, process: u8, bound: Bound) {
        let at = usize::from(process);
        let Some(entry) = world.processes[at].copy else { return self.stop(world, process) };
        let Some(row) = self.table.after(entry.state, Event::Begun) else { return self.stop(world, process) };
        if !self.may_write(world, process) {
            return self.stop(world, process);
        }
        let new = Entry { state: row.to, attempts: entry.attempts + 1, bound, ..entry };
        let is_written = if self.rules.intent_before_send || entry.revision > 0 {
            self.write(world, process, new)
        } else {
            world.processes[at].copy = Some(new);
            true
        };
        if !is_written {
            return self.stop(world, process);
        }
        world.processes[at].begun = true;
        self.go_on(world, process);
    }

    /// True where the process may still act on what it read: it looks at the lease again.
    pub fn may_write(&self, world: &World, process: u8) -> bool {
        !self.rules.lease_looked_at_before_writing || self.holds_lease(world, process)
    }

    fn holds_lease(&self, world: &World, process: u8) -> bool {
        world.lease == Some(process) || !self.rules.lease_needed
    }

    /// The process looks at the lease and at the register's identity, and sends, in one moment.
    pub fn send(&self, world: &mut World, process: u8, from: Origin) {
        let at = usize::from(process);
        let Some(entry) = world.processes[at].copy else { return self.stop(world, process) };
        let is_elsewhere = self.rules.identity_compared && entry.system != world.processes[at].system;
        let has_lost_it = self.rules.lease_looked_at_again && !self.holds_lease(world, process);
        if is_elsewhere || has_lost_it {
            if from == Origin::Send {
                let finding = Finding::of(Event::NotTaken);
                world.processes[at].pc = Pc::Found { finding, from };
                return;
            }
            return self.stop(world, process);
        }
        let stored = world.journal[usize::from(world.processes[at].receipt)];
        let is_stale = stored.is_some_and(|stored| stored.age.true_age >= 1);
        if self.rules.repeat_written_first && from != Origin::Send && is_stale {
            // It stood still since it wrote that down, and the wait counts from there.
            return self.go_on(world, process);
        }
        world.processes[at].begun = false;
        if from == Origin::Send {
            world.processes[at].sends += 1;
        }
        world.net.push(Request {
            sender: Some(process),
            requeue: from == Origin::Requeue,
            receipt: world.processes[at].receipt,
            key: self.key_of(&entry),
            system: world.processes[at].system,
            life: u8::from(!self.rules.whole_exchange_or_none),
        });
        world.sort_net();
        world.processes[at].pc = Pc::Awaits { answer: None, from };
    }

    /// The key under which the vendor gets a document.
    pub fn key_of(&self, entry: &Entry) -> u8 {
        match entry.bound {
            Bound::Key { key, .. } => key,
            _ if self.rules.key_is_derived => 0,
            _ => entry.revision,
        }
    }

    /// The exchange is given up, or nothing was sent.
    pub fn gave_up(&self, world: &mut World, process: u8, from: Origin, was_sent: bool) {
        world.forget_sender(process);
        let event = match was_sent && self.rules.maybe_sent_is_in_doubt {
            true => Event::NotKnown,
            false => Event::NotTaken,
        };
        self.found(world, process, from, Finding::of(event));
    }

    /// The process knows what an answer proves, and writes it down next.
    pub fn found(&self, world: &mut World, process: u8, from: Origin, finding: Finding) {
        let held = &mut world.processes[usize::from(process)];
        if !self.rules.conclusion_before_report && finding.event == Event::Registered {
            world.told[usize::from(held.receipt)] = Some(State::Registered);
        }
        held.pc = Pc::Found { finding, from };
    }

    /// Moves the entry as the table says, writes that down, and goes on as core does.
    pub fn conclude(&self, world: &mut World, process: u8, finding: Finding, from: Origin) {
        let at = usize::from(process);
        let Some(entry) = world.processes[at].copy else { return self.stop(world, process) };
        let row = match self.table.after(entry.state, finding.event) {
            // A failed document that was put back without an intent.
            None if entry.state == State::Failed && finding.event == Event::Accepted => {
                self.table.requeue_done()
            }
            row => row,
        };
        let Some(row) = row else { return self.stop(world, process) };
        let new = Entry { age: entry.age, ..concluded(&entry, &row, &finding) };
        // Still waiting is not worth a write.
        let is_written = (new == entry && row.to == State::Accepted) || self.write(world, process, new);
        if !is_written {
            return self.stop(world, process);
        }
        let left = new.left_to_person;
        let stops = match from {
            _ if row.to == State::Failed && world.processes[at].later.is_none() => true,
            _ if world.processes[at].later.is_some() => finding.error && !left,
            Origin::Send => {
                if finding.error {
                    new.state != State::InDoubt
                } else {
                    new.state != State::Queued
                }
            }
            Origin::Repeat | Origin::Settle => finding.error || new.state == State::Accepted,
            Origin::Ask | Origin::Requeue => true,
        };
        if let Some(secrets) = finding.secrets {
            if world.processes[at].system != world.vendor.system {
                // Those are kept by register, and the new one's are looked at here.
            } else if self.rules.key_in_one_stroke {
                world.secrets = secrets;
            } else {
                world.processes[at].pc = Pc::ToKeep { secrets, stops };
                return;
            }
        }
        self.after_conclusion(world, process, stops);
    }

    /// A secret is written by itself.
    pub fn keep(&self, world: &mut World, process: u8, secrets: Secrets, stops: bool) {
        world.secrets = secrets;
        self.after_conclusion(world, process, stops);
    }

    fn after_conclusion(&self, world: &mut World, process: u8, stops: bool) {
        let held = world.processes[usize::from(process)];
        if stops {
            // The later receipt is not told by what became of the earlier one.
            self.stop(world, process);
        } else if held.later.is_some() {
            self.back_to_later(world, process);
        } else {
            self.go_on(world, process);
        }
    }

    /// Another process ended in the attempt.
    pub fn take_over(&self, world: &mut World, process: u8) {
        let at = usize::from(process);
        let Some(entry) = world.processes[at].copy else { return self.stop(world, process) };
        let Some(row) = self.table.after(entry.state, Event::Abandoned) else {
            return self.stop(world, process);
        };
        if self.may_write(world, process) && self.write(world, process, Entry { state: row.to, ..entry }) {
            self.go_on(world, process);
        } else {
            self.stop(world, process);
        }
    }

    /// Writes down that a document in doubt is repeated, so that the wait counts from there.
    pub fn write_repeat(&self, world: &mut World, process: u8) {
        let at = usize::from(process);
        let Some(entry) = world.processes[at].copy else { return self.stop(world, process) };
        if self.may_write(world, process) && self.write(world, process, entry) {
            world.processes[at].pc = Pc::ToSendRepeat;
        } else {
            self.stop(world, process);
        }
    }

    /// True where the time is over after which the vendor's "not there" is believed.
    pub fn wait_is_over(&self, entry: &Entry, waited: bool) -> bool {
        // The repeat of a key is answered by the first document, whenever.
        let needs_none = self.kind == Kind::Key || !self.rules.settle_wait;
        let by_clock = match self.rules.clock_that_cannot_be_set {
            true => entry.age.true_age >= 1 && !entry.age.restarted,
            false => entry.age.wall >= 1,
        };
        needs_none || waited || by_clock
    }

    /// Asks the vendor about a document in doubt or accepted: with a question, or with a repeat.
    pub fn settle_by(&self, world: &World, process: u8) -> vendor::Means {
        let held = world.processes[usize::from(process)];
        match held.copy {
            Some(entry) => vendor::means(self, &entry, held.later.is_some()),
            None => vendor::Means::Question,
        }
    }

    /// How many receipts there are.
    pub fn receipts(&self) -> u8 {
        u8::try_from(self.kind.receipts()).unwrap_or(u8::MAX)
    }

    /// Every process.
    pub fn processes() -> std::ops::Range<u8> {
        0..u8::try_from(PROCESSES).unwrap_or(u8::MAX)
    }
}

/// True for a document whose fate the vendor may still tell.
pub fn is_unsettled(entry: Entry) -> bool {
    matches!(entry.state, State::Sending | State::InDoubt) && !entry.left_to_person
}

/// The entry after a row of the table, with what that row writes.
pub fn concluded(entry: &Entry, row: &Transition, finding: &Finding) -> Entry {
    let (document, fiscal) = match row.written {
        Written::Record => (finding.document, finding.fiscal),
        Written::Answer => (finding.document, None),
        _ => (None, None),
    };
    Entry {
        state: row.to,
        document: document.or(entry.document),
        fiscal: fiscal.or(entry.fiscal),
        left_to_person: row.written == Written::Evidence && finding.left_to_person,
        ..*entry
    }
}
