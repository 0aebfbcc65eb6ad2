//! A scanner reads from each slip what the vendor gave, and nothing where the vendor gave nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kassa::receipt::slip::words::Language;
use kassa::receipt::slip::{html, svg, text};
use slips::samples::{Sample, samples};
use slips::{pictures, scanner};

/// The pictures that are in a document of HTML.
fn drawn(html: &str) -> Vec<&str> {
    let parts = html.split("<svg ").skip(1);
    parts.map(|part| part.split_once("</svg>").unwrap().0).collect()
}

fn scanned(sample: &Sample, language: Language) -> Vec<Vec<String>> {
    let paper = sample.paper(language, true);
    let mut read = vec![scanner::read(&svg::write(&paper), 2.0).unwrap()];
    let document = html::write(&paper);
    read.extend(
        drawn(&document).iter().map(|inner| scanner::read(&format!("<svg {inner}</svg>"), 2.0).unwrap()),
    );
    read
}

#[test]
fn a_scanner_reads_what_the_vendor_gave() {
    for sample in samples() {
        for language in Language::ALL {
            let read = scanned(&sample, *language);
            match sample.qr() {
                Some(text) => assert_eq!(read, [[text], [text]], "{} {}", sample.vendor, language.word()),
                None => assert_eq!(read, [Vec::<String>::new()], "{} {}", sample.vendor, language.word()),
            }
        }
    }
}

#[test]
fn every_vendor_has_a_sample_and_all_but_one_have_a_code() {
    let mut vendors: Vec<String> = samples().into_iter().map(|sample| sample.vendor).collect();
    vendors.sort();
    assert_eq!(vendors, ["atol", "ikassa", "ikkm", "modulkassa"]);
    // iKKM tells neither a text for a code nor an address.
    let without: Vec<_> = samples().into_iter().filter(|sample| sample.qr().is_none()).collect();
    assert_eq!(without.iter().map(|sample| sample.vendor.as_str()).collect::<Vec<_>>(), ["ikkm"]);
}

#[test]
fn any_text_is_read_letter_for_letter_as_long_as_a_code_holds_it() {
    let mut sample = samples().remove(0);
    let texts = [
        "1".into(),
        "t=20261123T101114&s=0.01&fn=9960440300112233&i=0000004821&fp=1&n=1".into(),
        "https://чек.example/?a=<b>&\"c\"='d' 100%\u{202e}\u{1b}".into(),
        "Қазақстан 茶 😀".into(),
        "x".repeat(1_000),
        "я".repeat(1_000),
    ];
    for text in texts {
        sample.registration.fiscal.as_mut().unwrap().qr = Some(text.clone());
        for read in scanned(&sample, Language::Ru) {
            assert_eq!(read, [text.as_str()]);
        }
    }
    // Longer than any code: it stands on the slip in no way that a scanner could read wrongly.
    for text in [String::new(), "x".repeat(3_000)] {
        sample.registration.fiscal.as_mut().unwrap().qr = Some(text);
        assert_eq!(scanned(&sample, Language::Ru), [Vec::<String>::new()]);
    }
}

#[test]
fn the_pictures_of_the_documentation_are_what_the_library_draws() {
    for (path, picture) in pictures() {
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == picture, "{} is not what is drawn: run `make slips`", path.display());
    }
}

#[test]
fn the_example_of_the_documentation_is_what_the_library_writes() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/slip.md")).unwrap();
    let sample = samples().remove(0);
    let slip = text::write(&sample.paper(Language::Ru, false), 32);
    assert!(page.contains(&format!("```text\n{slip}```\n")), "docs/slip.md should have\n{slip}");
}
