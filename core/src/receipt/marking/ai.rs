//! The application identifiers of GS1 that goods carry, as the GS1 General Specifications have them.

/// A row: an identifier, or a family whose last digit says how many decimals the value has.
#[derive(Debug, PartialEq, Eq)]
pub struct Ai {
    /// Digits that it begins with; all of it, unless it is a family.
    pub prefix: &'static str,
    /// Digits of the whole identifier.
    pub length: usize,
    /// What it means.
    pub name: &'static str,
    /// Least characters of its value.
    pub least: usize,
    /// Most characters of its value.
    pub most: usize,
    /// True where the value is digits only.
    pub digits: bool,
    /// True where a separator stands behind it unless it is the last.
    pub separated: bool,
}

const fn digits(prefix: &'static str, length: usize, most: usize, name: &'static str) -> Ai {
    Ai { prefix, length, name, least: most, most, digits: true, separated: false }
}

const fn separated(row: Ai) -> Ai {
    Ai { separated: true, ..row }
}

const fn up_to(least: usize, row: Ai) -> Ai {
    Ai { least, separated: true, ..row }
}

const fn text(prefix: &'static str, most: usize, name: &'static str) -> Ai {
    Ai { prefix, length: prefix.len(), name, least: 1, most, digits: false, separated: true }
}

/// The table. Those of fixed length that need no separator come first.
#[rustfmt::skip]
pub const TABLE: &[Ai] = &[
    digits("00", 2, 18, "serial shipping container code"),
    digits("01", 2, 14, "GTIN"),
    digits("02", 2, 14, "GTIN of the contents"),
    digits("11", 2, 6, "production date"),
    digits("12", 2, 6, "due date"),
    digits("13", 2, 6, "packaging date"),
    digits("15", 2, 6, "best before date"),
    digits("16", 2, 6, "sell by date"),
    digits("17", 2, 6, "expiration date"),
    digits("20", 2, 2, "internal product variant"),
    digits("31", 4, 6, "net weight or measure"),
    digits("32", 4, 6, "net weight or measure"),
    digits("33", 4, 6, "gross weight or measure"),
    digits("34", 4, 6, "gross weight or measure"),
    digits("35", 4, 6, "net weight or measure"),
    digits("36", 4, 6, "net weight or measure"),
    digits("41", 3, 13, "global location number"),
    separated(digits("422", 3, 3, "country of origin")),
    separated(digits("7003", 4, 10, "expiration date and time")),
    separated(digits("8005", 4, 6, "price per unit")),
    separated(digits("8006", 4, 18, "part of a trade item")),
    up_to(1, digits("30", 2, 8, "count of items")),
    up_to(1, digits("37", 2, 8, "count of trade items contained")),
    up_to(1, digits("242", 3, 6, "made-to-order variation")),
    up_to(8, digits("8008", 4, 12, "production date and time")),
    up_to(1, digits("392", 4, 15, "amount payable")),
    text("10", 20, "batch or lot number"),
    text("21", 20, "serial number"),
    text("22", 20, "consumer product variant"),
    text("235", 28, "third party serial number"),
    text("240", 30, "additional product identification"),
    text("241", 30, "customer part number"),
    text("243", 20, "packaging component number"),
    text("250", 30, "secondary serial number"),
    text("251", 30, "reference to source"),
    text("400", 30, "order number"),
    text("710", 20, "national healthcare number"),
    text("90", 30, "agreed between partners"),
    text("91", 90, "check key"),
    text("92", 90, "check code"),
    text("93", 90, "check code"),
    text("94", 90, "internal"),
    text("95", 90, "internal"),
    text("96", 90, "internal"),
    text("97", 90, "internal"),
    text("98", 90, "internal"),
    text("99", 90, "internal"),
];

impl Ai {
    /// The row of the identifier that the text begins with.
    pub fn of(text: &str) -> Option<&'static Ai> {
        let has = |row: &&Ai| {
            let ai = text.get(..row.length).unwrap_or_default();
            ai.starts_with(row.prefix) && ai.bytes().all(|byte| byte.is_ascii_digit())
        };
        TABLE.iter().find(has)
    }

    /// True where every value has the same length.
    pub const fn is_fixed(&self) -> bool {
        self.least == self.most
    }
}
