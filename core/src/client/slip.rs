//! The slip of a receipt, from the journal alone: nothing is sent and nobody is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Client;
use crate::error::{Code, Error, Result, violation};
use crate::receipt::registration::State;
use crate::receipt::slip::build::paper;
use crate::receipt::slip::source::{Source, language_of};
use crate::receipt::slip::text::{WIDTH, WIDTHS};
use crate::receipt::slip::words::Language;
use crate::receipt::slip::{html, svg, text};
use crate::receipt::words::words;

words! {
    /// What a slip is written in.
    SlipFormat {
        /// Plain text in columns.
        Text "text",
        /// One document, with its QR code.
        Html "html",
        /// One picture, with its QR code.
        Svg "svg",
    }
}

impl SlipFormat {
    const fn media_type(self) -> &'static str {
        match self {
            SlipFormat::Text => "text/plain; charset=utf-8",
            SlipFormat::Html => "text/html; charset=utf-8",
            SlipFormat::Svg => "image/svg+xml",
        }
    }
}

/// Which receipt to make a slip of, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slip {
    /// The caller's id.
    #[schemars(extend("format" = "any"), length(min = 1, max = 128))]
    pub id: String,
    /// What it is written in.
    pub format: SlipFormat,
    /// Columns of a text: 24, 32, 42 (absent means this) or 48.
    #[schemars(range(min = 24, max = 48))]
    pub columns: Option<u32>,
    /// Its language; absent means Russian, which is read in all three countries.
    pub language: Option<Language>,
    /// Also the buyer's name, number, e-mail address and phone, where the vendor has them.
    #[serde(default)]
    pub customer: bool,
    /// Also of a receipt that is not on record: the slip then says in large letters that it is no fiscal receipt, and
    /// has no fiscal data.
    #[serde(default)]
    pub draft: bool,
}

/// A slip.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlipContent {
    /// The caller's id.
    pub receipt_id: String,
    /// What it is written in.
    pub format: SlipFormat,
    /// Its type, for a letter or a browser.
    pub media_type: String,
    /// Columns of a text.
    pub columns: Option<u32>,
    /// Its language.
    pub language: Language,
    /// True where the receipt is not on record, and the slip says so.
    pub draft: bool,
    /// What its QR code says, for a printer that draws one itself; the vendor's own text.
    pub qr: Option<String>,
    /// The slip itself.
    pub content: String,
}

impl Slip {
    /// The columns, of a text only.
    fn columns(&self) -> Result<Option<u32>> {
        let wrong =
            |message: String| Err(Error::invalid(vec![violation("/columns", Code::WrongValue, message)]));
        match (self.format, self.columns) {
            (SlipFormat::Text, None) => Ok(Some(WIDTH)),
            (SlipFormat::Text, Some(columns)) if WIDTHS.contains(&columns) => Ok(Some(columns)),
            (SlipFormat::Text, Some(_)) => {
                let widths: Vec<String> = WIDTHS.iter().map(u32::to_string).collect();
                wrong(format!("must be one of {}", widths.join(", ")))
            }
            (SlipFormat::Html | SlipFormat::Svg, None) => Ok(None),
            (SlipFormat::Html | SlipFormat::Svg, Some(_)) => wrong("only a text has columns".into()),
        }
    }
}

impl Client {
    /// See the table of operations.
    pub async fn slip(&self, request: Slip) -> Result<SlipContent> {
        match self.slip_of(&request).await {
            Ok(content) => Ok(content),
            Err(error) => Err(self.delivery.told(error, &request.id).await),
        }
    }

    async fn slip_of(&self, request: &Slip) -> Result<SlipContent> {
        let columns = request.columns()?;
        let entry = self.delivery.entry_of(&request.id).await?;
        let registration = self.delivery.counted(&entry).await?;
        let draft = registration.state != State::Registered;
        if draft && !request.draft {
            let message =
                format!("{} is `{}`: there is nothing to copy", request.id, registration.state.word());
            return Err(Error::new(Code::NotOnRecord, message));
        }
        if let Some(annulment) = self.annulment_of(&request.id).await? {
            let message =
                format!("{} was annulled by {}: there is nothing to copy", request.id, annulment.receipt_id);
            return Err(Error::new(Code::NotOnRecord, message));
        }
        if entry.receipt.is_none() {
            return Err(Error::new(
                Code::ContentUnknown,
                format!("the journal does not hold what {} says", request.id),
            ));
        }
        let mut receipt = self.receipt_of(&entry)?;
        receipt.write_in(self.info.letters);
        let vendor = &self.delivery.vendor;
        // A currency that was left out is known only where the vendor has no other.
        let currencies = vendor.capabilities().currencies;
        let language = request.language.unwrap_or(language_of(self.info.country));
        let written_down =
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(entry.created_at_ms) * 1_000_000);
        let paper = paper(&Source {
            receipt: &receipt,
            registration: &registration,
            fields: self.info.fields,
            place: vendor.seller(&receipt).place(self.stands),
            currency: currencies.first().filter(|_| currencies.len() == 1).map(String::as_str),
            at: written_down.unwrap_or(OffsetDateTime::UNIX_EPOCH),
            language,
            customer: request.customer,
        });
        let content = match request.format {
            SlipFormat::Text => text::write(&paper, columns.unwrap_or(WIDTH) as usize),
            SlipFormat::Html => html::write(&paper),
            SlipFormat::Svg => svg::write(&paper),
        };
        Ok(SlipContent {
            receipt_id: request.id.clone(),
            format: request.format,
            media_type: request.format.media_type().into(),
            columns,
            language,
            draft,
            qr: paper.qr().map(|qr| qr.text.clone()),
            content,
        })
    }
}
