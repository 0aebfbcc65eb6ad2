//! Monitoring of the cash registers (protocol/atol.md 1): every attribute of 1.5 as it came, so that 0 and
//! false are not the same as absent.

use reqwest::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::Report;
use super::token::Service;
use super::vendor::Atol;
use crate::error::{Code, Error, Result};
use crate::receipt::registration::Raw;
use crate::transport::lenient::text;
use crate::transport::{Answer, Request, join};
use crate::vendor::budget::Budget;
use crate::vendor::{Context, read};

/// What each network error means (protocol/atol.md 1.6), in English and Russian.
#[rustfmt::skip]
const NETWORK_ERRORS: &[(i64, &str, &str)] = &[
    (0, "no error", "нет ошибки"),
    (1, "no physical channel", "нет физического канала связи"),
    (2, "wrong network settings or no connection to the operator", "неверные настройки сети или нет связи с ОФД"),
    (3, "the connection broke while a document was sent", "связь прервалась при передаче документа"),
    (4, "the exchange packet has a wrong header", "неверный заголовок пакета обмена"),
    (5, "no acknowledgement of the operator in time", "истекло ожидание квитанции ОФД"),
    (6, "the connection broke while the acknowledgement came", "связь прервалась при приёме квитанции"),
    (7, "the document was not sent in time", "истекло время передачи документа"),
    (8, "exchange with the operator is not set up", "обмен с ОФД не инициализирован"),
];

/// Cash registers of the login.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Kkts {
    /// The cash registers.
    pub kkts: Vec<Kkt>,
    /// The answer as it came.
    pub raw: Option<Raw>,
}

/// A cash register. Texts and numbers are as they came; absent means that the vendor did not tell.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Kkt {
    /// Factory serial number.
    #[serde(alias = "serialNumber", deserialize_with = "text")]
    pub serial_number: Option<String>,
    /// Registration number.
    #[serde(alias = "registrationNumber", deserialize_with = "text")]
    pub registration_number: Option<String>,
    /// Number of the automatic device.
    #[serde(alias = "deviceNumber", deserialize_with = "text")]
    pub device_number: Option<String>,
    /// When the fiscal storage was activated.
    #[serde(alias = "fiscalizationDate", deserialize_with = "text")]
    pub fiscalization_date: Option<String>,
    /// When the fiscal storage has to be replaced.
    #[serde(alias = "fiscalStorageExpiration", deserialize_with = "text")]
    pub storage_expiration: Option<String>,
    /// Documents signed by the fiscal storage.
    #[serde(alias = "signedDocuments")]
    pub signed_documents: Option<i64>,
    /// How full the fiscal storage is, in percent: a decimal text.
    #[serde(alias = "fiscalStoragePercentageUse", deserialize_with = "text")]
    pub storage_use_percent: Option<String>,
    /// Taxpayer number in the fiscal storage.
    #[serde(alias = "fiscalStorageINN", deserialize_with = "text")]
    pub storage_tax_id: Option<String>,
    /// Serial number of the fiscal storage.
    #[serde(alias = "fiscalStorageSerialNumber", deserialize_with = "text")]
    pub storage_number: Option<String>,
    /// Place of settlement in the fiscal storage.
    #[serde(alias = "fiscalStoragePaymentAddress", deserialize_with = "text")]
    pub storage_payment_address: Option<String>,
    /// Group of the cash register.
    #[serde(alias = "groupCode", deserialize_with = "text")]
    pub group_code: Option<String>,
    /// When the data were made.
    #[serde(deserialize_with = "text")]
    pub timestamp: Option<String>,
    /// True where the shift is open.
    #[serde(alias = "isShiftOpened")]
    pub is_shift_open: Option<bool>,
    /// Number of the open shift, or of the one that was closed last.
    #[serde(alias = "shiftNumber")]
    pub shift_number: Option<i64>,
    /// Number of the document in the open shift, or of receipts in the closed one.
    #[serde(alias = "shiftReceipt")]
    pub shift_receipt: Option<i64>,
    /// Documents not yet sent to the operator; the vendor tells it only where there are any.
    #[serde(alias = "unsentDocs")]
    pub unsent_documents: Option<i64>,
    /// Time of the first unsent document; the vendor tells it only where there is one.
    #[serde(alias = "firstUnsetDocTimestamp", deserialize_with = "text")]
    pub first_unsent_at: Option<String>,
    /// Code of the network error; 0 is none.
    #[serde(alias = "networkErrorCode")]
    pub network_error_code: Option<i64>,
    /// What the code means.
    pub network_error: Option<String>,
    /// The same in Russian.
    pub network_error_ru: Option<String>,
    /// The answer as it came, where one cash register was asked for.
    pub raw: Option<Raw>,
}

impl Kkt {
    pub(super) fn read(answer: &Answer) -> Result<Self> {
        let found: Wrapped<serde_json::Value> = read("the answer", told(answer)?)?;
        Ok(Kkt { raw: Some(answer.raw()), ..answer.sent.record(kkt(found.inner())?) })
    }

    fn explained(mut self) -> Self {
        let known = NETWORK_ERRORS.iter().find(|(code, ..)| Some(*code) == self.network_error_code);
        self.network_error = known.map(|(_, english, _)| (*english).into());
        self.network_error_ru = known.map(|(.., russian)| (*russian).into());
        self
    }
}

/// The list is a bare array; `{"data": [...]}` is taken too (protocol/atol.md 5.2).
#[derive(Deserialize)]
#[serde(untagged)]
enum Wrapped<T> {
    Data { data: T },
    Bare(T),
}

impl<T> Wrapped<T> {
    fn inner(self) -> T {
        match self {
            Wrapped::Data { data } | Wrapped::Bare(data) => data,
        }
    }
}

impl Atol {
    /// Cash registers of the login (protocol/atol.md 1.3).
    pub async fn kkts(&self, context: &Context<'_>, limit: Option<u32>, offset: Option<u32>) -> Result<Kkts> {
        let mut url = join(&self.monitoring, &["kkt", "v1", "cash-registers"]);
        for (name, value) in [("limit", limit), ("offset", offset)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, &value.to_string());
            }
        }
        Kkts::read(&self.sent_to_monitoring(context, Request::new(Method::GET, "cash-registers", url)).await?)
    }

    /// One cash register (protocol/atol.md 1.4).
    pub async fn kkt(&self, context: &Context<'_>, serial_number: &str) -> Result<Kkt> {
        let url = join(&self.monitoring, &["kkt", "v1", "cash-registers", serial_number]);
        let request = Request::new(Method::GET, "cash-registers/{}", url)
            .header("accept", "application/hal+json".into());
        Kkt::read(&self.sent_to_monitoring(context, request).await?)
    }

    async fn sent_to_monitoring(&self, context: &Context<'_>, request: Request) -> Result<Answer> {
        Ok(self.sent(context, Service::Monitoring, Budget::for_question, &request).await??)
    }
}

impl Kkts {
    pub(super) fn read(answer: &Answer) -> Result<Self> {
        let kkts: Wrapped<Vec<serde_json::Value>> = read("the answer", told(answer)?)?;
        let kkts: Vec<Kkt> = kkts.inner().into_iter().map(kkt).collect::<Result<_>>()?;
        Ok(Kkts { kkts: answer.sent.record(kkts), raw: Some(answer.raw()) })
    }
}

/// The body of an answer that is no error.
fn told(answer: &Answer) -> Result<&[u8]> {
    if answer.status < 400 {
        return Ok(&answer.body);
    }
    let fault = Report::in_body(&answer.body).unwrap_or_default().error;
    let strange = |code, what: &str| Error::new(code, format!("{what}: {}", answer.seen()));
    let error = match (answer.status, &fault) {
        (404, _) => Error::new(Code::NotFound, "no such cash register"),
        (status, Some(fault)) => fault.error(status),
        (429, None) => strange(Code::Limited, "the monitoring asks to slow down"),
        (_, None) => strange(Code::AnswerNotUnderstood, "the monitoring answered"),
    };
    let vendor = fault.unwrap_or_default().of_vendor(answer.status);
    Err(answer.sent.error(error.with_vendor(vendor).after(answer.retry_after_ms)))
}

fn kkt(value: serde_json::Value) -> Result<Kkt> {
    read("a cash register", value.to_string().as_bytes()).map(Kkt::explained)
}
