//! What is to be done to one exchange, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::http::{Answer, Page};
use crate::Result;

/// An order that nothing comes for is given up after this time.
const LONGEST: Duration = Duration::from_secs(30);

/// A kind of call to a vendor.
#[derive(Clone, Copy)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// Whether a request is one, by its method and path.
    pub is: fn(&str) -> bool,
}

/// What happens to one exchange.
#[derive(Clone)]
pub enum Treatment {
    /// The request is kept until its sender hung up, and delivered so long afterwards. Where the machine was so
    /// slow that `limit` is over, it is not delivered at all.
    Late {
        /// From the moment at which the sender hung up.
        after: Duration,
        /// The longest that it may take.
        limit: Duration,
    },
    /// A gateway answers, after the vendor had the request or in its place.
    Page {
        /// What it answers.
        page: Page,
        /// Whether the vendor had it.
        forwarded: bool,
    },
    /// The answer to an earlier request of the same kind, after the vendor had this one or in its place.
    Older {
        /// How many answers lie between.
        back: usize,
        /// Whether the vendor had it.
        forwarded: bool,
    },
    /// The answers of two exchanges change places.
    Swap(Arc<Meeting>),
    /// The request is delivered twice, on two connections.
    Twice {
        /// At the same time, not one after the other.
        together: bool,
        /// The sender gets the second answer.
        second: bool,
    },
    /// The body of the answer is changed; `None` where there is nothing to change.
    Spoil(fn(&str) -> Option<String>),
    /// The request or its answer is on its way so long.
    Slow {
        /// Before the vendor has it.
        before: Duration,
        /// After that.
        after: Duration,
    },
    /// The connection is closed without an answer.
    Drop {
        /// Whether the vendor had the request.
        forwarded: bool,
    },
    /// Held until somebody opens the gate, then passed on.
    Held {
        /// The gate.
        gate: Gate,
        /// The vendor has the request already, and its answer is held.
        forwarded: bool,
    },
}

impl Treatment {
    /// What it does, in a few words.
    pub fn told(&self) -> String {
        let had =
            |forwarded: &bool| if *forwarded { "after the vendor had it" } else { "in the vendor's place" };
        match self {
            Self::Late { after, .. } => {
                format!("delivered {} ms after its sender hung up", after.as_millis())
            }
            Self::Page { page, forwarded } => {
                let form = if page.is_json { "JSON" } else { "HTML" };
                format!("a page {} in {form}, {}", page.status, had(forwarded))
            }
            Self::Older { back, forwarded } => {
                format!("an answer of {back} before the last, {}", had(forwarded))
            }
            Self::Swap(_) => "its answer and another one change places".to_owned(),
            Self::Twice { together, second } => {
                let when = if *together { "at once" } else { "one after the other" };
                format!("arrives twice, {when}; answered by the {}", if *second { "second" } else { "first" })
            }
            Self::Spoil(_) => "its answer is spoilt".to_owned(),
            Self::Slow { before, after } => {
                format!("{} ms on its way, its answer {} ms", before.as_millis(), after.as_millis())
            }
            Self::Drop { forwarded } => format!("closed without an answer, {}", had(forwarded)),
            Self::Held { forwarded, .. } => {
                format!("held, {}", if *forwarded { "the answer" } else { "the request" })
            }
        }
    }
}

/// What is to be done to which exchange.
#[derive(Clone)]
pub struct Order {
    /// The kind of call.
    pub call: &'static str,
    /// Only a request that has this in it.
    pub about: Option<String>,
    /// What happens.
    pub treatment: Treatment,
}

impl Order {
    pub(super) fn is_about(&self, call: &str, request: &[u8]) -> bool {
        let has = |part: &String| request.windows(part.len()).any(|bytes| bytes == part.as_bytes());
        self.call == call && self.about.as_ref().is_none_or(has)
    }
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// As it says.
    Happened,
    /// Not at all: there was nothing to do it with.
    Missed,
    /// A late request came so late that nothing is said of it.
    TooLate,
}

/// How far an order came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// No exchange came for it.
    Waiting,
    /// Its request is there.
    Arrived,
    /// It is over.
    Over(Done),
}

/// Tells what becomes of an order.
pub struct Ticket(watch::Receiver<Progress>);

impl Ticket {
    pub(super) fn new(told: watch::Receiver<Progress>) -> Self {
        Self(told)
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        *self.0.borrow()
    }

    /// Whether the exchange came for which it was given.
    pub fn is_taken(&self) -> bool {
        self.progress() != Progress::Waiting
    }

    /// Waits until the request is there.
    pub async fn arrived(&mut self) -> Result<()> {
        let arrived = timeout(LONGEST, self.0.wait_for(|progress| *progress != Progress::Waiting)).await;
        arrived.map_err(|_| "the request did not come to the relay")?.map_err(|_| "the relay ended")?;
        Ok(())
    }

    /// Waits until it is over, where its request came; otherwise it is missed.
    pub async fn over(&mut self) -> Result<Done> {
        if !self.is_taken() {
            return Ok(Done::Missed);
        }
        let over = timeout(LONGEST, self.0.wait_for(|progress| matches!(progress, Progress::Over(_)))).await;
        match over.map(|told| told.map(|progress| *progress)) {
            Ok(Ok(Progress::Over(done))) => Ok(done),
            Ok(_) => Ok(Done::Missed),
            Err(_) => Err("the relay does not end an exchange".into()),
        }
    }
}

/// Opened once, for all that wait at it.
#[derive(Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Gate {
    /// Opens it.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn opened(&self) {
        // Where nobody holds it any more it is open too.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

/// Where two exchanges hand each other their answers.
#[derive(Default)]
pub struct Meeting(Mutex<Option<(Answer, oneshot::Sender<Answer>)>>);

impl Meeting {
    /// Gives away an answer for the other one's; `None` where nobody else comes in time.
    pub(super) async fn exchange(&self, own: &Answer, patience: Duration) -> Option<Answer> {
        let waiting = {
            let mut place = self.0.lock();
            match place.take() {
                Some((other, tell)) => {
                    return tell.send(own.clone()).is_ok().then_some(other);
                }
                None => {
                    let (tell, told) = oneshot::channel();
                    *place = Some((own.clone(), tell));
                    told
                }
            }
        };
        timeout(patience, waiting).await.ok()?.ok()
    }
}
