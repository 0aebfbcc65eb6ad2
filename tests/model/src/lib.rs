//! The protocol of delivery as a model that a checker explores completely: every order in which two processes,
//! a person, the network, the vendor and the clocks can act, up to a bound on the faults.
//!
//! The table of transitions is not modelled: the model calls `after` and `next` of core. What core decides
//! beside the table is a rule (`rules.rs`); each rule and some rows can be broken on purpose
//! (`mutations.rs`), and the checker must then find what that costs.
//!
//! What the model takes for granted, and cannot show:
//!
//! * Between the look at the lease and the send, no process stands still for longer than a lease and the settle
//!   time together.
//! * Nothing on the way keeps a request for longer than the settle time, or repeats an old answer to a new
//!   question.
//! * A vendor that refuses a document for good refuses the same bytes each time.
//! * Where a request that arrives twice makes two documents by itself (iKassa, or Modulkassa should it make a
//!   second document of a known id), nothing on the way doubles requests, and no other program uses our ids.
//! * A request that puts a failed document back arrives once: a second copy that comes when the document has failed
//!   anew puts it back again, whatever a client does.
//! * What another program sells on an iKassa register between two of our readings does not add up to nothing or
//!   to just our document; nobody but the library closes and opens the shift while a document is in doubt.
//! * An id that ATOL knows stays known, also where the document failed.
//! * What an earlier life of the shop did, whose journal is lost, is at the same register.
//! * The journal is not set back to an earlier state.

pub mod actions;
pub mod extent;
pub mod model;
pub mod mutations;
pub mod network;
pub mod person;
pub mod process;
pub mod properties;
pub mod replay;
pub mod rules;
pub mod table;
pub mod vendor;
pub mod vendor_counters;
pub mod vendor_key;
pub mod vendor_rotating;
pub mod world;
