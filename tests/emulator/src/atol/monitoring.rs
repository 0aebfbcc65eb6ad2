//! Information about the registers of a login (protocol/atol.md 1.3 to 1.6, 4.1 items 33 to 35).

use std::sync::Arc;

use axum::extract::Path;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::asked::Asked;
use super::calls::{KKT, KKTS};
use super::dates;
use super::errors::{BAD_REQUEST, ServiceError, shown};
use super::group::{Company, Group};
use super::kkt::Kkt;
use super::switches::{ListForm, Switches};
use super::tokens::Service;
use crate::answers::Answer;

/// How long a fiscal drive lives.
const DRIVE_LIFE: Duration = Duration::days(470);
/// How many documents a fiscal drive holds.
const DRIVE_CAPACITY: u32 = 250_000;
const PERCENT: u32 = 100;
const PERCENT_DECIMALS: u32 = 2;

/// `GET /api/kkt/v1/cash-registers`.
pub async fn kkts(asked: Asked) -> Answer {
    let work = async {
        match list(&asked) {
            Ok(answer) | Err(answer) => answer,
        }
    };
    asked.serve(KKTS, Vec::new(), work).await
}

/// `GET /api/kkt/v1/cash-registers/{serial}`.
pub async fn kkt(asked: Asked, Path(serial): Path<String>) -> Answer {
    let work = async {
        match one(&asked, &serial) {
            Ok(answer) | Err(answer) => answer,
        }
    };
    asked.serve(KKT, vec![serial.clone()], work).await
}

fn list(asked: &Asked) -> Result<Answer, Answer> {
    let login = asked.login(Service::Monitoring, KKTS, Vec::new())?;
    let limit = count(asked, "limit")?.unwrap_or(asked.switches.monitoring_default_limit);
    let offset = count(asked, "offset")?.unwrap_or_default();
    let most = [limit, asked.switches.monitoring_max_limit].into_iter().filter(|n| *n > 0).min();
    let all = registers(asked, &login).into_iter().map(|(_, told)| told).skip(offset);
    let page: Vec<Value> = all.take(most.unwrap_or(usize::MAX)).collect();
    Ok(match asked.switches.monitoring_list {
        ListForm::Array => shown(&page),
        ListForm::Data => shown(&json!({ "data": page })),
    })
}

fn one(asked: &Asked, serial: &str) -> Result<Answer, Answer> {
    let login = asked.login(Service::Monitoring, KKT, vec![serial.to_owned()])?;
    let found = registers(asked, &login).into_iter().find(|(known, _)| known == serial);
    // Invented: no source has the answer to an unknown number.
    let unknown = ServiceError { http: asked.switches.monitoring_unknown_serial, ..BAD_REQUEST };
    found.map(|(_, told)| shown(&json!({ "data": told }))).ok_or_else(|| asked.refused(&unknown))
}

fn count(asked: &Asked, name: &str) -> Result<Option<usize>, Answer> {
    let given = asked.parameter(name).map(str::parse::<usize>);
    given.transpose().map_err(|_| asked.refused(&BAD_REQUEST))
}

fn registers(asked: &Asked, login: &str) -> Vec<(String, Value)> {
    let accounts = asked.atol.accounts.read();
    let of_group = |group: &Arc<Group>| {
        let mut desk = group.desk.lock();
        let told = |kkt: &mut Kkt| {
            kkt.send_to_ofd(&asked.switches);
            (kkt.serial.clone(), told(kkt, &group.code, &group.company, asked.now, &asked.switches))
        };
        desk.kkts.iter_mut().map(told).collect::<Vec<_>>()
    };
    accounts.groups_of(login).flat_map(of_group).collect()
}

/// One register on the wire: zeros and `false` are told, what is not there is left out
/// (protocol/atol.md 1.5, 4.1 item 34).
pub fn told(kkt: &Kkt, group: &str, company: &Company, now: OffsetDateTime, switches: &Switches) -> Value {
    let mut told = json!({
        "serialNumber": kkt.serial,
        "registrationNumber": kkt.registration_number,
        "deviceNumber": kkt.device_code,
        "fiscalizationDate": dates::iso(kkt.activated),
        "fiscalStorageExpiration": dates::iso(kkt.activated + DRIVE_LIFE),
        "signedDocuments": kkt.documents,
        "fiscalStoragePercentageUse": percentage(kkt.documents),
        "fiscalStorageINN": company.tax_id,
        "fiscalStorageSerialNumber": kkt.fn_number,
        "fiscalStoragePaymentAddress": company.payment_address,
        "groupCode": group,
        "timestamp": dates::iso(now),
        "isShiftOpened": kkt.shift_is_open(now),
        "shiftNumber": kkt.shift,
        "shiftReceipt": kkt.receipts,
        "networkErrorCode": kkt.network_code(switches),
    });
    if let Value::Object(fields) = &mut told {
        if let Some(first) = kkt.first_unsent.filter(|_| kkt.unsent > 0) {
            fields.insert("unsentDocs".to_owned(), kkt.unsent.into());
            fields.insert("firstUnsetDocTimestamp".to_owned(), dates::iso(first).into());
        }
        fields.extend(kkt.shown.clone());
        fields.retain(|name, _| !kkt.hidden.contains(name));
    }
    told
}

fn percentage(documents: u32) -> Value {
    let share = Decimal::from(documents) * Decimal::from(PERCENT) / Decimal::from(DRIVE_CAPACITY);
    let literal = share.round_dp(PERCENT_DECIMALS).normalize().to_string();
    serde_json::from_str(&literal).unwrap_or_default()
}
