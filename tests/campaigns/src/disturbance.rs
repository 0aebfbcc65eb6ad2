//! What strikes about every tenth sale.

use kassa_emulator::{Action, Fault, When};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::combination::Combination;

const VENDOR: &str = "ikkm";
const ROUTE: &str = "register";
/// How long the device works on a sale whose client is killed meanwhile, in milliseconds.
const WORKING_MS: std::ops::Range<u64> = 5..60;

/// A step of the delivery at which the client is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The attempt is written down, nothing is sent.
    BeforeSend,
    /// The answer was read.
    AfterAnswer,
    /// The answer was understood and is about to be written down.
    BeforeConclude,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BeforeSend, Self::AfterAnswer, Self::BeforeConclude];

    /// Name of the step in the library.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeSend => "before_send",
            Self::AfterAnswer => "after_answer",
            Self::BeforeConclude => "before_conclude",
        }
    }
}

/// How a disturbance comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// By what happens at the device alone.
    AtDevice,
    /// The call ends in doubt, then an operator sells by hand for the same total.
    ByHand,
    /// The client is killed at a step.
    Killed(Step),
    /// The client is killed between request and answer.
    KilledInFlight,
}

/// One kind of disturbance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The connection breaks before the sale is on record.
    DropBefore,
    /// The connection breaks after the sale is on record.
    DropAfter,
    /// Half of the answer arrives.
    Cut,
    /// The device is busy.
    Busy,
    /// The device reboots before the sale is on record.
    RebootBefore,
    /// The device reboots after the sale is on record.
    RebootAfter,
    /// The client is killed at a step.
    Kill(Step),
    /// The client is killed with the answer in its hands, then the device reboots.
    KillAndReboot,
    /// The client is killed while the device works on the sale.
    KillWhileWorking,
    /// The client is killed when the sale is on record and its answer on the way.
    KillWhileAnswering,
    /// Not on record and in doubt, then an operator sells by hand.
    HandAfterLostSend,
    /// On record and in doubt, then an operator sells by hand.
    HandAfterLostAnswer,
    /// Another program uses the key first.
    OtherFirst,
    /// Not on record and in doubt, then another program uses the key.
    OtherAfterLostSend,
    /// Not on record and in doubt, then another program uses the key and the next one.
    OtherTwiceAfterLostSend,
    /// On record and in doubt, then another program uses the next key.
    OtherAfterLostAnswer,
}

use Disturbance as D;

impl Disturbance {
    /// All of them.
    pub const ALL: [Self; 18] = [
        D::DropBefore,
        D::DropAfter,
        D::Cut,
        D::Busy,
        D::RebootBefore,
        D::RebootAfter,
        D::Kill(Step::BeforeSend),
        D::Kill(Step::AfterAnswer),
        D::Kill(Step::BeforeConclude),
        D::KillAndReboot,
        D::KillWhileWorking,
        D::KillWhileAnswering,
        D::HandAfterLostSend,
        D::HandAfterLostAnswer,
        D::OtherFirst,
        D::OtherAfterLostSend,
        D::OtherTwiceAfterLostSend,
        D::OtherAfterLostAnswer,
    ];

    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            D::DropBefore => "drop_before_record",
            D::DropAfter => "drop_after_record",
            D::Cut => "cut_answer",
            D::Busy => "busy",
            D::RebootBefore => "reboot_before_record",
            D::RebootAfter => "reboot_after_record",
            D::Kill(Step::BeforeSend) => "kill_before_send",
            D::Kill(Step::AfterAnswer) => "kill_after_answer",
            D::Kill(Step::BeforeConclude) => "kill_before_conclude",
            D::KillAndReboot => "kill_and_reboot",
            D::KillWhileWorking => "kill_while_working",
            D::KillWhileAnswering => "kill_while_answering",
            D::HandAfterLostSend => "hand_after_lost_send",
            D::HandAfterLostAnswer => "hand_after_lost_answer",
            D::OtherFirst => "other_writer_first",
            D::OtherAfterLostSend => "other_writer_after_lost_send",
            D::OtherTwiceAfterLostSend => "other_writer_twice_after_lost_send",
            D::OtherAfterLostAnswer => "other_writer_after_lost_answer",
        }
    }

    /// What happens to the client.
    pub fn strike(self) -> Strike {
        match self {
            D::Kill(step) => Strike::Killed(step),
            D::KillAndReboot => Strike::Killed(Step::AfterAnswer),
            D::KillWhileWorking | D::KillWhileAnswering => Strike::KilledInFlight,
            D::HandAfterLostSend | D::HandAfterLostAnswer => Strike::ByHand,
            _ => Strike::AtDevice,
        }
    }

    /// Whether the client has to be a process of its own.
    pub fn kills(self) -> bool {
        matches!(self.strike(), Strike::Killed(_) | Strike::KilledInFlight)
    }

    /// What happens at the device, at the next sale.
    pub fn faults(self, random: &mut StdRng) -> Vec<Fault> {
        let fault = |action| Fault::new(VENDOR, ROUTE, action);
        let before = |action| fault(action).when(When::BeforeRecord);
        let after = |action| fault(action).when(When::AfterRecord);
        let twice = |fault| Fault { times: Some(2), ..fault };
        let mut working = |fault| Fault { delay_ms: Some(random.random_range(WORKING_MS)), ..fault };
        match self {
            D::DropBefore => vec![before(Action::Drop)],
            D::DropAfter => vec![after(Action::Drop)],
            D::Cut => vec![fault(Action::Cut)],
            D::Busy => vec![fault(Action::Busy)],
            D::RebootBefore => vec![before(Action::Reboot)],
            D::RebootAfter => vec![after(Action::Reboot)],
            D::Kill(_) | D::KillAndReboot => Vec::new(),
            D::KillWhileWorking => vec![working(before(Action::Delay))],
            D::KillWhileAnswering => vec![working(after(Action::Delay))],
            // The send and the question what became of it.
            D::HandAfterLostSend => vec![twice(before(Action::Drop))],
            D::HandAfterLostAnswer => vec![twice(after(Action::Drop))],
            D::OtherFirst => vec![fault(Action::OtherWriter)],
            // A dropped call does not come to the rule behind it.
            D::OtherAfterLostSend => vec![before(Action::Drop), fault(Action::OtherWriter)],
            D::OtherTwiceAfterLostSend => {
                vec![before(Action::Drop), fault(Action::OtherWriter), fault(Action::OtherWriter)]
            }
            D::OtherAfterLostAnswer => {
                vec![after(Action::Drop), Fault { skip: 1, ..fault(Action::OtherWriter) }]
            }
        }
    }

    /// Whether a sale can come into a doubt that only a person ends, because the device has
    /// forgotten its key or another writer has used it (protocol/ikkm.md 3.8). In every other case
    /// the sheet has the library settle by itself (protocol/ikkm.md 3.6, 3.7).
    pub fn may_need_person(self, combination: Combination) -> bool {
        match self {
            D::RebootAfter | D::KillAndReboot => combination.is_volatile,
            D::OtherAfterLostSend | D::OtherTwiceAfterLostSend | D::OtherAfterLostAnswer => true,
            _ => false,
        }
    }

    /// Whether another program writes too. What it made shows to a senior cashier only
    /// (protocol/ikkm.md 3.8).
    pub fn has_other_writer(self) -> bool {
        matches!(
            self,
            D::OtherFirst | D::OtherAfterLostSend | D::OtherTwiceAfterLostSend | D::OtherAfterLostAnswer
        )
    }

    /// Whether the current key, told by an operator, is enough for it
    /// (protocol/ikkm.md 3.6 item P3). It is not where the sale's key made somebody else's receipt.
    pub fn is_settled_by_key(self) -> bool {
        !matches!(self, D::OtherAfterLostSend | D::OtherTwiceAfterLostSend)
    }
}
