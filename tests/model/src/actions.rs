//! What can happen, one thing at a time, and how that is told to a person.

use std::fmt;

/// How an answer reaches the one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Heard {
    /// As the vendor gave it.
    Whole,
    /// Cut, garbled, or a page of an error within: it says nothing.
    Garbled,
    /// A gateway's 4xx.
    GatewayRefusal,
    /// A gateway's 401, 403 or 429.
    GatewayLimit,
    /// A gateway's 404.
    GatewayMissing,
    /// The answer about another document.
    Mixed,
    /// The vendor's own "not there" for a document that it had accepted.
    Forgotten,
    /// A reading whose counters are no numbers.
    Unreadable,
}

/// What the vendor does with a request, where that is its choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// What it usually does.
    Takes,
    /// It has no time for it, and says so.
    IsBusy,
}

/// One thing that happens.
#[allow(missing_docs, reason = "the texts of the variants say what their fields are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The shop calls `register`; the process takes the lease.
    Call { process: u8, receipt: u8 },
    /// The shop puts a failed document back.
    Requeue { process: u8, receipt: u8 },
    /// The process finds the entry or writes the intent down.
    Intend { process: u8 },
    /// It finds out what the next attempt is bound to.
    Bind { process: u8, heard: Heard },
    /// It writes down that an attempt begins.
    Begin { process: u8 },
    /// It sends, if it still holds the lease.
    Send { process: u8 },
    /// It tries to send and no byte leaves.
    CannotSend { process: u8 },
    /// It takes over what another began.
    TakeOver { process: u8 },
    /// It asks what became of a document, and hears the answer.
    Ask { process: u8, heard: Heard },
    /// It stops waiting: the call has no more time.
    StopWaiting { process: u8 },
    /// It writes down that it repeats a document.
    WriteRepeat { process: u8 },
    /// It hears the answer to what it sent.
    Hear { process: u8, heard: Heard },
    /// It gives an exchange up.
    GiveUp { process: u8 },
    /// It writes down what it found.
    Conclude { process: u8 },
    /// It writes a secret down by itself.
    Keep { process: u8 },
    /// It ends.
    Crash { process: u8 },
    /// A request arrives.
    Arrive { place: u8, choice: Choice },
    /// A request arrives, and once more later.
    ArriveTwice { place: u8 },
    /// The vendor puts a document of its queue on record.
    Record { place: u8 },
    /// The vendor gives a document of its queue up.
    GiveUpDocument { place: u8 },
    /// The time passes after which the vendor is asked.
    TimePasses,
    /// The clock is set.
    ClockStep { forward: bool },
    /// The machine is started anew.
    Restart,
    /// The machine loses its last write with its power.
    PowerLoss,
    /// The lease ends while its holder stands still.
    LeaseEnds,
    /// Another program makes a document: under our key or on our register. It is like ours only where it is
    /// ours, from a journal that was lost.
    Stranger { alike: bool },
    /// The configuration points to another system or register.
    Rebind,
    /// The shift is closed and a new one opened.
    NewShift,
    /// The device is started anew and repeats nothing.
    DeviceForgets,
    /// A person tells the device's key.
    TellKey,
    /// A person looks at the vendor's record.
    Look { receipt: u8 },
    /// The person gives the verdict.
    Decide,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Action::Call { process, receipt } => {
                write!(f, "process {process} is called for receipt {receipt} and takes the lease")
            }
            Action::Requeue { process, receipt } => {
                write!(f, "process {process} is to put receipt {receipt} back and takes the lease")
            }
            Action::Intend { process } => write!(f, "process {process} finds the entry or writes the intent"),
            Action::Bind { process, heard } => {
                write!(f, "process {process} looks what its attempt is bound to{}", heard.words())
            }
            Action::Begin { process } => write!(f, "process {process} writes that an attempt begins"),
            Action::Send { process } => write!(f, "process {process} sends"),
            Action::CannotSend { process } => write!(f, "process {process} cannot connect"),
            Action::TakeOver { process } => write!(f, "process {process} takes over"),
            Action::Ask { process, heard } => write!(f, "process {process} asks the vendor{}", heard.words()),
            Action::StopWaiting { process } => write!(f, "process {process} has no more time to wait"),
            Action::WriteRepeat { process } => write!(f, "process {process} writes that it repeats it"),
            Action::Hear { process, heard } => {
                write!(f, "process {process} hears the answer{}", heard.words())
            }
            Action::GiveUp { process } => write!(f, "process {process} gives the exchange up"),
            Action::Conclude { process } => write!(f, "process {process} writes what it found"),
            Action::Keep { process } => write!(f, "process {process} writes the secret"),
            Action::Crash { process } => write!(f, "process {process} ends, and another takes its place"),
            Action::Arrive { choice: Choice::Takes, .. } => write!(f, "a request arrives"),
            Action::Arrive { choice: Choice::IsBusy, .. } => {
                write!(f, "a request arrives, the vendor is busy")
            }
            Action::ArriveTwice { .. } => write!(f, "a request arrives, and will once more"),
            Action::Record { place } => write!(f, "the vendor puts document {place} on record"),
            Action::GiveUpDocument { place } => write!(f, "the vendor gives document {place} up"),
            Action::TimePasses => write!(f, "the settle time passes"),
            Action::ClockStep { forward: true } => write!(f, "the clock is set forward"),
            Action::ClockStep { forward: false } => write!(f, "the clock is set back"),
            Action::Restart => write!(f, "the machine is started anew"),
            Action::PowerLoss => write!(f, "the power fails and the last write is lost"),
            Action::LeaseEnds => write!(f, "the lease ends while its holder stands still"),
            Action::Stranger { alike: true } => {
                write!(f, "an earlier life of the shop made the same document")
            }
            Action::Stranger { alike: false } => write!(f, "another program makes a document"),
            Action::Rebind => write!(f, "the register is bound to another system"),
            Action::NewShift => write!(f, "the shift is closed, a new one opened"),
            Action::DeviceForgets => write!(f, "the device is started anew"),
            Action::TellKey => write!(f, "a person tells the device's key"),
            Action::Look { receipt } => {
                write!(f, "a person looks for receipt {receipt} in the vendor's record")
            }
            Action::Decide => write!(f, "the person gives the verdict"),
        }
    }
}

impl Heard {
    const fn words(self) -> &'static str {
        match self {
            Heard::Whole => "",
            Heard::Garbled => ": garbled",
            Heard::GatewayRefusal => ": a gateway's 4xx page",
            Heard::GatewayLimit => ": a gateway's 401, 403 or 429",
            Heard::GatewayMissing => ": a gateway's 404",
            Heard::Mixed => ": another document's",
            Heard::Forgotten => ": \"not there\" of an accepted document",
            Heard::Unreadable => ": counters that are no numbers",
        }
    }
}
