//! What a prepared request adds up to, read from the bytes that are sent and by nothing of the library.

use serde_json::Value;

/// Sums of a document in hundredths.
#[derive(Debug, PartialEq, Eq)]
pub struct Sums {
    /// What its lines give, where it has lines.
    pub lines: Option<i128>,
    /// The total that is written, where one is.
    pub total: Option<i128>,
    /// What its payments give.
    pub paid: i128,
}

/// Digits of a number on the wire, or of a text, as a whole number of its last decimals.
fn whole(value: &Value, decimals: usize) -> i128 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (digits, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = if fraction == "0" { "" } else { fraction };
    assert!(fraction.len() <= decimals, "{text}");
    format!("{digits}{fraction:0<decimals$}").parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn sum(rows: &Value, member: &str, decimals: usize) -> i128 {
    list(rows).iter().map(|row| whole(&row[member], decimals)).sum()
}

/// Price times quantity, rounded half up: hundredths of a product with so many decimals.
fn product(price: i128, quantity: i128, decimals: u32) -> i128 {
    let scale = 10i128.pow(decimals);
    (price * quantity + scale / 2) / scale
}

/// The sums of a request of a vendor.
pub fn sums(vendor: &str, request: &str) -> Sums {
    if vendor == "ikkm" {
        return ikkm(request);
    }
    let body: Value = serde_json::from_str(request.lines().last().unwrap()).unwrap();
    match vendor {
        "modulkassa" => {
            let line = |item: &Value| {
                let discount = item.get("discSum").map_or(0, |sum| whole(sum, 2));
                product(whole(&item["price"], 2), whole(&item["quantity"], 6), 6) - discount
            };
            let lines = list(&body["inventPositions"]).iter().map(line).sum();
            Sums { lines: Some(lines), total: None, paid: sum(&body["moneyPositions"], "sum", 2) }
        }
        "ikassa" => {
            let line = |item: &Value| {
                product(whole(&item["price"], 0), whole(&item["quantity"], 0), 3)
                    + sum(&item["modifiers"], "modifier", 0)
            };
            let lines: i128 = list(&body["items"]).iter().map(line).sum();
            let lines = lines + sum(&body["modifiers"], "modifier", 0);
            Sums { lines: Some(lines), total: None, paid: sum(&body["payments"], "sum", 0) }
        }
        _ => {
            let receipt = body.get("receipt").or_else(|| body.get("correction")).unwrap();
            let lines = receipt.get("items").map(|items| sum(items, "sum", 2));
            let total = receipt.get("total").map(|total| whole(total, 2));
            Sums { lines, total, paid: sum(&receipt["payments"], "sum", 2) }
        }
    }
}

fn ikkm(request: &str) -> Sums {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(request.as_bytes()).into_owned().collect();
    let of = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let amount = |text: &String| whole(&Value::from(text.as_str()), 2);
    let lines = of("itemdata").map(|rows| {
        let rows: Value = serde_json::from_str(rows).unwrap();
        let row = |row: &Value| match row.get("discount") {
            Some(discount) => -whole(discount, 2),
            None => whole(&row["sum"], 2),
        };
        list(&rows).iter().map(row).sum()
    });
    let paid = ["cash", "bank", "tara", "credit"].into_iter().filter_map(of).map(amount).sum();
    Sums { lines, total: form.first().map(|(_, total)| amount(total)), paid }
}
