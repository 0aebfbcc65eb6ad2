//! The model for the checker: what can happen in a world, and what the world is then.

use kassa::delivery::transitions::Event;
use kassa::receipt::registration::State;
use stateright::{Model, Property};

use crate::actions::{Action, Choice, Heard};
use crate::rules::Rules;
use crate::table::Table;
use crate::vendor::{self, Means};
use crate::world::{
    Finding, Kind, Left, Origin, Past, Pc, Person, Process, RECEIPTS, Secrets, Vendor, Watch, World,
};
use crate::{person, properties};

/// How much may happen in a world.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Calls of the shop.
    pub calls: u8,
    /// Settle times that pass.
    pub ticks: u8,
    /// Faults of any kind.
    pub faults: u8,
    /// What a person does.
    pub by_person: u8,
}

/// The library in a world with one kind of vendor.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// By what means the vendor knows a document.
    pub kind: Kind,
    /// Which rules are kept.
    pub rules: Rules,
    /// The table of transitions.
    pub table: Table,
    /// How much may happen.
    pub bounds: Bounds,
}

impl Protocol {
    /// The library as it shall be.
    pub fn kept(kind: Kind, bounds: Bounds) -> Self {
        Self { kind, rules: Rules::default(), table: Table::default(), bounds }
    }

    fn world(&self, vendor: Vendor) -> World {
        let watch = Watch { learned: vendor.is_cash, ..Watch::default() };
        World {
            journal: [None; RECEIPTS],
            secrets: Secrets { watch, ..Secrets::default() },
            unsynced: None,
            lease: None,
            processes: [Process::IDLE; 2],
            person: Person::Away,
            net: Vec::new(),
            vendor,
            told: [None; RECEIPTS],
            left: Left {
                calls: self.bounds.calls,
                ticks: self.bounds.ticks,
                faults: self.bounds.faults,
                by_person: self.bounds.by_person,
            },
            past: Past::default(),
        }
    }

    fn process_actions(&self, world: &World, process: u8, actions: &mut Vec<Action>) {
        let held = world.processes[usize::from(process)];
        let faulty = world.left.faults > 0;
        match held.pc {
            Pc::Idle => return self.idle_actions(world, process, actions),
            Pc::Called { .. } => actions.push(Action::Intend { process }),
            Pc::ToBind => {
                actions.push(Action::Bind { process, heard: Heard::Whole });
                if faulty && self.kind == Kind::Counters {
                    actions.push(Action::Bind { process, heard: Heard::Unreadable });
                }
            }
            Pc::ToBegin(_) => actions.push(Action::Begin { process }),
            Pc::ToSend | Pc::ToSendRepeat | Pc::ToPut => {
                actions.push(Action::Send { process });
                if faulty && held.pc == Pc::ToSend {
                    actions.push(Action::CannotSend { process });
                }
            }
            Pc::ToTakeOver => actions.push(Action::TakeOver { process }),
            Pc::ToSettle { waited } => {
                if held.copy.is_some_and(|entry| self.wait_is_over(&entry, waited)) {
                    self.settling_actions(world, process, actions);
                } else {
                    actions.push(Action::StopWaiting { process });
                }
            }
            Pc::ToAsk => self.settling_actions(world, process, actions),
            Pc::Awaits { answer, .. } => {
                if answer.is_some() {
                    actions.push(Action::Hear { process, heard: Heard::Whole });
                }
                if faulty {
                    actions.push(Action::GiveUp { process });
                    for heard in vendor::spoilt_answers(self) {
                        // Another document's answer takes the place of one.
                        if answer.is_some() || *heard != Heard::Mixed {
                            actions.push(Action::Hear { process, heard: *heard });
                        }
                    }
                }
            }
            Pc::Found { .. } => actions.push(Action::Conclude { process }),
            Pc::ToKeep { .. } => actions.push(Action::Keep { process }),
        }
        if faulty {
            actions.push(Action::Crash { process });
        }
    }

    fn idle_actions(&self, world: &World, process: u8, actions: &mut Vec<Action>) {
        // Processes that do nothing are alike: the second works only beside the first.
        let is_next = process == 0 || world.processes[0].pc != Pc::Idle;
        let is_free = world.lease.is_none() || !self.rules.lease_needed;
        if !is_next || !is_free {
            return;
        }
        for receipt in 0..self.receipts() {
            let entry = world.journal[usize::from(receipt)];
            let is_its_turn = receipt == 0 || world.journal[0].is_some();
            if world.left.calls > 0 && is_its_turn && entry.is_none_or(|entry| !entry.state.is_final()) {
                actions.push(Action::Call { process, receipt });
            }
            if self.may_requeue(world, receipt) {
                actions.push(Action::Requeue { process, receipt });
            }
        }
    }

    fn may_requeue(&self, world: &World, receipt: u8) -> bool {
        let has_row = !self.rules.requeue_intent_first || self.table.requeue_intent().is_some();
        let entry = world.journal[usize::from(receipt)];
        let is_failed = entry.is_some_and(|entry| entry.state == State::Failed);
        self.kind == Kind::AskedKey && has_row && is_failed && world.left.by_person > 0
    }

    fn settling_actions(&self, world: &World, process: u8, actions: &mut Vec<Action>) {
        match self.settle_by(world, process) {
            Means::Question => {
                actions.push(Action::Ask { process, heard: Heard::Whole });
                let copy = world.processes[usize::from(process)].copy;
                if let Some(entry) = copy.filter(|_| world.left.faults > 0) {
                    let spoilt = vendor::spoilt_questions(self, &entry).into_iter();
                    actions.extend(spoilt.map(|heard| Action::Ask { process, heard }));
                }
            }
            Means::Repeat if self.rules.repeat_written_first => actions.push(Action::WriteRepeat { process }),
            Means::Repeat => actions.push(Action::Send { process }),
        }
    }

    fn network_actions(&self, world: &World, actions: &mut Vec<Action>) {
        for (place, request) in (0..).zip(&world.net) {
            // The same request twice is one.
            if place > 0 && world.net[usize::from(place) - 1] == *request {
                continue;
            }
            actions.push(Action::Arrive { place, choice: Choice::Takes });
            if world.left.faults > 0 {
                if self.kind != Kind::RotatingKey && !request.requeue {
                    actions.push(Action::Arrive { place, choice: Choice::IsBusy });
                }
                if self.may_double(world) && !request.requeue {
                    actions.push(Action::ArriveTwice { place });
                }
            }
        }
    }

    /// Whether a request may arrive twice. Where that alone makes a second document, no client helps.
    fn may_double(&self, world: &World) -> bool {
        match self.kind {
            Kind::Key | Kind::RotatingKey => true,
            Kind::AskedKey => world.vendor.keeps_keys,
            Kind::Counters => false,
        }
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let vendor = Vendor::default();
        let refuses = Vendor { refuses: true, ..vendor };
        match self.kind {
            Kind::Key | Kind::RotatingKey => vec![self.world(vendor), self.world(refuses)],
            Kind::AskedKey => {
                let keeps = |vendor| Vendor { keeps_keys: true, ..vendor };
                [vendor, keeps(vendor), keeps(refuses)].map(|vendor| self.world(vendor)).to_vec()
            }
            Kind::Counters => {
                let counts = Vendor { counts: true, ..vendor };
                let cash = Vendor { is_cash: true, ..counts };
                let refusing = Vendor { refuses: true, ..cash };
                // Cash; a card where the counter answers; a card where none does; one that is refused.
                vec![self.world(cash), self.world(counts), self.world(vendor), self.world(refusing)]
            }
        }
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for process in Self::processes() {
            self.process_actions(world, process, actions);
        }
        self.network_actions(world, actions);
        self.world_actions(world, actions);
        person::actions(self, world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        self.pay(&mut next, action);
        self.happens(&mut next, action)?;
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Protocol {
    /// Counts down what may still happen.
    fn pay(&self, world: &mut World, action: Action) {
        let left = &mut world.left;
        let spoilt = |heard| u8::from(heard != Heard::Whole);
        let faults = match action {
            Action::Bind { heard, .. } | Action::Ask { heard, .. } | Action::Hear { heard, .. } => {
                spoilt(heard)
            }
            Action::Arrive { choice, .. } => u8::from(choice == Choice::IsBusy),
            Action::CannotSend { .. }
            | Action::GiveUp { .. }
            | Action::Crash { .. }
            | Action::ArriveTwice { .. }
            | Action::GiveUpDocument { .. }
            | Action::ClockStep { .. }
            | Action::Restart
            | Action::PowerLoss
            | Action::LeaseEnds
            | Action::Stranger { .. }
            | Action::Rebind
            | Action::DeviceForgets => 1,
            _ => 0,
        };
        left.faults = left.faults.saturating_sub(faults);
        match action {
            Action::Call { .. } => left.calls = left.calls.saturating_sub(1),
            Action::TimePasses => left.ticks = left.ticks.saturating_sub(1),
            Action::Requeue { .. } | Action::NewShift | Action::TellKey | Action::Look { .. } => {
                left.by_person = left.by_person.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// What an action makes of the world. `None` where it comes to nothing.
    fn happens(&self, world: &mut World, action: Action) -> Option<()> {
        match action {
            Action::Call { process, receipt } => self.called(world, process, receipt, false),
            Action::Requeue { process, receipt } => self.called(world, process, receipt, true),
            Action::Intend { process } => {
                let Pc::Called { requeue } = world.processes[usize::from(process)].pc else { return None };
                self.intend(world, process, requeue);
            }
            Action::Bind { process, heard } => {
                if self.settles_earlier(world, process) {
                    return (heard == Heard::Whole).then_some(());
                }
                if heard == Heard::Unreadable {
                    world.past.unreadable = true;
                }
                match vendor::bind(self, world, process, heard) {
                    Some(bound) => world.processes[usize::from(process)].pc = Pc::ToBegin(bound),
                    None => self.stop(world, process),
                }
            }
            Action::Begin { process } => {
                let Pc::ToBegin(bound) = world.processes[usize::from(process)].pc else { return None };
                self.begin(world, process, bound);
            }
            Action::Send { process } => {
                let from = match world.processes[usize::from(process)].pc {
                    Pc::ToSend => Origin::Send,
                    Pc::ToPut => Origin::Requeue,
                    _ => Origin::Repeat,
                };
                self.send(world, process, from);
            }
            Action::CannotSend { process } => {
                world.processes[usize::from(process)].begun = false;
                self.found(world, process, Origin::Send, Finding::of(Event::NotTaken));
            }
            Action::TakeOver { process } => self.take_over(world, process),
            Action::Ask { process, .. } if !self.may_write(world, process) => self.stop(world, process),
            Action::Ask { process, heard } => {
                let from = match world.processes[usize::from(process)].pc {
                    Pc::ToAsk => Origin::Ask,
                    _ => Origin::Settle,
                };
                if heard == Heard::Unreadable {
                    world.past.unreadable = true;
                }
                let finding = vendor::asked(self, world, process, heard);
                self.found(world, process, from, finding);
            }
            Action::StopWaiting { process } => self.stop(world, process),
            Action::WriteRepeat { process } => self.write_repeat(world, process),
            Action::Hear { process, heard } => {
                let Pc::Awaits { answer, from } = world.processes[usize::from(process)].pc else {
                    return None;
                };
                world.forget_sender(process);
                let finding = vendor::proves(self, world, process, from, answer, heard);
                self.found(world, process, from, finding);
            }
            Action::GiveUp { process } => {
                let Pc::Awaits { from, .. } = world.processes[usize::from(process)].pc else { return None };
                self.gave_up(world, process, from, true);
            }
            Action::Conclude { process } => {
                let Pc::Found { finding, from } = world.processes[usize::from(process)].pc else {
                    return None;
                };
                self.conclude(world, process, finding, from);
            }
            Action::Keep { process } => {
                let Pc::ToKeep { secrets, stops } = world.processes[usize::from(process)].pc else {
                    return None;
                };
                self.keep(world, process, secrets, stops);
            }
            Action::Crash { process } => world.end_process(process),
            Action::Look { .. } | Action::Decide | Action::TellKey => {
                return person::happens(self, world, action);
            }
            _ => return self.happens_outside(world, action),
        }
        Some(())
    }

    fn called(&self, world: &mut World, process: u8, receipt: u8, requeue: bool) {
        if self.rules.lease_needed || world.lease.is_none() {
            world.lease = Some(process);
        }
        let pc = Pc::Called { requeue };
        world.processes[usize::from(process)] =
            Process { pc, receipt, system: world.vendor.system, ..Process::IDLE };
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self { calls: 3, ticks: 2, faults: 3, by_person: 1 }
    }
}
