//! A token that all workers of a login share: kept among the secrets, asked for under a lease, and asked for
//! anew once where the vendor does not take it.

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::budget::TimeFor;
use super::{Context, Exchanged};
use crate::error::Result;
use crate::journal::chain::hex;
use crate::transport::{Answer, NoExchange, Request, Transport};

/// By which password a token was got: two bytes of a digest. That is too little to find a password by, and a wrong one
/// passes once in 65536 times, until the token ends.
pub fn mark(token: &str, password: &SecretString) -> String {
    let digest = Sha256::digest(format!("{token}\n{}", password.expose_secret()));
    hex(&digest[..2])
}

/// A login with a vendor that gives tokens.
#[async_trait]
pub trait Login: Send + Sync {
    /// Name under which the token is kept and leased; the same in every process.
    fn place(&self) -> String;

    /// The token that is kept, where it is good as far as we know and is not the `refused` one.
    async fn kept(
        &self,
        context: &Context<'_>,
        refused: Option<&SecretString>,
    ) -> Result<Option<SecretString>>;

    /// Asks for a new one and keeps it. The caller has the lease.
    async fn renewed(&self, context: &Context<'_>, refused: Option<&SecretString>) -> Result<SecretString>;

    /// The request with the token in it.
    fn with(&self, request: Request, token: &SecretString) -> Request;

    /// True where the answer says that the token is not taken.
    fn is_refused(&self, answer: &Answer) -> bool;

    /// The token that is kept, else a new one. Many workers that start at once make one request.
    async fn token(&self, context: &Context<'_>, refused: Option<&SecretString>) -> Result<SecretString> {
        if let Some(token) = self.kept(context, refused).await? {
            return Ok(token);
        }
        let lease = context.secrets.lease(&self.place(), context.budget.ends()).await?;
        let token = async {
            // Another worker may have been quicker.
            match self.kept(context, refused).await? {
                Some(token) => Ok(token),
                None => self.renewed(context, refused).await,
            }
        };
        lease.during(token).await
    }

    /// Sends a request with the token; where that is refused, once more with a new one. A document only where the
    /// refusal can be nobody's but the vendor's: else see `send_once`.
    async fn send(
        &self,
        transport: &Transport,
        context: &Context<'_>,
        time: TimeFor,
        request: &Request,
    ) -> Result<Exchanged<Answer>> {
        let mut refused = None;
        loop {
            let token = self.token(context, refused.as_ref()).await?;
            let sent = self.sent(transport, context, time, request, &token).await;
            match &sent {
                Ok(answer) if refused.is_none() && self.is_refused(answer) => refused = Some(token),
                _ => return Ok(sent),
            }
        }
    }

    /// Sends a request with the token, once, whatever the answer.
    async fn send_once(
        &self,
        transport: &Transport,
        context: &Context<'_>,
        time: TimeFor,
        request: &Request,
    ) -> Result<Exchanged<Answer>> {
        let token = self.token(context, None).await?;
        Ok(self.sent(transport, context, time, request, &token).await)
    }

    /// One exchange with this token.
    async fn sent(
        &self,
        transport: &Transport,
        context: &Context<'_>,
        time: TimeFor,
        request: &Request,
        token: &SecretString,
    ) -> Exchanged<Answer> {
        let time = time(&context.budget).ok_or_else(NoExchange::not_begun)?;
        transport.send(&self.with(request.clone(), token), time).await
    }
}
