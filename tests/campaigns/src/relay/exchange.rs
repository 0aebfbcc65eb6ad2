//! One exchange: read, treated as ordered, answered. A connection carries one.

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::Shared;
use super::http::{Answer, Request, forward, read};
use super::order::{Done, Progress, Treatment};

/// How long an answer waits for another one to change places with.
const MEETING: Duration = Duration::from_millis(250);

/// Carries out one exchange. What breaks ends the connection, as it would without a relay.
pub async fn carry(shared: &Shared, mut stream: TcpStream, upstream: &str) {
    let _ = stream.set_nodelay(true);
    let Ok(Some(request)) = read(&mut stream).await else { return };
    let busy = Busy::new(shared);
    let answer = treated(shared, &mut stream, upstream, &request).await;
    drop(busy);
    if let Ok(Some(Answer(bytes))) = answer {
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
    }
}

/// Counts an exchange as under way.
struct Busy<'a>(&'a Shared);

impl<'a> Busy<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.under_way.fetch_add(1, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn treated(
    shared: &Shared,
    stream: &mut TcpStream,
    upstream: &str,
    request: &Request,
) -> io::Result<Option<Answer>> {
    let Some(call) = shared.call_of(&request.line) else { return forward(upstream, request).await.map(Some) };
    let passed = Passed { shared, call, upstream, request };
    let Some((order, tell)) = shared.take(call, &request.bytes) else { return passed.on().await.map(Some) };
    tell.send_replace(Progress::Arrived);
    let (answer, done) = passed.by(order.treatment, stream).await?;
    tell.send_replace(Progress::Over(done));
    Ok(answer)
}

struct Passed<'a> {
    shared: &'a Shared,
    call: &'static str,
    upstream: &'a str,
    request: &'a Request,
}

impl Passed<'_> {
    /// To the vendor and back.
    async fn on(&self) -> io::Result<Answer> {
        let answer = self.delivered().await?;
        self.shared.keep(self.call, &answer);
        Ok(answer)
    }

    /// The same without keeping the answer.
    async fn delivered(&self) -> io::Result<Answer> {
        if self.shared.calls.first().is_some_and(|document| document.name == self.call) {
            self.shared.documents.fetch_add(1, Ordering::SeqCst);
        }
        forward(self.upstream, self.request).await
    }

    async fn by(&self, treatment: Treatment, stream: &mut TcpStream) -> io::Result<(Option<Answer>, Done)> {
        let happened = |answer| Ok((Some(answer), Done::Happened));
        match treatment {
            Treatment::Late { after, limit } => {
                hung_up(stream).await;
                let since = Instant::now();
                sleep(after).await;
                if since.elapsed() > limit {
                    return Ok((None, Done::Missed));
                }
                self.delivered().await?;
                let done = if since.elapsed() > limit { Done::TooLate } else { Done::Happened };
                Ok((None, done))
            }
            Treatment::Page { page, forwarded } => {
                if forwarded {
                    self.on().await?;
                }
                happened(page.answer())
            }
            Treatment::Older { back, forwarded } => {
                let older = self.shared.older(self.call, back);
                let own = if forwarded || older.is_none() { Some(self.on().await?) } else { None };
                match older {
                    Some(older) => happened(older),
                    None => Ok((own, Done::Missed)),
                }
            }
            Treatment::Swap(meeting) => {
                let own = self.on().await?;
                match meeting.exchange(&own, MEETING).await {
                    Some(other) => happened(other),
                    None => Ok((Some(own), Done::Missed)),
                }
            }
            Treatment::Twice { together, second } => {
                let (first, other) = match together {
                    true => tokio::try_join!(self.delivered(), self.delivered())?,
                    false => (self.delivered().await?, self.delivered().await?),
                };
                happened(if second { other } else { first })
            }
            Treatment::Spoil(change) => {
                let own = self.on().await?;
                let spoilt = own.body().and_then(change).and_then(|body| own.with_body(&body));
                match spoilt {
                    Some(spoilt) => happened(spoilt),
                    None => Ok((Some(own), Done::Missed)),
                }
            }
            Treatment::Slow { before, after } => {
                sleep(before).await;
                let answer = self.on().await?;
                sleep(after).await;
                happened(answer)
            }
            Treatment::Drop { forwarded } => {
                if forwarded {
                    self.on().await?;
                }
                Ok((None, Done::Happened))
            }
            Treatment::Held { gate, forwarded: true } => {
                let answer = self.on().await?;
                gate.opened().await;
                happened(answer)
            }
            Treatment::Held { gate, forwarded: false } => {
                gate.opened().await;
                happened(self.on().await?)
            }
        }
    }
}

/// Waits until the client closed its end, whatever it still sends.
async fn hung_up(stream: &mut TcpStream) {
    let mut left = [0; 256];
    while stream.read(&mut left).await.is_ok_and(|read| read > 0) {}
}
