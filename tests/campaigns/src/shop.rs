//! What a shop does with a sale until it is settled, and what a person does where the device has
//! lost its key.

use serde_json::{Value, json};

use crate::Result;
use crate::device::Device;
use crate::judge::{Count, Judge, Report};
use crate::sale::Sale;
use crate::till::Till;

/// Calls that a shop makes again before it gives up.
const MOST_ROUNDS: usize = 8;
/// What the library says when a person has to read or set the key.
const ASKS_FOR_KEY: &str = "set the key on the device";
/// What the library says when a person has to decide.
const ASKS_FOR_VERDICT: &str = "give a verdict";
/// What it says when the device may tell another time; only then a person has to decide.
const ASKS_AGAIN: &str = "call `resolve` again";

/// How a person acts where the key of a sale in doubt is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Sets a key on the device and tells it to `resolve`.
    TellsKey,
    /// Looks at the device's receipts, gives a verdict and configures a new key.
    Decides,
}

/// What has to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The same call.
    Again,
    /// `resolve`.
    Resolve,
    /// A person reads or sets the key.
    Key {
        /// Whether a receipt is in doubt for it.
        in_doubt: bool,
    },
    /// A person decides.
    Verdict,
}

impl Next {
    /// What an answer that is not `registered` asks for.
    pub fn after(envelope: &Value) -> Self {
        let error = &envelope["error"];
        let code = error["code"].as_str().unwrap_or_default();
        let message = error["message"].as_str().unwrap_or_default();
        let in_doubt = code == "in_doubt";
        if message.contains(ASKS_AGAIN) {
            Self::Resolve
        } else if message.contains(ASKS_FOR_VERDICT) {
            Self::Verdict
        } else if code == "key_refused" || message.contains(ASKS_FOR_KEY) {
            Self::Key { in_doubt }
        } else if in_doubt {
            Self::Resolve
        } else {
            Self::Again
        }
    }
}

/// A shop with one till.
pub struct Shop<'a> {
    /// The till.
    pub till: Till,
    /// What is seen of the sales.
    pub judge: Judge,
    /// What came of the sales.
    pub count: Count,
    device: &'a Device,
    config: Value,
    person: Person,
}

impl<'a> Shop<'a> {
    /// A shop at a device.
    pub fn new(device: &'a Device, till: Till, person: Person) -> Self {
        let config = device.config().clone();
        Self { till, judge: Judge::default(), count: Count::default(), device, config, person }
    }

    /// The configuration as it is now.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// Sells: the same call until it is settled. False where it cannot be brought to an end.
    pub async fn sell(&mut self, sale: &Sale) -> Result<bool> {
        let envelope = self.ask("register", sale, sale.receipt()).await?;
        self.finish(sale, envelope).await
    }

    /// One call about a sale, heard by the judge.
    pub async fn ask(&mut self, operation: &str, sale: &Sale, request: Value) -> Result<Value> {
        let envelope = self.till.call(operation, &request).await?;
        let documents = self.device.documents(sale);
        self.judge.hear(&sale.id, &Report::of(&envelope), &documents, &format!("{operation}: {envelope}"));
        Ok(envelope)
    }

    /// Brings a sale to its end after a first answer.
    pub async fn finish(&mut self, sale: &Sale, mut envelope: Value) -> Result<bool> {
        self.count.sales += 1;
        for _ in 0..MOST_ROUNDS {
            if matches!(Report::of(&envelope), Report::Registered(_)) {
                self.count.settled += 1;
                return Ok(true);
            }
            let by_machine = match Next::after(&envelope) {
                Next::Again => None,
                Next::Resolve => Some(self.ask("resolve", sale, json!({"id": sale.id})).await?),
                Next::Key { in_doubt: true } if self.person == Person::Decides => {
                    self.decide(sale).await?;
                    return Ok(true);
                }
                Next::Verdict => {
                    self.decide(sale).await?;
                    return Ok(true);
                }
                Next::Key { .. } if self.person == Person::Decides => {
                    self.configure_new_key().await?;
                    None
                }
                Next::Key { .. } => {
                    self.device.log_in_senior()?;
                    let key = self.device.rekey()?;
                    Some(self.ask("resolve", sale, json!({"id": sale.id, "key": key})).await?)
                }
            };
            envelope = match by_machine {
                Some(resolved) if matches!(Report::of(&resolved), Report::Registered(_)) => resolved,
                _ => self.ask("register", sale, sale.receipt()).await?,
            };
        }
        self.judge.findings.push(format!("{} is stuck: {envelope}", sale.id));
        Ok(false)
    }

    /// A person looks at the receipts of the device and decides.
    async fn decide(&mut self, sale: &Sale) -> Result<()> {
        let documents = self.device.documents(sale);
        let mut verdict = json!({"on_record": !documents.is_empty(), "by": "operator"});
        if let Some(document) = documents.first() {
            verdict["fiscal"] =
                json!({"document_number": document.number, "receipt_number": document.number});
        }
        let envelope = self.ask("resolve", sale, json!({"id": sale.id, "verdict": verdict})).await?;
        if envelope["ok"].is_null() {
            return Err(format!("the verdict was not taken: {envelope}").into());
        }
        self.count.left_for_a_person += 1;
        self.configure_new_key().await
    }

    async fn configure_new_key(&mut self) -> Result<()> {
        self.config["key"] = json!(self.device.rekey()?);
        self.till.reopen(&self.config).await
    }

    /// What the journal says of all sales in the end, as a new client reads it.
    pub async fn audit(&mut self, sales: &[Sale]) -> Result<()> {
        let mut reader = Till::here(&self.config)?;
        for sale in sales {
            let envelope = reader.call("journal", &json!({"id": sale.id})).await?;
            let report = Report::of_state(&envelope["ok"]["entries"][0]["registration"]);
            let documents = self.device.documents(sale);
            self.judge.hear(&sale.id, &report, &documents, &format!("journal: {envelope}"));
            let entries = envelope["ok"]["entries"].as_array().into_iter().flatten();
            entries.for_each(|entry| self.judge.trace(&entry["registration"], &envelope["ok"]["steps"]));
        }
        Ok(())
    }
}
