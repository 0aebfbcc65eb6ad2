//! The errors of the service and the bodies that carry them (protocol/atol.md 2.13).

use axum::http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use super::switches::ErrorIds;
use crate::answers::Answer;

/// `Content-Type` of every JSON answer (protocol/atol.md 4.1 item 2).
pub const JSON: &str = "application/json; charset=utf-8";

/// `error.type` of the service's own errors.
pub const SYSTEM: &str = "system";

/// `status` of a document that is not finished.
pub const WAIT: &str = "wait";
/// `status` of a document that failed.
pub const FAIL: &str = "fail";

/// One row of the table of service errors.
#[derive(Debug, Clone, Copy)]
pub struct ServiceError {
    /// `code`.
    pub code: i64,
    /// `type`.
    pub kind: &'static str,
    /// The HTTP status.
    pub http: u16,
    /// `status` of the body, if it has one.
    pub status: Option<&'static str>,
    /// `text`, or what it begins with.
    pub text: &'static str,
}

const fn row(
    code: i64,
    kind: &'static str,
    http: u16,
    status: Option<&'static str>,
    text: &'static str,
) -> ServiceError {
    ServiceError { code, kind, http, status, text }
}

/// Unknown processing error; also JSON that cannot be parsed.
pub const UNDEFINED: ServiceError = row(0, "unknown", 400, None, "Неизвестная ошибка обработки");
/// The server could not process the receipt. No source has the text.
pub const NOT_PROCESSED: ServiceError = row(1, SYSTEM, 400, None, "Не удалось обработать входящий чек");
/// The token is not recognised.
pub const MISSING_TOKEN: ServiceError = row(10, SYSTEM, 401, None, "Не распознан токен запроса");
/// The token has expired.
pub const EXPIRED_TOKEN: ServiceError = row(11, SYSTEM, 401, None, "Переданный токен не активен");
/// Login and password do not match.
pub const WRONG_LOGIN: ServiceError = row(12, SYSTEM, 401, None, "Неверный логин или пароль");
/// A malformed request for a token, as documented.
pub const BAD_AUTH_REQUEST: ServiceError =
    row(13, SYSTEM, 400, None, "Ошибка валидации входящего запроса. Ошибочные поля : ");
/// The user is blocked.
pub const USER_BLOCKED: ServiceError = row(14, SYSTEM, 403, None, "Пользователь заблокирован");
/// The group is not the token's. No source has the text.
pub const FOREIGN_GROUP: ServiceError =
    row(20, SYSTEM, 401, None, "Код группы не соответствует переданному токену");
/// The group speaks the other protocol. No source has the text.
pub const OTHER_PROTOCOL: ServiceError =
    row(21, SYSTEM, 401, None, "Код группы не поддерживается данной версией протокола");
/// The uuid is malformed or not found. No source has the text.
pub const MISSING_UUID: ServiceError = row(30, SYSTEM, 400, Some(FAIL), "Передан некорректный UUID");
/// The operation does not exist. No source has the text.
pub const UNKNOWN_OPERATION: ServiceError =
    row(31, SYSTEM, 400, None, "Переданная операция не поддерживается");
/// The receipt is not valid.
pub const INVALID_RECEIPT: ServiceError =
    row(32, SYSTEM, 400, Some(FAIL), "Ошибка валидации входного чека. Ошибочные поля : ");
/// A malformed request for a token, as observed (protocol/atol.md 5.11).
pub const INVALID_AUTH: ServiceError =
    row(32, SYSTEM, 400, Some(FAIL), "Ошибка валидации входящего чека. Ошибочные поля : ");
/// The `external_id` is known.
pub const DUPLICATE: ServiceError = row(33, SYSTEM, 400, Some(WAIT), "");
/// The document is not finished; HTTP 200.
pub const NOT_READY: ServiceError =
    row(34, SYSTEM, 200, Some(WAIT), "Состояние чека не найдено. Попробуйте позднее");
/// A bad request. No source has the text.
pub const BAD_REQUEST: ServiceError = row(40, SYSTEM, 400, None, "Некорректный запрос");
/// The wrong `Content-Type`. No source has the text.
pub const WRONG_MEDIA_TYPE: ServiceError = row(41, SYSTEM, 415, None, "Некорректный Content-Type");
/// The server is broken.
pub const SERVER_ERROR: ServiceError =
    row(50, SYSTEM, 500, None, "Ошибка сервера. Обратитесь к Администратору.");

/// The error that goes with an HTTP status that a fault asks for.
const BY_STATUS: &[ServiceError] =
    &[EXPIRED_TOKEN, USER_BLOCKED, BAD_REQUEST, WRONG_MEDIA_TYPE, SERVER_ERROR];

const FIRST_GATEWAY_STATUS: u16 = 502;
const LAST_GATEWAY_STATUS: u16 = 504;

/// `error` on the wire.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorBody {
    /// Its own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_id: Option<Uuid>,
    /// Unique together with `type`.
    pub code: i64,
    /// Human text.
    pub text: String,
    /// Who failed.
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Debug, Serialize)]
struct Refused {
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    error: ErrorBody,
    timestamp: String,
}

/// What every error answer needs to know.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Which errors carry an id.
    pub ids: ErrorIds,
    /// The id, in case there is an error.
    pub error_id: Uuid,
    /// The present moment as it stands on the wire.
    pub timestamp: String,
}

impl Refusal {
    /// An error of the service.
    pub fn says(&self, error: &ServiceError) -> Answer {
        self.answer(error, error.text.to_owned(), None)
    }

    /// An error of the service whose text goes on.
    pub fn about(&self, error: &ServiceError, rest: &str) -> Answer {
        self.answer(error, format!("{}{rest}", error.text), None)
    }

    /// An error of the service about a document that exists.
    pub fn of_document(&self, error: &ServiceError, text: String, uuid: Uuid) -> Answer {
        self.answer(error, text, Some(uuid))
    }

    /// `error` for a body.
    pub fn body(&self, error: &ServiceError, text: String) -> ErrorBody {
        let error_id = (self.ids != ErrorIds::Never).then_some(self.error_id);
        ErrorBody { error_id, code: error.code, text, kind: error.kind.to_owned() }
    }

    /// The answer for a status that a fault asks for: HTML from the gateway in front for 502 to
    /// 504, the vendor's own form for the others.
    pub fn scripted(&self, status: u16) -> Answer {
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        if (FIRST_GATEWAY_STATUS..=LAST_GATEWAY_STATUS).contains(&status) {
            let title = format!("{status} {}", code.canonical_reason().unwrap_or_default());
            let page =
                format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
            return Answer::new(code, "text/html", page);
        }
        let error = BY_STATUS.iter().find(|error| error.http == status).unwrap_or(&BAD_REQUEST);
        self.says(&ServiceError { http: status, ..*error })
    }

    fn answer(&self, error: &ServiceError, text: String, uuid: Option<Uuid>) -> Answer {
        let body = Refused {
            uuid,
            status: error.status,
            error: self.body(error, text),
            timestamp: self.timestamp.clone(),
        };
        let status = StatusCode::from_u16(error.http).unwrap_or(StatusCode::BAD_REQUEST);
        said(status, &body)
    }
}

/// 200 with a JSON body.
pub fn shown(body: &impl Serialize) -> Answer {
    said(StatusCode::OK, body)
}

fn said(status: StatusCode, body: &impl Serialize) -> Answer {
    match serde_json::to_vec(body) {
        Ok(bytes) => Answer::new(status, JSON, bytes),
        Err(error) => Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
    }
}
