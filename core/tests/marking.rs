//! Marking codes: what is read, put right and refused. No vendor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::codes::{CHECK, GTIN, code, milk, shoes};
use kassa::receipt::marking::{MarkingKind, read};
use proptest::prelude::*;

/// Where it was put right, and the code that it is.
fn put_right(text: &str) -> (String, Vec<usize>) {
    let reading = read(text).unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
    (reading.code, reading.repairs.iter().map(|repair| repair.position).collect())
}

#[test]
fn a_good_code_stays_as_it_is() {
    let with_weight = code(&format!("{GTIN}215AbCdE|93dGVz|3103000350"));
    let tobacco_block = code(&format!("{GTIN}215AbCdEf|8005112000|93dGVz|24010AB"));
    let medicine = code(&format!("{GTIN}215AbCdEfGhIjKL|17270131|10A1|91EE10|92{CHECK}"));
    let separator_behind_gtin = code(&format!("{GTIN}|215AbCdE|93dGVz"));
    for text in [shoes(), milk(), with_weight, tobacco_block, medicine, separator_behind_gtin] {
        let reading = read(&text).unwrap();
        assert_eq!((reading.kind, &reading.code), (MarkingKind::Gs1, &text));
        assert_eq!((reading.repairs, reading.doubts), (vec![], vec![]), "{text:?}");
    }
}

#[test]
fn the_elements_have_names_values_and_places() {
    let reading = read(&code("0104600000000015215AbCdE|93dGVz|3103000350")).unwrap();
    let found: Vec<_> = reading
        .elements
        .iter()
        .map(|e| (e.ai.as_str(), e.name.as_str(), e.value.as_str(), e.position))
        .collect();
    assert_eq!(
        found,
        [
            ("01", "GTIN", "04600000000015", 1),
            ("21", "serial number", "5AbCdE", 17),
            ("93", "check code", "dGVz", 26),
            ("3103", "net weight or measure", "000350", 33),
        ]
    );
}

#[test]
fn every_spelling_of_the_separator_is_the_separator() {
    for spelling in [
        "\u{241d}", "\u{1d21}", "\u{e8}", "\\u001d", "\\u001D", "\\x1d", "{FNC1}", "<FNC1>", "<GS>", "{GS}",
        "[GS]", "_x001D_", "&#29;", "^]",
    ] {
        let (first, count) = (25, spelling.chars().count());
        assert_eq!(put_right(&milk().replace('\u{1d}', spelling)), (milk(), vec![first]), "{spelling}");
        let places = vec![32, 32 + count + 6];
        assert_eq!(put_right(&shoes().replace('\u{1d}', spelling)), (shoes(), places), "{spelling}");
    }
    // Both at once: the text is written out, and the character too.
    let doubled = milk().replace('\u{1d}', "\\u001d\u{1d}");
    assert_eq!(put_right(&doubled), (milk(), vec![25, 31]));
}

#[test]
fn a_character_that_swallowed_the_21_gives_it_back() {
    let text = format!("{GTIN}\u{1d21}5AbCdE\u{1d}93dGVz");
    assert_eq!(put_right(&text), (code(&format!("{GTIN}|215AbCdE|93dGVz")), vec![17]));
    let text = format!("{GTIN}\u{1d21}215AbCdE\u{1d}93dGVz");
    assert_eq!(put_right(&text), (code(&format!("{GTIN}|215AbCdE|93dGVz")), vec![17]));
}

#[test]
fn what_stands_round_the_code_is_left_out() {
    for (before, behind, places) in [
        ("]d2", "", vec![1]),
        ("]C1", "", vec![1]),
        ("]Q3", "", vec![1]),
        ("\u{1d}", "", vec![1]),
        ("{FNC1}", "", vec![1, 1]),
        ("\u{e8}", "", vec![1, 1]),
        ("]d2\u{1d}", "", vec![1, 4]),
        ("", "\r\n", vec![32, 33]),
        ("", "\t", vec![32]),
        ("", "\u{1d}", vec![32]),
        (" \u{feff}", "  ", vec![1, 2, 34, 35]),
    ] {
        assert_eq!(
            put_right(&format!("{before}{}{behind}", milk())),
            (milk(), places),
            "{before:?} {behind:?}"
        );
    }
}

#[test]
fn brackets_round_the_identifiers_are_left_out() {
    for text in [
        format!("(01)04600000000015(21)5AbCdEfGhIjKL(91)EE10(92){CHECK}"),
        format!("[01]04600000000015[21]5AbCdEfGhIjKL[91]EE10[92]{CHECK}"),
        format!("(01) 04600000000015 (21) 5AbCdEfGhIjKL (91) EE10 (92) {CHECK}\r\n"),
        format!("]d2(01)04600000000015(21)5AbCdEfGhIjKL\u{1d}(91)EE10<GS>(92){CHECK}"),
    ] {
        assert_eq!(put_right(&text).0, shoes(), "{text:?}");
    }
    assert_eq!(put_right("(01)04600000000015(21)5AbCdE(93)dGVz"), (milk(), vec![1, 19, 29]));
    // Brackets within a serial number are its own.
    let own = code(&format!("{GTIN}21(1)b(5)|93dGVz"));
    assert_eq!(put_right(&own), (own.clone(), vec![]));
}

#[test]
fn blanks_are_separators_before_a_check_only() {
    assert_eq!(put_right(&milk().replace('\u{1d}', " ")), (milk(), vec![25]));
    assert_eq!(put_right(&shoes().replace('\u{1d}', " ")), (shoes(), vec![32, 39]));
    assert_eq!(put_right(&shoes().replace('\u{1d}', "\u{fffd}")), (shoes(), vec![32, 39]));
}

#[test]
fn lost_separators_are_put_back_where_the_check_shows_their_place() {
    let none = shoes().replace('\u{1d}', "");
    assert_eq!(put_right(&none), (shoes(), vec![32, 38]));
    let key_only = code(&format!("{GTIN}215AbCdEfGhIjKL|91EE1092{CHECK}"));
    assert_eq!(put_right(&key_only), (shoes(), vec![39]));
    let code_only = code(&format!("{GTIN}215AbCdEfGhIjKL91EE10|92{CHECK}"));
    assert_eq!(put_right(&code_only), (shoes(), vec![32]));
    let long = CHECK.trim_end_matches('=').repeat(2);
    let long = code(&format!("{GTIN}215AbCdEfGhIjKL|91EE10|92{long}=="));
    assert_eq!(put_right(&long.replace('\u{1d}', "")), (long.clone(), vec![32, 38]));
}

#[test]
fn what_is_not_certain_is_refused_with_its_place() {
    let gtin = GTIN;
    let shoes = shoes();
    for (text, wanted) in [
        // Lost separators.
        (format!("{gtin}215AbCdE93dGVz"), "position 25: the separator after the serial is lost"),
        (format!("{gtin}215AbCdEfGhIjKL93dGVz"), "position 32: the separator after the serial is lost"),
        (
            format!("{gtin}215AbCdEf800511200093dGVz"),
            "position 17: the separator after the serial is lost: 21 has 20",
        ),
        (
            format!("{gtin}215AbC91EE1092{CHECK}"),
            "position 17: the separator after the serial is lost: 21 has 20",
        ),
        (
            code(&format!("{gtin}215AbC91EE10|92{CHECK}")),
            "position 23: the separator after the serial is lost",
        ),
        (code(&format!("{gtin}215AbC|91EE1092abc")), "position 30: the separator after the key (91) is lost"),
        // Blanks.
        (format!("{gtin} 21 5AbCdE 93dGVz"), "position 17: a blank"),
        (format!("{gtin}215Ab dE\u{1d}93dGVz"), "position 22: a blank"),
        ("RU-430302 -ABC1234567".into(), "position 10: U+0020 stands in no marking code"),
        // Two codes.
        (format!("{0}{0}", milk()), "position 32: a second code begins here"),
        (format!("{shoes}{}", milk()), "position 86: a second code begins here"),
        (format!("{shoes}\r\n{}", milk()), "position 88: a second code begins here"),
        (format!("{shoes}]d2{}", milk()), "position 89: a second code begins here"),
        (format!("{gtin}215AbCdE{gtin}215AbCdF"), "position 25: a second code begins here"),
        ("RU-430302-ABC1234567\r\nRU-430302-ABC1234568".into(), "position 21: a second code begins here"),
        (code(&format!("{gtin}215AbCdE|93dGVz|215AbCdF")), "position 33: 21 stands twice"),
        // What no code has.
        (format!("{gtin}215Ф"), "position 20: `Ф` is Cyrillic"),
        (format!("{gtin}215\u{1}"), "position 20: U+0001 stands in no marking code"),
        (format!("{gtin}215é"), "position 20: U+00E9 stands in no marking code"),
        (
            "0104600000000015".to_owned() + "58",
            "position 17: no application identifier stands here, behind 01",
        ),
        (code("|0104600|21a"), "position 2: 01 (GTIN) has 14 characters at least, and here are 5"),
        (code("010460000000001A|21a"), "position 16: 01 (GTIN) has digits only, not `A`"),
        (code("abc|93dGVz"), "position 4: a separator, and the code does not begin with a GTIN"),
        (
            code(&format!("{gtin}21|93dGVz")),
            "position 17: 21 (serial number) has 1 characters at least, and here are 0",
        ),
        ("]d2\r\n".into(), "position 1: there is no code in this text"),
        ("\u{1d}".into(), "position 1: there is no code in this text"),
    ] {
        match read(&text) {
            Ok(reading) => panic!("{text:?} was read: {reading:?}"),
            Err(fault) => assert!(fault.to_string().starts_with(wanted), "{text:?}: {fault}, not {wanted}"),
        }
    }
}

#[test]
fn what_is_odd_is_told_and_left_as_it_is() {
    for (text, wanted) in [
        (code("0104600000000017215AbCdE|93dGVz"), "the check digit of 01 04600000000017 is wrong"),
        (GTIN.to_owned(), "without a serial number (21)"),
        (format!("{GTIN}215AbCdE"), "the check (91 with 92, or 93) is not there"),
        (code(&format!("{GTIN}215AbCdE|93dGVz3103000350")), "93 mostly has 4 characters"),
        ("0002".into(), "this is no code that Kassa knows"),
        ("4600000000016".into(), "this is no code that Kassa knows"),
    ] {
        let reading = read(&text).unwrap();
        assert_eq!((reading.code, reading.repairs), (text.clone(), vec![]));
        assert!(
            matches!(&reading.doubts[..], [one] if one.starts_with(wanted)),
            "{text:?}: {:?}",
            reading.doubts
        );
    }
}

#[test]
fn codes_that_are_not_gs1_are_what_they_are() {
    let stamp = |length: usize| "A1B2C3D4E5".repeat(length).get(..length).unwrap().to_owned();
    for (text, kind) in [
        ("46000017".to_owned(), MarkingKind::Unknown),
        ("46000019".to_owned(), MarkingKind::Ean8),
        ("4600000000015".into(), MarkingKind::Ean13),
        ("04600000000015".into(), MarkingKind::Itf14),
        ("RU-430302-ABC1234567".into(), MarkingKind::Fur),
        ("04600000000015-abCdEfACzQ%&*1".into(), MarkingKind::Tobacco),
        ("04600000000015-abCdEfACzQ".into(), MarkingKind::Short),
        ("04600000000015-abCdEf".into(), MarkingKind::Short),
        (stamp(68), MarkingKind::Egais20),
        (stamp(150), MarkingKind::Egais30),
        (stamp(149), MarkingKind::Unknown),
    ] {
        for round in ["", "\r\n"] {
            let reading = read(&format!("{text}{round}")).unwrap();
            assert_eq!((reading.kind, &reading.code), (kind, &text), "{text}");
            assert_eq!(reading.elements, vec![], "{text}");
        }
    }
}

/// A text from pieces that codes are made of and broken with.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(GTIN.to_owned()),
        Just("(01)04600000000015".to_owned()),
        Just("21".to_owned()),
        Just("(21)".to_owned()),
        Just("91EE10".to_owned()),
        Just(format!("92{CHECK}")),
        Just("93dGVz".to_owned()),
        Just("(93)dGVz".to_owned()),
        prop::sample::select(vec![
            "\u{1d}", "\u{241d}", "\u{1d21}", "\u{e8}", "\\u001d", "<GS>", " ", "\r\n", "]d2", "^]",
            "\u{fffd}", "(", ")",
        ])
        .prop_map(str::to_owned),
        "[0-9A-Za-z!-/]{1,14}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Whatever the text is, it is read or refused; and what was put right needs nothing more and says the same.
    #[test]
    fn a_code_that_was_put_right_is_read_as_it_is(text in any_text()) {
        if let Ok(reading) = read(&text) {
            let again = read(&reading.code);
            let again = again.unwrap_or_else(|fault| panic!("{text:?} {:?}: {fault}", reading.code));
            prop_assert_eq!(&again.repairs, &vec![], "{:?}", text);
            prop_assert_eq!((again.kind, &again.code, &again.doubts), (reading.kind, &reading.code, &reading.doubts));
            let values = |elements: &[kassa::receipt::marking::Element]| {
                elements.iter().map(|e| (e.ai.clone(), e.value.clone())).collect::<Vec<_>>()
            };
            prop_assert_eq!(values(&again.elements), values(&reading.elements));
        }
    }
}
