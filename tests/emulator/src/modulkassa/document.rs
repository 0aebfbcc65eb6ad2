//! A document as a shop sends it: read leniently, checked against the tables of `schema`.

use rust_decimal::{Decimal, RoundingStrategy};

use super::dates;
use super::reading::{self, Fields, Raw};
use super::schema::{self, BY_ORDER, Check, DOC_TYPES, DOCUMENT, DocType, Field};
use super::switches::{SumMismatch, Switches};

/// Amounts have kopecks.
pub const MONEY_DECIMALS: u32 = 2;

const PERSON_INN: usize = 12;
const COMPANY_INN: usize = 10;
const PHONE_DIGITS: usize = 10;
const PHONE_PREFIX: &str = "+7";
const MAX_COUNTRY_CODE: usize = 3;

/// What the register and the queue need to know of a document.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// `id`, chosen by the shop.
    pub id: String,
    /// `docNum`, the shop's number.
    pub doc_num: String,
    /// The row of `docType`.
    pub doc_type: &'static DocType,
    /// `responseURL`.
    pub response_url: Option<String>,
    /// How many positions it has.
    pub lines: usize,
    /// Sum of the positions.
    pub total: Decimal,
    /// Sum of the payments.
    pub paid: Decimal,
}

/// `id` and `docNum` of whatever came, for fault rules.
pub fn keys(body: &str) -> Vec<String> {
    let fields = reading::fields(body).unwrap_or_default();
    let key = |name| fields.get(name).and_then(|raw| reading::text(raw));
    ["id", "docNum"].into_iter().filter_map(key).collect()
}

/// Reads and checks a document; otherwise what is wrong with it, one text a violation.
pub fn read(body: &str, switches: &Switches) -> Result<Receipt, Vec<String>> {
    let fields = reading::fields(body).ok_or_else(|| vec!["JSON object expected".to_owned()])?;
    let mut checker = Checker { switches, violations: Vec::new() };
    checker.fields(DOCUMENT, &fields, "");
    checker.correction(&fields);
    checker.industry_dates(&fields);
    if !checker.violations.is_empty() {
        return Err(checker.violations);
    }
    let receipt = summary(&fields).ok_or_else(|| vec!["amounts are out of range".to_owned()])?;
    if receipt.total != receipt.paid && switches.sum_mismatch == SumMismatch::BadRequest {
        return Err(vec![receipt.mismatch()]);
    }
    Ok(receipt)
}

impl Receipt {
    /// The words for a difference between positions and payments.
    pub fn mismatch(&self) -> String {
        let (total, paid) = (money(self.total), money(self.paid));
        format!("moneyPositions give {paid}, inventPositions give {total}")
    }
}

/// An amount with two decimals.
pub fn money(amount: Decimal) -> String {
    let places = MONEY_DECIMALS as usize;
    format!("{amount:.places$}")
}

fn summary(fields: &Fields<'_>) -> Option<Receipt> {
    let text = |name: &str| fields.get(name).and_then(|raw| reading::text(raw));
    let word = text("docType")?;
    let positions = reading::array(fields.get("inventPositions")?)?;
    let payments = reading::array(fields.get("moneyPositions")?)?;
    let mut total = Decimal::ZERO;
    for position in &positions {
        total = total.checked_add(position_total(position)?)?;
    }
    let mut paid = Decimal::ZERO;
    for payment in &payments {
        let fields = reading::object(payment)?;
        paid = paid.checked_add(number(&fields, "sum")?)?;
    }
    Some(Receipt {
        id: text("id")?,
        doc_num: text("docNum")?,
        doc_type: DOC_TYPES.iter().find(|row| row.word == word)?,
        response_url: text("responseURL").filter(|url| !url.is_empty()),
        lines: positions.len(),
        total,
        paid,
    })
}

/// round2(price x quantity) - discSum (protocol/modulkassa.md 2.13).
fn position_total(position: Raw<'_>) -> Option<Decimal> {
    let fields = reading::object(position)?;
    let cost = number(&fields, "price")?.checked_mul(number(&fields, "quantity")?)?;
    let half_up = RoundingStrategy::MidpointAwayFromZero;
    let rounded = cost.round_dp_with_strategy(MONEY_DECIMALS, half_up);
    rounded.checked_sub(number(&fields, "discSum").unwrap_or_default())
}

fn number(fields: &Fields<'_>, name: &str) -> Option<Decimal> {
    fields.get(name).and_then(|raw| reading::number(raw))
}

struct Checker<'a> {
    switches: &'a Switches,
    violations: Vec<String>,
}

impl Checker<'_> {
    fn fields(&mut self, table: &[Field], fields: &Fields<'_>, prefix: &str) {
        for field in table {
            let path = format!("{prefix}{}", field.name);
            match fields.get(field.name) {
                Some(raw) if field.required && raw.get() == "\"\"" => {
                    self.violation(&path, "must not be empty");
                }
                Some(raw) => self.value(field.check, raw, &path),
                None if field.required => self.violation(&path, "must not be null"),
                None => {}
            }
        }
    }

    fn value(&mut self, check: Check, raw: Raw<'_>, path: &str) {
        match check {
            Check::Object(table) => match reading::object(raw) {
                Some(fields) => self.fields(table, &fields, &format!("{path}.")),
                None => self.violation(path, "must be an object"),
            },
            Check::Array(each) => self.elements(*each, raw, path, 0),
            Check::Filled(each) => self.elements(*each, raw, path, 1),
            _ => {
                if let Err(problem) = self.scalar(check, raw) {
                    self.violation(path, &problem);
                }
            }
        }
    }

    fn elements(&mut self, each: Check, raw: Raw<'_>, path: &str, at_least: usize) {
        let Some(elements) = reading::array(raw) else {
            return self.violation(path, "must be an array");
        };
        if elements.len() < at_least {
            self.violation(path, "must not be empty");
        }
        for (index, element) in elements.into_iter().enumerate() {
            self.value(each, element, &format!("{path}[{index}]"));
        }
    }

    fn scalar(&self, check: Check, raw: Raw<'_>) -> Result<(), String> {
        let number = || reading::number(raw).ok_or("must be a number");
        let text = || reading::text(raw).ok_or("must be a string");
        let (passes, problem) = match check {
            Check::Text(longest) => {
                (text()?.chars().count() <= longest, format!("length must be at most {longest}"))
            }
            Check::OneOf(words) => (words.contains(&text()?.as_str()), format!("must be one of {words:?}")),
            Check::NotNegative => {
                (number()? >= Decimal::ZERO, "must be greater than or equal to 0".to_owned())
            }
            Check::Positive => (number()? > Decimal::ZERO, "must be greater than 0".to_owned()),
            Check::OneOfNumbers(numbers) => {
                let given = number()?;
                let known = numbers.iter().any(|n| Decimal::from(*n) == given);
                (known, format!("must be one of {numbers:?}"))
            }
            Check::Flag => (reading::flag(raw).is_some(), "must be true or false".to_owned()),
            Check::DateTime => (dates::is_date_time(&text()?), "must be a date-time".to_owned()),
            Check::Contact => (
                !self.switches.check_contact || is_contact(&text()?),
                "must be an e-mail address or +7 and 10 digits".to_owned(),
            ),
            Check::Inn => (is_inn(&text()?, self.switches.check_inn), "must be a valid INN".to_owned()),
            Check::CountryCode => {
                (is_digits(&text()?, 1..=MAX_COUNTRY_CODE), "must match ^\\d{1,3}$".to_owned())
            }
            Check::Phone => (is_phone(&text()?), "must be a phone number".to_owned()),
            Check::Object(_) | Check::Array(_) | Check::Filled(_) => (true, String::new()),
        };
        if passes { Ok(()) } else { Err(problem) }
    }

    /// protocol/modulkassa.md 6.1 item 18.
    fn correction(&mut self, fields: &Fields<'_>) {
        let word = fields.get("docType").and_then(|raw| reading::text(raw));
        let row = DOC_TYPES.iter().find(|row| Some(row.word) == word.as_deref());
        if !row.is_some_and(|row| row.correction) {
            return;
        }
        let Some(info) = fields.get("correctionInfo").and_then(|raw| reading::object(raw)) else {
            return self.violation("correctionInfo", "must not be null");
        };
        let has = |name: &str| info.get(name).and_then(|raw| reading::text(raw));
        if has("reason").as_deref() == Some(BY_ORDER) && has("documentNum").is_none() {
            self.violation("correctionInfo.documentNum", "must not be null");
        }
    }

    /// protocol/modulkassa.md 2.8, 7 item 14.
    fn industry_dates(&mut self, fields: &Fields<'_>) {
        let positions = fields.get("inventPositions").and_then(|raw| reading::array(raw));
        for (index, position) in positions.unwrap_or_default().into_iter().enumerate() {
            let position = reading::object(position).unwrap_or_default();
            let Some(industry) = position.get("industryRequisite") else {
                continue;
            };
            let industry = reading::object(industry).unwrap_or_default();
            if !industry.contains_key("docDateTime") && !industry.contains_key("docDate") {
                let path = format!("inventPositions[{index}].industryRequisite.docDateTime");
                self.violation(&path, "must not be null");
            }
        }
    }

    fn violation(&mut self, path: &str, problem: &str) {
        self.violations.push(format!("{path}: {problem}"));
    }
}

fn is_digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_contact(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix(PHONE_PREFIX) {
        return is_digits(digits, PHONE_DIGITS..=PHONE_DIGITS);
    }
    let parts = text.split_once('@');
    let no_space = !text.chars().any(char::is_whitespace);
    no_space && parts.is_some_and(|(who, host)| !who.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    text.len() <= schema::MAX_PHONE && is_digits(digits, 1..=schema::MAX_PHONE)
}

fn is_inn(text: &str, checksum: bool) -> bool {
    let lengths = is_digits(text, COMPANY_INN..=COMPANY_INN) || is_digits(text, PERSON_INN..=PERSON_INN);
    lengths && (!checksum || has_inn_checksum(text))
}

/// The check digits of the tax service: one for a company, two for a person.
fn has_inn_checksum(text: &str) -> bool {
    const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let first_check = if digits.len() == COMPANY_INN { COMPANY_INN - 1 } else { PERSON_INN - 2 };
    (first_check..digits.len()).all(|position| {
        let weights = &WEIGHTS[WEIGHTS.len() - position..];
        let sum: u32 = weights.iter().zip(&digits).map(|(w, d)| w * d).sum();
        digits[position] == sum % 11 % 10
    })
}
