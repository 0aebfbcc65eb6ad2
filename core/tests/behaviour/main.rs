//! One suite for every vendor there is: what the library promises, whatever the vendor. A vendor is a row
//! (`vendors/`); the checks know no vendor. The ledger of the emulator is the judge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

mod capabilities;
mod drip;
mod limits;
mod losses;
mod once;
mod outbox;
mod row;
mod shop;

/// Makes a module a row with every check in it, and the list of the rows.
macro_rules! rows {
    ($($(#[$gate:meta])* $row:ident),* $(,)?) => {
        mod vendors {
            $($(#[$gate])* pub mod $row;)*
        }

        $($(#[$gate])* mod $row {
            checks!(crate::vendors::$row::ROW;
                once::a_sale_comes_on_record_once,
                once::the_same_id_with_other_content_is_a_conflict,
                once::a_refused_document_is_final,
                once::status_asks_and_makes_no_document,
                losses::a_lost_answer_ends_with_one_document,
                losses::what_the_protocol_does_not_know_proves_nothing,
                losses::a_page_in_answer_to_a_question_proves_nothing,
                losses::nobody_listening_is_not_sent,
                limits::an_answer_without_end_ends_with_the_call,
                limits::an_answer_that_is_too_large_is_not_read,
                limits::too_little_time_sends_nothing_more,
                outbox::what_was_enqueued_comes_on_record,
                capabilities::each_word_is_taken_where_it_is_listed_only,
                capabilities::callbacks_are_read_where_there_are_any,
            );
        })*

        const ROWS: &[&row::Row] = &[$($(#[$gate])* &vendors::$row::ROW),*];
    };
}

macro_rules! checks {
    ($row:path; $($file:ident::$check:ident,)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $check() {
            crate::$file::$check(&$row).await;
        })*
    };
}

rows!(
    modulkassa,
    ikkm,
    atol,
    atol_v4,
    ikassa,
    #[cfg(feature = "sample")]
    sample
);

#[test]
fn every_vendor_has_a_row_and_the_sample_is_there_where_its_feature_is() {
    let vendors: Vec<&str> = kassa::vendors::VENDORS.iter().map(|vendor| vendor.name).collect();
    assert!(vendors.iter().all(|name| ROWS.iter().any(|row| row.vendor == *name)), "{vendors:?}");
    let described = kassa::table::describe().contains(r#""name":"sample""#);
    assert_eq!(
        (vendors.contains(&"sample"), described),
        (cfg!(feature = "sample"), cfg!(feature = "sample"))
    );
}
