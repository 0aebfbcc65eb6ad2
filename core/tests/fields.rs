//! Holds what every vendor says of every field (`docs/fields.md`) against what it does: the field is given a marked
//! value, then the bytes, the violations and the warnings are compared with those of a receipt without it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, vendors};
use kassa::receipt::fields::{Field, Treatment, not_carried};
use kassa::{Client, Receipt};
use serde_json::{Value, json};

/// What else a receipt has: conditions under which vendors carry a field or do not.
const SCENES: [&str; 5] = ["sale", "refund", "correction", "phone only", "another form of the code"];

/// A marking code is of one piece.
fn one_piece(receipt: &mut Value) {
    receipt["items"][0]["quantity"] = json!("1");
    receipt["payments"][0]["sum"] = json!("150.00");
}

/// A receipt that the vendor takes, with every part in which `field` can stand.
fn base(vendor: &str, scene: &str, field: Field) -> Value {
    let mut receipt = json!({
        "id": "order-1", "kind": "sell", "issued_at": "2026-03-04T01:02:03+03:00",
        "items": [{"name": "Mug", "price": "150.00", "quantity": "2"}],
        "payments": [{"type": "card", "sum": "300.00"}],
    });
    match vendor {
        "ikkm" => {}
        "ikassa" => receipt["cashier"] = json!({"name": "Anna"}),
        _ => {
            receipt["customer"] = json!({"email": "buyer@shop.example"});
            receipt["cashier"] = json!({"name": "Anna"});
        }
    }
    if vendor != "ikkm" {
        receipt["items"][0]["vat"] = if vendor == "ikassa" { json!("20") } else { json!("22") };
    }
    match scene {
        "refund" => receipt["kind"] = json!("sell_refund"),
        "phone only" => receipt["customer"] = json!({"phone": "+79991112233"}),
        "another form of the code" => {
            one_piece(&mut receipt);
            receipt["items"][0]["marking"] = json!({"nomenclature_code": "00 01"});
            receipt["items"][0]["vendor"] = json!({"atol": {"mark_code": {"short": "0001"}}});
        }
        _ => {}
    }
    if scene == "correction" || field.place().starts_with("correction") {
        receipt["kind"] = json!("sell_correction");
        receipt["correction"] = json!({"type": "self", "base_date": "2026-01-02", "base_number": "17"});
    }
    if field == Field::Surcharge && vendor == "ikkm" {
        // It is the tax on top, and nothing else.
        receipt["vendor"] = json!({"ikkm": {"tax_on_top": true}});
    }
    if field.place().contains("marking") {
        one_piece(&mut receipt);
    }
    if field.place().contains("sectoral") {
        receipt["items"][0]["sectoral"] =
            json!([{"federal_id": "030", "date": "2023-11-21", "number": "1944", "value": "a"}]);
    }
    receipt
}

/// A value that is in no base.
fn marked(field: Field, kind: &Value) -> Value {
    use Field::*;
    json!(match field {
        Kind if kind == "sell" => "sell_refund",
        Kind if kind == "sell_refund" => "sell",
        Kind => "buy_correction",
        Currency => "RUB",
        IssuedAt => "2026-03-05T06:07:08+03:00",
        CallbackUrl => "https://shop.example/marked",
        Print => return json!(true),
        Discount | Surcharge | ItemSurcharge => "1.00",
        ItemVatSum => "54.10",
        ItemDiscount => "2.00",
        ItemPrice | PaymentSum => "151.00",
        ItemQuantity => "3",
        ItemVat => "10",
        ItemPaymentMethod => "advance",
        ItemPaymentObject => "service",
        ItemUnit => "kilogram",
        ItemCountryCode => "643",
        MarkingCode => "0104600000000015215AbCdE\u{1d}93dGVz",
        MarkingNomenclatureCode => "00 02",
        SectoralFederalId => "031",
        SectoralDate | CorrectionBaseDate => "2026-01-03",
        PaymentType => "cash",
        CustomerEmail | CompanyEmail => "marked@shop.example",
        CustomerPhone => "+79990001122",
        CustomerTaxId | CompanyTaxId => "7707083893",
        CashierTaxId => "500100732259",
        CompanyTaxSystem => "patent",
        CorrectionType => "instruction",
        ItemName
        | ItemBarcode
        | ItemArticle
        | ItemCustomsDeclaration
        | SectoralNumber
        | SectoralValue
        | CustomerName
        | CashierName
        | CashierPosition
        | CompanyPaymentAddress
        | CorrectionBaseNumber
        | CorrectionFiscalSign => "0104600000000",
    })
}

fn pointer(field: Field) -> String {
    format!("/{}", field.place().replace("[]", ".0").replace('.', "/"))
}

/// The receipt with the field, its payment made to fit.
fn with(mut receipt: Value, field: Field, value: Value) -> Value {
    // A payment has another sum where the line has another price.
    let place = if field == Field::PaymentSum { pointer(Field::ItemPrice) } else { pointer(field) };
    let mut at = &mut receipt;
    for name in place[1..].split('/') {
        at = match name.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[name],
        };
    }
    *at = value;
    if field == Field::CashierTaxId || field == Field::CashierPosition {
        receipt["cashier"]["name"] = json!("Anna");
    }
    let read: Receipt = serde_json::from_value(receipt.clone()).unwrap();
    receipt["payments"][0]["sum"] = json!(read.total().unwrap().to_string());
    receipt
}

/// What became of a receipt: bytes where it has no violations, violations, warnings.
struct Seen {
    bytes: Option<Vec<u8>>,
    violations: Vec<String>,
    warnings: Vec<String>,
}

impl Seen {
    /// True where a violation or a warning stands at the field, or at what it stands in.
    fn tells_of(&self, place: &str) -> bool {
        let is_around = |path: &String| place == path || place.starts_with(&format!("{path}/"));
        self.violations.iter().chain(&self.warnings).any(is_around)
    }
}

async fn seen(config: &Value, receipt: &Value) -> Seen {
    let client = Client::open(&config.to_string()).unwrap();
    let answer = common::ok(&client, "validate", receipt.clone()).await;
    let paths = |list: &str| {
        let list = answer[list].as_array().unwrap().iter();
        list.map(|one| one["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (violations, warnings) = (paths("violations"), paths("warnings"));
    let bytes = violations.is_empty().then(|| common::prepared(config, receipt));
    Seen { bytes, violations, warnings }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_word_of_every_vendor_on_every_field_holds() {
    let bench = Bench::new().await;
    for (info, mut config) in vendors(&bench) {
        config["journal"] = json!("memory:");
        for field in Field::ALL.iter().copied() {
            let mut carried = 0;
            for scene in SCENES {
                let before = base(info.name, scene, field);
                let value = marked(field, &before["kind"]);
                let after = with(before.clone(), field, value);
                let (was, is) = (seen(&config, &before).await, seen(&config, &after).await);
                let (place, treatment) = (pointer(field), (info.fields)(field));
                let case = format!("{} {} {scene}: {after}", info.name, field.place());
                let changed = is.bytes.is_some() && is.bytes != was.bytes;
                carried += usize::from(changed && !is.tells_of(&place));
                match treatment {
                    Treatment::Warned(_) => {
                        assert!(is.warnings.contains(&place), "{case}: {:?}", is.warnings);
                        assert_eq!(is.bytes, was.bytes, "{case}");
                    }
                    Treatment::Refused(_) => assert!(is.violations.contains(&place), "{case}"),
                    Treatment::Only(word, _) => {
                        let usual = seen(&config, &with(before.clone(), field, json!(word))).await;
                        assert!(!usual.tells_of(&place), "{case}");
                        let other = if field == Field::Currency { json!("XAU") } else { json!("advance") };
                        let other = seen(&config, &with(before, field, other)).await;
                        assert!(other.violations.contains(&place), "{case}");
                    }
                    Treatment::Carried | Treatment::CarriedIf(_) => {
                        let refused = is.bytes.is_none() && !was.violations.is_empty();
                        assert!(changed || is.tells_of(&place) || refused, "{case}: it vanished");
                        if scene == "sale" && treatment == Treatment::Carried {
                            assert!(changed && !is.tells_of(&place), "{case}: {:?}", is.violations);
                        }
                    }
                }
            }
            let is_kept = matches!((info.fields)(field), Treatment::Carried | Treatment::CarriedIf(_));
            // One of ATOL's versions may not carry what the other does.
            let elsewhere = info.name == "atol" && matches!((info.fields)(field), Treatment::CarriedIf(_));
            assert!(!is_kept || carried > 0 || elsewhere, "{} {}", info.name, field.place());
        }
    }
}

#[test]
fn every_place_is_a_field_of_the_schema_and_every_field_has_a_place() {
    fn walk(schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
        let schema = schema["$ref"].as_str().map_or(schema, |name| &root["$defs"][&name[8..]]);
        let inner = schema["anyOf"].as_array().and_then(|any| any.iter().find(|one| one["type"] != "null"));
        if let Some(inner) = inner {
            return walk(inner, root, at, found);
        }
        if schema["type"] == "array" {
            return walk(&schema["items"], root, &format!("{at}[]"), found);
        }
        match schema["properties"].as_object() {
            None => found.push(at.to_owned()),
            Some(all) => {
                for (name, field) in all.iter().filter(|(name, _)| *name != "vendor") {
                    walk(
                        field,
                        root,
                        &if at.is_empty() { name.clone() } else { format!("{at}.{name}") },
                        found,
                    );
                }
            }
        }
    }
    let schema = serde_json::to_value(kassa::input::schema_of::<Receipt>()).unwrap();
    let mut fields = Vec::new();
    walk(&schema, &schema, "", &mut fields);
    // What is the journal's own.
    let own = ["id", "settles", "corrects"];
    fields.retain(|field| !own.contains(&field.as_str()) && !field.starts_with("refund_of"));
    let mut places: Vec<&str> = Field::ALL.iter().map(|field| field.place()).collect();
    fields.sort();
    places.sort_unstable();
    assert_eq!(fields, places);
}

#[test]
fn a_field_that_is_given_is_told_at_its_pointer_and_one_that_is_not_is_not() {
    let full = Field::ALL.iter().fold(base("atol", "correction", Field::SectoralDate), |receipt, field| {
        with(receipt.clone(), *field, marked(*field, &receipt["kind"]))
    });
    let receipt: Receipt = serde_json::from_value(full).unwrap();
    let (_, warnings) = not_carried(&receipt, |_| Treatment::Warned("x"));
    let mut told: Vec<_> = warnings.into_iter().map(|warning| warning.path).collect();
    let mut wanted: Vec<_> = Field::ALL.iter().map(|field| pointer(*field)).collect();
    told.sort();
    wanted.sort();
    assert_eq!(told, wanted);

    let least = json!({"id": "a", "kind": "sell", "items": [], "payments": [], "print": false});
    let (violations, _) = not_carried(&serde_json::from_value(least).unwrap(), |_| Treatment::Refused("x"));
    assert_eq!(violations.into_iter().map(|one| one.path).collect::<Vec<_>>(), ["/kind"]);
}
