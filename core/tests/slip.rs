//! Slips: what stands on them and what never does, in every format, language and width.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../tests/slips/src/samples.rs"]
mod samples;

use kassa::receipt::money::Amount;
use kassa::receipt::registration::{Fiscal, State};
use kassa::receipt::slip::data::{Paper, Row};
use kassa::receipt::slip::text::WIDTHS;
use kassa::receipt::slip::texts::legible;
use kassa::receipt::slip::words::{Language, Said as _, Word};
use kassa::receipt::slip::{html, svg, text};
use kassa::receipt::{Kind, MOST_LINES, Payment, PaymentType};
use proptest::prelude::*;
use samples::{Sample, samples};
use unicode_width::UnicodeWidthStr as _;

fn lines(paper: &Paper, columns: u32) -> Vec<String> {
    text::write(paper, columns as usize).lines().map(str::to_owned).collect()
}

fn sample(vendor: &str) -> Sample {
    samples().into_iter().find(|sample| sample.vendor == vendor).unwrap()
}

/// Every format of a slip, the text in every width.
fn written(paper: &Paper) -> Vec<String> {
    let texts = WIDTHS.iter().map(|columns| text::write(paper, *columns as usize));
    texts.chain([html::write(paper), svg::write(paper)]).collect()
}

/// Reads a document strictly: its elements, its attributes, its text.
fn parsed(document: &str) -> (Vec<String>, Vec<String>, String) {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let tree = roxmltree::Document::parse_with_options(document, options).expect(document);
    let nodes = || tree.descendants().filter(|node| node.is_element());
    let elements = nodes().map(|node| node.tag_name().name().to_owned()).collect();
    let attributes = nodes().flat_map(|node| node.attributes()).map(|one| one.name().to_owned()).collect();
    let text = tree.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect();
    (elements, attributes, text)
}

/// A document is well-formed and has the elements and attributes that the library writes, and no other.
fn is_sound(document: &str) -> String {
    let known = [
        "html", "head", "meta", "title", "style", "body", "main", "p", "span", "hr", "a", "svg", "rect",
        "path", "text",
    ];
    let (elements, attributes, text) = parsed(document);
    for element in elements {
        assert!(known.contains(&element.as_str()), "<{element}>");
    }
    for attribute in attributes {
        assert!(!attribute.starts_with("on") && attribute != "style", "{attribute}");
    }
    text
}

fn pairs(paper: &Paper) -> Vec<(&str, &str)> {
    let pairs = paper.rows.iter().filter_map(|row| match row {
        Row::Pair(left, right, _) => Some((left.as_str(), right.as_str())),
        _ => None,
    });
    pairs.collect()
}

/// An amount in hundredths, read without the library.
fn hundredths(text: &str) -> i128 {
    let (whole, part) = text.split_once('.').expect(text);
    assert_eq!(part.len(), 2, "{text}");
    format!("{whole}{part}").parse().expect(text)
}

fn sum<'a>(amounts: impl Iterator<Item = &'a str>) -> i128 {
    amounts.map(hundredths).sum()
}

/// The figures on a slip make its total, and the payments make the same.
fn adds_up(paper: &Paper, language: Language) {
    let pairs = pairs(paper);
    let total_at = pairs.iter().position(|(left, _)| left.starts_with(Word::Total.said(language))).unwrap();
    let total = hundredths(pairs[total_at].1);
    let before = &pairs[..total_at];
    let lines = sum(before.iter().filter(|(left, _)| left.contains(" x ")).map(|(_, right)| *right));
    let more = sum(before.iter().filter_map(|(_, right)| right.strip_prefix('+')));
    let discounts = before.iter().filter(|(left, _)| *left == Word::Discount.said(language));
    let less = sum(discounts.map(|(_, right)| right.strip_prefix('-').expect(right)));
    assert_eq!(lines + more - less, total, "{before:?}");
    let is_payment = |left: &str| PaymentType::ALL.iter().any(|kind| kind.said(language) == left);
    let paid = sum(pairs[total_at..].iter().filter(|(left, _)| is_payment(left)).map(|(_, right)| *right));
    assert_eq!(paid, total, "{pairs:?}");
}

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

/// The text with each run of blanks as one.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_slip_fits_adds_up_and_is_well_formed() {
    for sample in samples() {
        for language in Language::ALL.iter().copied() {
            let paper = sample.paper(language, true);
            adds_up(&paper, language);
            for columns in WIDTHS {
                for line in lines(&paper, *columns) {
                    assert!(line.width() <= *columns as usize, "{columns}: {line:?}");
                    assert_eq!(line.trim_end(), line);
                }
            }
            for document in [html::write(&paper), svg::write(&paper)] {
                let text = is_sound(&document);
                assert!(text.contains(Word::Copy.said(language)), "{text}");
                assert!(document.contains(&format!("lang=\"{}\"", language.word())));
            }
            // The code is a picture there and letters here; an address is letters in all of them.
            let url = sample.registration.fiscal.as_ref().and_then(|fiscal| fiscal.url.as_deref());
            assert!(url.is_none_or(|url| is_sound(&html::write(&paper)).contains(url)));
            let joined: String = lines(&paper, 24).concat();
            assert!(sample.qr().is_none_or(|qr| joined.contains(qr)), "{joined}");
        }
    }
}

#[test]
fn a_slip_has_every_line_and_fact_of_its_receipt() {
    let paper = sample("modulkassa").paper(Language::Ru, false);
    let expected = [
        "   КОПИЯ ЭЛЕКТРОННОГО ЧЕКА",
        "            ПРИХОД",
        "Дата      23.11.2026 10:11 UTC+3",
        "Номер у продавца    order-100235",
        "Налогообложение              ОСН",
        "Кассир",
        "     Старший кассир Петрова М. С.",
    ];
    let lines = lines(&paper, 33);
    for line in &expected[5..] {
        assert!(lines.iter().any(|one| one == line), "{line}: {lines:#?}");
    }
    let text = text::write(&paper, 32);
    for line in &expected[..5] {
        assert!(text.contains(line), "{line}: {text}");
    }
    for fact in [
        "2 шт. x 890.00           1780.00",
        "Скидка                    -80.00",
        "0.35 кг x 1250.00         437.50",
        "Без НДС, услуга",
        "ИТОГО, RUB               2487.50",
        // 1700.00 * 22 / 122 and 437.50 * 10 / 110, rounded half up.
        "НДС 22%                   306.56",
        "НДС 10%                    39.77",
        "Сумма без НДС             350.00",
        "НДС рассчитан по ставкам позиций",
        "Фискальный признак    2718281828",
    ] {
        assert!(text.lines().any(|line| line == fact), "{fact}: {text}");
    }
}

#[test]
fn change_is_told_where_the_cash_register_gives_it() {
    let pairs_of = |sample: &Sample| -> Vec<(String, String)> {
        let paper = sample.paper(Language::En, false);
        pairs(&paper).into_iter().map(|(left, right)| (left.to_owned(), right.to_owned())).collect()
    };
    let change = |pairs: &[(String, String)]| {
        let found = pairs.iter().find(|(left, _)| left == Word::Change.said(Language::En));
        found.map(|(_, right)| right.clone())
    };
    assert_eq!(change(&pairs_of(&sample("ikkm"))).as_deref(), Some("2600.00"));
    let other = Sample {
        receipt: {
            let mut receipt = sample("atol").receipt;
            receipt.vendor = sample("ikkm").receipt.vendor;
            receipt
        },
        ..sample("atol")
    };
    assert_eq!(change(&pairs_of(&other)), None);
}

#[test]
fn what_the_vendor_did_not_give_is_not_there() {
    let labels = [
        Word::Document,
        Word::Sign,
        Word::Shift,
        Word::Receipt,
        Word::Storage,
        Word::Register,
        Word::Serial,
        Word::OnRecord,
        Word::DocumentId,
    ];
    let all = Fiscal {
        document_number: Some("D-1".into()),
        sign: Some("S-2".into()),
        storage_number: Some("F-3".into()),
        register_number: Some("R-4".into()),
        serial_number: Some("Z-5".into()),
        shift_number: Some("M-6".into()),
        receipt_number: Some("C-7".into()),
        registered_at: Some("2001-02-03T04:05:06Z".into()),
        total: None,
        qr: Some("Q-8".into()),
        url: Some("https://U-9".into()),
    };
    let whole = serde_json::to_value(&all).unwrap();
    let names: Vec<String> = whole.as_object().unwrap().keys().cloned().collect();
    for name in names.iter().filter(|name| *name != "total") {
        let mut without = whole.clone();
        without[name] = serde_json::Value::Null;
        let mut sample = sample("modulkassa");
        sample.registration.fiscal = Some(serde_json::from_value(without).unwrap());
        let paper = sample.paper(Language::En, false);
        let document = text::write(&paper, 48) + &html::write(&paper);
        for other in names.iter().filter(|other| *other != "total") {
            let value = whole[other].as_str().unwrap();
            let value = if other == "registered_at" { "03.02.2001" } else { value };
            assert_eq!(document.contains(value), other != name, "{name} {other}: {document}");
        }
    }
    for fiscal in [None, Some(Fiscal::default())] {
        let mut bare = sample("ikkm");
        bare.registration.fiscal = fiscal;
        let paper = bare.paper(Language::En, false);
        assert!(paper.qr().is_none());
        assert!(plain(&text::write(&paper, 48)).contains("told no fiscal data"));
        assert!(
            !pairs(&paper)
                .iter()
                .any(|(left, _)| labels.iter().any(|label| label.said(Language::En) == *left))
        );
    }
}

#[test]
fn a_total_on_record_that_is_another_is_told() {
    let mut odd = sample("ikkm");
    let on_record =
        |sample: &Sample| text::write(&sample.paper(Language::En, false), 48).contains("Total on record");
    assert!(!on_record(&odd));
    odd.registration.fiscal.as_mut().unwrap().total = Some(amount("4401"));
    assert!(on_record(&odd));
}

#[test]
fn what_is_not_on_record_says_so_and_has_no_fiscal_data() {
    for state in State::ALL.iter().copied().filter(|state| *state != State::Registered) {
        for mut sample in samples() {
            sample.registration.state = state;
            for language in Language::ALL.iter().copied() {
                let paper = sample.paper(language, false);
                assert!(paper.qr().is_none());
                for document in written(&paper) {
                    let plain = plain(&document);
                    assert_eq!(plain.matches(Word::FiscalData.said(language)).count(), 0);
                    assert_eq!(plain.matches(Word::Copy.said(language)).count(), 0);
                    let fiscal = sample.registration.fiscal.clone().unwrap();
                    for value in
                        [fiscal.sign, fiscal.storage_number, fiscal.qr, fiscal.url].into_iter().flatten()
                    {
                        assert!(!plain.contains(&value), "{value}: {plain}");
                    }
                }
                // Above and below.
                let text = text::write(&paper, 48);
                assert_eq!(text.matches(Word::NoReceipt.said(language)).count(), 2, "{text}");
                assert!(text.contains(state.said(language)), "{text}");
                assert_eq!(html::write(&paper).matches(" huge\"").count(), 2);
                assert_eq!(svg::write(&paper).matches("font-size=\"24\"").count() % 2, 0);
            }
        }
    }
}

#[test]
fn the_buyer_is_there_only_where_that_is_asked_for() {
    for (vendor, secret) in [("modulkassa", "buyer@shop.example"), ("atol", "+79000000001")] {
        let sample = sample(vendor);
        for document in written(&sample.paper(Language::Ru, false)) {
            assert!(!document.contains(secret) && !document.contains("Иванова"), "{document}");
        }
        assert!(text::write(&sample.paper(Language::Ru, true), 48).contains(secret));
    }
}

#[test]
fn what_the_vendor_does_not_carry_is_not_there() {
    // Modulkassa takes the shop's data from its own settings.
    let document = text::write(&sample("modulkassa").paper(Language::Ru, true), 48);
    assert!(!document.contains("7700000016") && !document.contains("https://shop"), "{document}");
    let mut ikkm = sample("ikkm");
    ikkm.receipt.cashier = sample("atol").receipt.cashier;
    ikkm.receipt.customer = sample("atol").receipt.customer;
    let document = text::write(&ikkm.paper(Language::Kk, true), 48);
    assert!(!document.contains("Сидоров") && !document.contains("+7900"), "{document}");
}

/// What a slip says of VAT: label and sum, and whether it says that the library computed any.
fn vat_of(sample: &Sample) -> (Vec<(String, String)>, bool) {
    let paper = sample.paper(Language::En, false);
    let is_vat = |left: &str| left.starts_with("VAT ") || left.starts_with("Sum ");
    let rows = pairs(&paper).into_iter().filter(|(left, _)| is_vat(left));
    let rows = rows.map(|(left, right)| (left.to_owned(), right.to_owned())).collect();
    (rows, text::write(&paper, 48).contains(Word::VatComputed.said(Language::En)))
}

#[test]
fn vat_is_the_shops_where_it_gave_it_and_else_computed() {
    let row = |label: &str, sum: &str| (label.to_owned(), sum.to_owned());
    let none = row("Sum without VAT", "350.00");
    let mut shop = sample("modulkassa");
    let computed = vec![none.clone(), row("VAT 10%", "39.77"), row("VAT 22%", "306.56")];
    assert_eq!(vat_of(&shop), (computed, true));
    shop.receipt.items[0].vat_sum = Some(amount("306.57"));
    let partly = vec![none.clone(), row("VAT 10%", "39.77"), row("VAT 22%", "306.57")];
    assert_eq!(vat_of(&shop), (partly.clone(), true));
    shop.receipt.items[1].vat_sum = Some(amount("39.77"));
    shop.receipt.items[2].vat_sum = Some(Amount::ZERO);
    assert_eq!(vat_of(&shop), (partly, false));
    // A line with a sum and one without: the one as it is, the other computed.
    shop.receipt.items[1].vat = shop.receipt.items[0].vat;
    shop.receipt.items[1].vat_sum = None;
    assert_eq!(vat_of(&shop), (vec![none, row("VAT 22%", "385.46")], true));

    // What ATOL is given of the whole is all that it counts; another vendor does not read it.
    let extras = serde_json::json!({"atol": {"vats": [{"vat": "22", "sum": "1080.16"}]}});
    let mut atol = sample("atol");
    atol.receipt.vendor = Some(serde_json::from_value(extras).unwrap());
    assert_eq!(vat_of(&atol), (vec![row("VAT 22%", "1080.16")], false));
    shop.receipt.vendor = atol.receipt.vendor.clone();
    assert_eq!(vat_of(&shop).0.len(), 2);

    // A surcharge on the whole falls on the only rate, or it is not known on which.
    let mut ikassa = sample("ikassa");
    assert_eq!(vat_of(&ikassa), (vec![row("VAT 20%", "1.75")], true));
    ikassa.receipt.items[1].vat = Some(kassa::receipt::Vat::Vat10);
    assert_eq!(vat_of(&ikassa), (vec![], false));
    ikassa.receipt.items[1].vat = None;
    assert_eq!(vat_of(&ikassa), (vec![], false));
}

#[test]
fn a_correction_says_what_it_corrects_and_each_kind_has_its_name() {
    let mut shop = sample("modulkassa");
    let correction = serde_json::json!({
        "type": "instruction", "base_date": "2026-11-02", "base_number": "17-A", "fiscal_sign": "2718281828"
    });
    shop.receipt.correction = Some(serde_json::from_value(correction).unwrap());
    let mut names = Vec::new();
    for kind in Kind::ALL.iter().copied() {
        shop.receipt.kind = kind;
        let text = text::write(&shop.paper(Language::Ru, false), 48);
        names.push(text.lines().nth(1).unwrap().trim().to_owned());
        for fact in ["по предписанию", "02.11.2026", "17-A", "2718281828"] {
            assert!(text.contains(fact), "{fact}: {text}");
        }
        let mut abroad = sample("ikassa");
        abroad.receipt.kind = kind;
        let text = text::write(&abroad.paper(Language::Ru, false), 48);
        assert!(text.contains(kind.said(Language::Ru)), "{text}");
    }
    assert_eq!(names[..4], ["ПРИХОД", "ВОЗВРАТ ПРИХОДА", "РАСХОД", "ВОЗВРАТ РАСХОДА"]);
    names.dedup();
    assert_eq!(names.len(), Kind::ALL.len());
}

#[test]
fn what_builds_on_a_receipt_names_it() {
    let mut back = sample("atol");
    assert!(!text::write(&back.paper(Language::Ru, false), 48).contains(Word::RefersTo.said(Language::Ru)));
    back.receipt.refund_of = Some(serde_json::from_value(serde_json::json!({"id": "order-2001"})).unwrap());
    let text = text::write(&back.paper(Language::Ru, false), 32);
    assert!(text.lines().any(|line| line == "К чеку                order-2001"), "{text}");
}

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "]]><!-- --><![CDATA[",
    "\" onload=\"x\" '&amp;&#x3c;",
    "a\u{1b}[2J\u{0}\u{7}\u{9b}31m\r\nb\tc",
    "100\u{202e}00\u{2066}x\u{2069}\u{200f}\u{61c}",
    "\u{fffe}\u{ffff}\u{feff}",
    "😀👩\u{200d}👩\u{200d}👧👍🏽",
    "e\u{301}\u{302}\u{303}שלום مرحبا",
    "</svg></text><text>",
    "</p></main></body></html>",
    "javascript:alert(1)",
];

#[test]
fn hostile_texts_stay_texts() {
    let wide = ["ｗ".repeat(128), "Ж".repeat(128), "Қ ".repeat(64), "😀".repeat(128)];
    let texts = HOSTILE.iter().map(|text| (*text).to_owned()).chain(wide);
    for hostile in texts {
        for mut sample in samples() {
            sample.receipt.id = hostile.clone();
            for item in &mut sample.receipt.items {
                item.name = hostile.clone();
            }
            let fiscal = sample.registration.fiscal.as_mut().unwrap();
            fiscal.sign = Some(hostile.clone());
            fiscal.registered_at = Some(hostile.clone());
            fiscal.url = Some(hostile.clone());
            sample.receipt.currency = Some(hostile.clone());
            sample.registration.vendor_document_id = Some(hostile.clone());
            let paper = sample.paper(Language::Ru, true);
            let text = is_sound(&html::write(&paper));
            assert!(text.contains(&legible(&hostile)), "{hostile:?}: {text}");
            assert!(!html::write(&paper).contains("href=\"javascript"));
            is_sound(&svg::write(&paper));
            for columns in WIDTHS {
                for line in lines(&paper, *columns) {
                    assert!(line.width() <= *columns as usize, "{columns}: {line:?}");
                    assert!(
                        !line.chars().any(|letter| letter.is_control() || letter == '\u{202e}'),
                        "{line:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_thousand_lines_of_the_largest_sums_fit() {
    let mut long = sample("ikassa");
    let mut item = long.receipt.items[0].clone();
    item.name = "Ж".repeat(128);
    item.price = amount("99999999999.99");
    item.quantity = "9999999.999999".parse().unwrap();
    item.discount = Some(amount("99999999999.99"));
    long.receipt.items = vec![item; MOST_LINES];
    let sum = long.receipt.total().unwrap();
    long.receipt.payments = vec![Payment::new(PaymentType::Cash, sum)];
    let paper = long.paper(Language::Ru, false);
    adds_up(&paper, Language::Ru);
    for columns in WIDTHS {
        assert!(lines(&paper, *columns).iter().all(|line| line.width() <= *columns as usize));
    }
    for document in [html::write(&paper), svg::write(&paper)] {
        is_sound(&document);
    }
}

/// Letters do not lie on the code: it has its place between them.
#[test]
fn no_letter_of_the_picture_lies_on_its_code() {
    for sample in samples() {
        let picture = svg::write(&sample.paper(sample.language, true));
        let tree = roxmltree::Document::parse(&picture).unwrap();
        let number =
            |node: &roxmltree::Node<'_, '_>, name| node.attribute(name).unwrap().parse::<f64>().unwrap();
        let named =
            |name: &'static str| tree.descendants().filter(move |node| node.tag_name().name() == name);
        let height = number(&tree.root_element(), "height");
        let code = named("svg").nth(1).map(|code| {
            let (y, side) = (number(&code, "y"), number(&code, "height"));
            assert!(number(&code, "x") >= 0.0 && y + side <= height);
            (y, y + side)
        });
        assert_eq!(code.is_some(), sample.qr().is_some());
        for text in named("text") {
            let (foot, size) = (number(&text, "y"), number(&text, "font-size"));
            assert!(foot - size >= 0.0 && foot + size * 0.3 <= height);
            assert!(code.is_none_or(|(top, end)| foot + size * 0.3 <= top || foot - size >= end), "{text:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_names_and_facts_give_sound_documents(name in "\\PC{1,128}", fact in ".{0,64}", columns in 0usize..4) {
        let mut any = sample("modulkassa");
        any.receipt.items[0].name = name;
        any.registration.fiscal.as_mut().unwrap().document_number = Some(fact.clone());
        any.registration.fiscal.as_mut().unwrap().qr = Some(fact);
        let paper = any.paper(Language::Be, true);
        is_sound(&html::write(&paper));
        is_sound(&svg::write(&paper));
        let columns = WIDTHS[columns];
        prop_assert!(lines(&paper, columns).iter().all(|line| line.width() <= columns as usize));
    }
}
