//! What is meant by a word that is none of ours: a spelling mistake, or the word of another client or of a vendor's own
//! protocol for the same thing.

/// Distance up to which a word is a spelling mistake.
const NEAR: usize = 2;
/// Shorter words are too near to each other.
const SHORTEST: usize = 4;

/// Fields, as others call them, without capitals and lines under letters.
const FIELDS: &[(&str, &[&str])] = &[
    ("id", &["externalid", "docnum", "orderid", "ordernumber", "receiptid", "number"]),
    ("kind", &["doctype", "operation", "type", "operationtype"]),
    ("items", &["inventpositions", "positions", "lines", "goods", "products", "cart"]),
    ("payments", &["moneypositions", "payment", "settlements"]),
    ("issued_at", &["checkoutdatetime", "timestamp", "date", "datetime"]),
    ("callback_url", &["responseurl", "webhook", "webhookurl", "notificationurl"]),
    ("print", &["printreceipt"]),
    ("customer", &["client", "buyer"]),
    ("company", &["seller", "shop"]),
    ("cashier", &["operator"]),
    ("correction", &["correctioninfo"]),
    ("name", &["description", "title", "text"]),
    ("price", &["amount", "cost", "unitprice"]),
    ("quantity", &["qty", "count"]),
    ("discount", &["discsum"]),
    ("vat", &["vatcode", "vattag", "tax", "vattype", "vatrate"]),
    ("payment_method", &["paymentmode", "settlementmethod"]),
    ("payment_object", &["paymentsubject", "settlementsubject"]),
    ("unit", &["measure", "measurementunit", "measureunit"]),
    ("article", &["sku", "vendorcode"]),
    ("marking", &["markcode", "markingcode", "productcode", "productcodedata"]),
    ("type", &["paymenttype"]),
    ("sum", &["amount", "value", "total"]),
    ("email", &["mail", "customeremail"]),
    ("phone", &["telephone", "customerphone"]),
    ("tax_id", &["inn", "unp", "bin", "taxnumber"]),
    ("tax_system", &["sno", "taxsystemcode", "taxation", "taxmode"]),
    ("payment_address", &["address", "paymentplace"]),
];

/// Values, as others write them, without capitals and lines under letters.
const VALUES: &[(&str, &[&str])] = &[
    ("sell", &["sale", "income"]),
    ("sell_refund", &["return", "refund", "incomereturn", "salereturn"]),
    ("buy", &["purchase", "expense"]),
    ("buy_refund", &["purchasereturn", "buyreturn", "expensereturn"]),
    ("card", &["electronic", "cashless", "bankcard", "bank", "noncash"]),
    ("prepaid", &["prepayment", "advance"]),
    ("none", &["novat", "withoutvat", "without", "no"]),
    ("10/110", &["vat110"]),
    ("20/120", &["vat120"]),
    ("22/122", &["vat122"]),
    ("5/105", &["vat105"]),
    ("7/107", &["vat107"]),
    ("piece", &["pcs", "pc"]),
    ("kilogram", &["kg"]),
    ("litre", &["liter", "l"]),
];

/// The field that is meant by an unknown one, of those that there are.
pub fn field<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    meant(word, known, FIELDS)
}

/// The value that is meant by an unknown one, of those that are allowed.
pub fn value<'a>(word: &str, allowed: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    // `vat20`, and `20%`.
    let bare = bare(word);
    let rate = bare.strip_prefix("vat").unwrap_or(&bare).trim_end_matches('%').to_owned();
    let same = allowed.clone().find(|known| *known == rate);
    same.or_else(|| meant(word, allowed, VALUES))
}

fn meant<'a>(
    word: &str,
    known: impl Iterator<Item = &'a str>,
    others: &[(&str, &[&str])],
) -> Option<&'a str> {
    let known: Vec<&'a str> = known.collect();
    // A word of another program is short; what is longer is not looked at.
    if word.len() > 64 {
        return None;
    }
    let word = bare(word);
    let same = known.iter().find(|known| bare(known) == word);
    let theirs = || {
        let of = |known: &&&str| {
            others.iter().any(|(ours, theirs)| ours == *known && theirs.contains(&word.as_str()))
        };
        known.iter().find(of)
    };
    let near = || {
        let distance = |known: &&&str| strsim::osa_distance(&bare(known), &word);
        let long = known.iter().filter(|known| known.len() >= SHORTEST && word.len() >= SHORTEST);
        long.min_by_key(distance).filter(|known| distance(known) <= NEAR)
    };
    same.or_else(theirs).or_else(near).copied()
}

/// Without capitals and lines.
fn bare(word: &str) -> String {
    word.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_told() {
        let fields = ["id", "kind", "items", "payments", "customer", "issued_at", "callback_url"];
        for (word, meant) in [
            ("costumer", Some("customer")),
            ("Items", Some("items")),
            ("issuedAt", Some("issued_at")),
            ("inventPositions", Some("items")),
            ("external_id", Some("id")),
            ("colour", None),
            ("ids", None),
        ] {
            assert_eq!(field(word, fields.into_iter()), meant, "{word}");
        }
        let rates = ["none", "0", "10", "20", "22", "20/120", "22/122"];
        for (word, meant) in [
            ("vat20", Some("20")),
            ("20%", Some("20")),
            ("vat122", Some("22/122")),
            ("no_vat", Some("none")),
            ("vat18", None),
        ] {
            assert_eq!(value(word, rates.into_iter()), meant, "{word}");
        }
    }
}
