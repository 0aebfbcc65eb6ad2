//! What happens outside the processes: requests that arrive, the vendor's queue, time and clocks, leases that
//! end, others that write.

use kassa::receipt::registration::State;

use crate::actions::{Action, Choice};
use crate::model::Protocol;
use crate::process::is_unsettled;
use crate::vendor::{self, note, on_record};
use crate::vendor_counters::THEIRS;
use crate::vendor_rotating;
use crate::world::{Age, AtVendor, Doc, Kind, PROCESSES, Pc, Process, Request, Stage, Watch, World};

impl Protocol {
    /// What can happen outside the processes, requests aside.
    pub fn world_actions(&self, world: &World, actions: &mut Vec<Action>) {
        for (place, at) in (0..).zip(&world.vendor.documents) {
            if at.is_some_and(|at| at.stage == Stage::Queued) {
                actions.push(Action::Record { place });
                if world.left.faults > 0 {
                    actions.push(Action::GiveUpDocument { place });
                }
            }
        }
        if world.left.ticks > 0 && self.time_matters(world) {
            actions.push(Action::TimePasses);
        }
        if self.may_change_shift(world) {
            actions.push(Action::NewShift);
        }
        if world.left.faults == 0 {
            return;
        }
        // The holder looked whether it holds for a whole exchange.
        let is_within = |request: &Request| request.sender.is_some() && request.sender == world.lease;
        let is_looked_at = self.rules.lease_looked_at_again;
        if world.lease.is_some() && !(is_looked_at && world.net.iter().any(is_within)) {
            actions.push(Action::LeaseEnds);
        }
        if world.journal[0].is_some() {
            actions.extend([true, false].map(|forward| Action::ClockStep { forward }));
            actions.push(Action::Restart);
        }
        if world.unsynced.is_some() {
            actions.push(Action::PowerLoss);
        }
        self.others(world, actions);
    }

    /// Time that passes changes something only where something waits or travels.
    fn time_matters(&self, world: &World) -> bool {
        let is_young =
            world.journal.iter().flatten().any(|entry| !entry.state.is_final() && entry.age.true_age == 0);
        let waits = |process: &Process| process.pc == Pc::ToSettle { waited: false };
        !world.net.is_empty() || is_young || world.processes.iter().any(waits)
    }

    /// What other programs and persons do to the vendor.
    fn others(&self, world: &World, actions: &mut Vec<Action>) {
        let is_first = !world.past.stranger && world.vendor.documents.iter().flatten().count() < 3;
        let by_key = matches!(self.kind, Kind::Key) || world.vendor.keeps_keys;
        let has_none = world.vendor.documents.iter().all(Option::is_none);
        match self.kind {
            Kind::Key | Kind::AskedKey => {
                if by_key && has_none {
                    actions.push(Action::Stranger { alike: false });
                    if world.journal[0].is_none() && world.vendor.system == 0 {
                        actions.push(Action::Stranger { alike: true });
                    }
                }
            }
            Kind::Counters | Kind::RotatingKey if is_first && world.journal[0].is_some() => {
                actions.push(Action::Stranger { alike: false });
            }
            Kind::Counters | Kind::RotatingKey => {}
        }
        if self.kind == Kind::RotatingKey && world.vendor.repeats.is_some() {
            actions.push(Action::DeviceForgets);
        }
        if self.kind != Kind::RotatingKey
            && world.vendor.system == 0
            && world.journal[0].is_some()
            && !world.past.earlier_life
        {
            actions.push(Action::Rebind);
        }
    }

    /// The shift is changed by the library, with the lease: not while a document is in doubt.
    fn may_change_shift(&self, world: &World) -> bool {
        let waits = world.journal.iter().flatten().any(|entry| is_unsettled(*entry));
        self.kind == Kind::Counters
            && world.left.by_person > 0
            && world.lease.is_none()
            && world.journal[0].is_some()
            && !(waits && self.rules.shift_waits_for_doubt)
    }

    /// What an action outside the processes makes of the world. `None` where it comes to nothing.
    pub fn happens_outside(&self, world: &mut World, action: Action) -> Option<()> {
        match action {
            Action::Arrive { place, choice } => {
                let request = world.net.remove(usize::from(place));
                self.arrive(world, &request, choice)?;
            }
            Action::ArriveTwice { place } => {
                let request = world.net[usize::from(place)];
                self.arrive(world, &request, Choice::Takes)?;
            }
            Action::Record { place } => stage(world, place, Stage::Done)?,
            Action::GiveUpDocument { place } => stage(world, place, Stage::Failed)?,
            Action::TimePasses => self.time_passes(world),
            Action::ClockStep { forward } => {
                for entry in world.journal.iter_mut().flatten() {
                    let by = if forward { 1 } else { -1 };
                    entry.age.wall = (entry.age.wall + by).clamp(-1, 1);
                }
            }
            Action::Restart => {
                for process in 0..PROCESSES {
                    world.end_process(u8::try_from(process).ok()?);
                }
                for entry in world.journal.iter_mut().flatten() {
                    entry.age = Age { true_age: 0, restarted: true, ..entry.age };
                }
            }
            Action::PowerLoss => {
                let (receipt, before) = world.unsynced.take()?;
                world.journal[usize::from(receipt)] = before;
                for process in 0..PROCESSES {
                    world.end_process(u8::try_from(process).ok()?);
                }
            }
            Action::LeaseEnds => world.lease = None,
            Action::Stranger { alike } => self.stranger(world, alike)?,
            Action::Rebind => {
                world.vendor.system = 1;
                // What was remembered is another register's.
                world.secrets.watch = Watch { learned: world.vendor.is_cash, ..Watch::default() };
            }
            Action::NewShift => {
                world.vendor.counter[usize::from(world.vendor.system)] = 0;
                let learned = world.secrets.watch.learned;
                world.secrets.watch = Watch { learned, ..Watch::default() };
            }
            Action::DeviceForgets => {
                let number = world.vendor.repeats.take()?;
                let is_written = world.journal.iter().flatten().any(|entry| {
                    let at = world.vendor.documents[usize::from(number)];
                    entry.state == State::Registered && at.map(|at| at.doc) == entry.fiscal
                });
                world.past.forgot |= !is_written;
            }
            _ => return None,
        }
        Some(())
    }

    fn arrive(&self, world: &mut World, request: &Request, choice: Choice) -> Option<()> {
        let answered = vendor::arrives(self, world, request, choice)?;
        if let Some(sender) = request.sender
            && let Pc::Awaits { answer, .. } = &mut world.processes[usize::from(sender)].pc
        {
            *answer = Some(answered);
        }
        Some(())
    }

    fn time_passes(&self, world: &mut World) {
        if self.rules.bytes_end_with_exchange {
            world.net.retain(|request| request.life > 0);
            for request in &mut world.net {
                request.life -= 1;
            }
        }
        for entry in world.journal.iter_mut().flatten() {
            entry.age.true_age = 1;
            entry.age.wall = (entry.age.wall + 1).min(1);
        }
        for process in &mut world.processes {
            if let Pc::ToSettle { waited } = &mut process.pc {
                *waited = true;
            }
        }
    }

    fn stranger(&self, world: &mut World, alike: bool) -> Option<()> {
        let doc = if alike { Doc::Ours(0) } else { Doc::Theirs };
        match self.kind {
            Kind::Key | Kind::AskedKey => {
                let stage = if alike { Stage::Queued } else { Stage::Done };
                note(world, AtVendor { doc, key: 0, system: world.vendor.system, stage })?;
            }
            Kind::Counters => {
                note(world, on_record(doc, 0, world.vendor.system))?;
                world.vendor.counter[usize::from(world.vendor.system)] += THEIRS;
            }
            Kind::RotatingKey => {
                vendor_rotating::registers(world, doc)?;
            }
        }
        world.past.stranger |= !alike;
        world.past.earlier_life |= alike;
        Some(())
    }
}

fn stage(world: &mut World, place: u8, stage: Stage) -> Option<()> {
    let at = world.vendor.documents.get_mut(usize::from(place))?.as_mut()?;
    at.stage = stage;
    Some(())
}
