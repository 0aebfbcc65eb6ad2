//! The rules of the library beside the table, each of which can be broken.

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What the library keeps to where the table alone does not decide. All are kept by default.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Rules { $($(#[$doc])* pub $name: bool,)* }

        impl Default for Rules {
            fn default() -> Self { Self { $($name: true,)* } }
        }

        impl Rules {
            /// How many there are.
            pub const COUNT: usize = [$(stringify!($name),)*].len();
        }
    };
}

rules! {
    /// What shall be sent is in the journal before a byte of it leaves.
    intent_before_send,
    /// What came of it is in the journal before anybody hears of it.
    conclusion_before_report,
    /// A write survives the machine's stop.
    writes_are_synced,
    /// A write counts only where the entry still has the revision that its writer read.
    revision_counts,
    /// Only who holds the lease works on a document or a cash register.
    lease_needed,
    /// The lease is looked at again in the moment of sending, repeats included.
    lease_looked_at_again,
    /// The lease is looked at again before an attempt begins, is taken over, asked about or repeated.
    lease_looked_at_before_writing,
    /// What may have left this machine is in doubt, not "not sent".
    maybe_sent_is_in_doubt,
    /// A document in doubt is not sent anew before the vendor was asked.
    asked_before_resend,
    /// The vendor's "not there" is asked for only after a while.
    settle_wait,
    /// That while is measured by a clock that nobody can set; after a restart the whole of it is waited.
    clock_that_cannot_be_set,
    /// The bytes of an exchange that was given up cannot arrive once that while is over.
    bytes_end_with_exchange,
    /// Nothing is begun that has not the time of a whole exchange, so nothing is given up that the vendor
    /// still works on.
    whole_exchange_or_none,
    /// A repeat in doubt is written down just before it is sent, so that the while counts from it.
    repeat_written_first,
    /// Only the vendor's own words say that a document is not there; a gateway's 404 does not.
    only_own_absence,
    /// Only the vendor's own words refuse a document; a gateway's 4xx does not.
    only_own_refusal,
    /// 401, 403 and 429 in a gateway's words do not say that nothing was taken.
    gateway_limits_prove_nothing,
    /// An answer is believed only where it carries this document's id.
    about_this_document,
    /// A document of other kind or total under our key is somebody else's: "key taken", never registered.
    content_compared,
    /// The vendor's key follows from the cash register and the receipt's id, the same in every send.
    key_is_derived,
    /// The vendor that does not say what a repeat gives is asked, not sent a repeat.
    asked_by_look_up,
    /// Counters that cannot be read prove nothing.
    unreadable_proves_nothing,
    /// Counters that another writer moved prove nothing.
    stranger_proves_nothing,
    /// Counters prove only what they were seen to answer to.
    learned_counters_only,
    /// The shift is not changed while a document is in doubt: its counters begin anew.
    shift_waits_for_doubt,
    /// Nothing new begins on a cash register while an earlier document is in doubt.
    earlier_settled_first,
    /// The next key is written in one stroke with the document that it came with.
    key_in_one_stroke,
    /// "Repeated" on a first send is compared: other content is another's, equal content is in doubt.
    first_repeat_compared,
    /// A first send with "repeated" for an equal document is in doubt, not "not registered".
    equal_repeat_is_in_doubt,
    /// A document that the journal holds for another receipt is not this one's: each key makes one.
    number_held_once,
    /// A refused key says nothing of the document: bytes that came twice used it up.
    refused_key_is_in_doubt,
    /// What the register is at the vendor is written with a receipt and compared before anything is sent.
    identity_compared,
    /// Putting a failed document back is written down before it is asked for.
    requeue_intent_first,
    /// A person decides only where the fate is unknown and nothing is on its way.
    verdict_only_where_unknown,
    /// A verdict counts only for what the person looked at: not after another attempt.
    verdict_about_what_was_seen,
}
