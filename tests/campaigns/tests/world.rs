//! What happens in the world, each kind a few times at each vendor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use campaigns::campaign::engine::Engine;
use campaigns::vendors;
use campaigns::world::{self, cell::Row, plan};
use futures_util::{StreamExt, stream};

const SEED: u64 = 1;
const JOBS: usize = 8;
/// How often each kind happens in a cell.
const EVENTS: u64 = 4;

/// What is known to go wrong: kind, vendor (`*` for each), and why. Whoever mends it takes its line out.
const EXPECTED_TO_FAIL: &[(&str, &str, &str)] = &[
    (
        "gateway",
        "ikassa",
        "401, 403 or 429 of a gateway is taken for \"not taken\": sent again, two documents",
    ),
    (
        "gateway",
        "modulkassa",
        "a page with 408, 409 or 413 is final `failed`; one with 401, 403 or 429 is \"not taken\"",
    ),
    (
        "mixed",
        "*",
        "an answer is not compared with the entry: another receipt's number, uid or uuid is believed",
    ),
    (
        "doubled_request",
        "ikkm",
        "a repeat (203) on a clean first send is taken for another writer's: sold again",
    ),
    ("key_taken", "modulkassa", "a document of other content under our id is reported as ours"),
    ("key_taken", "atol", "a document of other content under our id (error 33) is reported as ours"),
    ("register_changed", "*", "the journal does not know at which system and register a receipt was sold"),
    (
        "clock",
        "ikassa",
        "a step forward ends the time that a late request is given: sent again, two documents",
    ),
    (
        "clock",
        "modulkassa",
        "after a step back a receipt in doubt is not asked for; after one forward it is too early",
    ),
    (
        "two_copies",
        "*",
        "two copies in a process do not see each other's locks: what one wrote is lost, or damaged",
    ),
    ("fork", "*", "a living child keeps the lease of its dead parent"),
    (
        "requeue",
        "modulkassa",
        "a lost or killed `requeue_document` leaves `failed` for a document that is on record",
    ),
    ("unreadable", "modulkassa", "an answer is kept as it came: nested 600 deep or with a lone surrogate"),
    (
        "unreadable",
        "atol",
        "the same; an id that is none is believed, and the receipt stays accepted for ever",
    ),
    ("unreadable", "ikassa", "the same; counters that cannot be read count as 0"),
    (
        "damaged_journal",
        "ikkm",
        "a damaged `-wal` rolls the journal back: a sale in doubt or on record is sold again",
    ),
    (
        "damaged_journal",
        "ikassa",
        "a damaged `-wal` rolls the journal back: a sale in doubt or on record is sold again",
    ),
];

fn is_expected(row: &Row) -> bool {
    let cell = &row.cell;
    let mut known = EXPECTED_TO_FAIL.iter();
    known.any(|(kind, vendor, _)| *kind == cell.kind.name && (*vendor == "*" || *vendor == cell.vendor.name))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_in_the_world() {
    let engines: Vec<Engine> = Engine::ALL.into_iter().filter(|engine| engine.is_there()).collect();
    let mut cells = plan::cells(&world::ALL, &vendors::ALL, &engines, EVENTS, SEED);
    cells.iter_mut().for_each(|cell| cell.events = EVENTS);
    let rows: Vec<Row> = stream::iter(cells).map(|cell| cell.run()).buffer_unordered(JOBS).collect().await;
    for row in &rows {
        for violation in &row.violations {
            println!("{}", row.cell.told(violation));
        }
    }
    let bad: Vec<_> = rows
        .iter()
        .filter(|row| !row.is_right() && !is_expected(row))
        .map(|row| format!("{}: {:?} {:#?}", row.cell.command(), row.broken, row.violations))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let happened = world::table::happened(&rows, &world::ALL);
    let too_few = world::table::too_few(&happened, EVENTS);
    assert!(too_few.is_empty(), "{happened}");
}

#[test]
fn every_kind_that_is_expected_to_fail_exists() {
    for (kind, vendor, reason) in EXPECTED_TO_FAIL {
        assert!(world::Kind::named(kind).is_ok(), "{kind}");
        assert!(*vendor == "*" || vendors::Vendor::named(vendor).is_ok(), "{vendor}");
        assert!(!reason.is_empty());
    }
}
