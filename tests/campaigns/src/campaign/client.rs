//! One client of a cell: a process that sells, is killed and starts anew.

use std::sync::Arc;
use std::time::Duration;

use kassa_emulator::Fault;
use serde_json::Value;
use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::Result;
use crate::campaign::bench::Bench;
use crate::campaign::person;
use crate::campaign::schedule::{Act, Kill};
use crate::judge::Report;
use crate::runner::{Runner, is_halted};
use crate::vendors::Asked;

/// Pause between two looks at a condition.
const LOOK: Duration = Duration::from_millis(1);

/// How a call ended.
enum Ended {
    /// With an answer.
    Answered(Value),
    /// The process stands still at a step.
    Halted,
}

/// A client with its process.
pub struct Client<'a> {
    bench: &'a Bench,
    runner: Runner,
    number: usize,
    neighbour: Arc<Barrier>,
}

impl<'a> Client<'a> {
    /// Starts the process.
    pub async fn start(bench: &'a Bench, number: usize, neighbour: Arc<Barrier>) -> Result<Self> {
        Ok(Self { bench, runner: bench.client(number).await?, number, neighbour })
    }

    /// Does everything in its plan.
    pub async fn run(mut self, plan: &[Act]) -> Result<()> {
        for act in plan {
            self.act(act).await?;
        }
        Ok(())
    }

    async fn act(&mut self, act: &Act) -> Result<()> {
        if act.is_shared {
            self.neighbour.wait().await;
        }
        if let Some(seconds) = act.jump_s {
            self.bench.emulator.advance_s(seconds);
        }
        if let Some((action, what)) = &act.elsewhere {
            self.bench.operate(action, what.clone())?;
        }
        for fault in &act.faults {
            self.bench.strike(fault)?;
        }
        let is_alone = !act.is_shared;
        match &act.kill {
            None => self.sell(&act.asked, &act.calls, is_alone).await.map(drop),
            Some(Kill::At(step)) => {
                self.runner.halt_at(*step, &act.asked.id).await?;
                match self.sell(&act.asked, &act.calls, is_alone).await? {
                    true => self.runner.halt_nowhere().await,
                    false => self.killed(&act.asked, is_alone).await,
                }
            }
            Some(Kill::InFlight(fault)) => self.sell_and_die(&act.asked, fault, is_alone).await,
        }
    }

    /// Calls until the receipt is registered or the calls are over. False where the process stands
    /// still at a step.
    async fn sell(&mut self, asked: &Asked, calls: &[(&str, Value)], is_alone: bool) -> Result<bool> {
        for (operation, request) in calls {
            let Ended::Answered(envelope) = self.ask(asked, operation, request, is_alone).await? else {
                return Ok(false);
            };
            if matches!(Report::of(&envelope), Report::Registered(_)) {
                break;
            }
            if person::is_wanted(self.bench, &envelope) {
                // A halt is for the shop's own calls.
                self.runner.halt_nowhere().await?;
                person::act(self.bench, &mut self.runner, asked, &envelope).await?;
            }
        }
        Ok(true)
    }

    async fn ask(
        &mut self,
        asked: &Asked,
        operation: &str,
        request: &Value,
        is_alone: bool,
    ) -> Result<Ended> {
        let _open = self.bench.gate.read().await;
        let listening = self.bench.listen(asked, is_alone);
        let _delivering = (operation == "deliver").then(|| self.bench.deliver());
        let envelope = self.runner.call(operation, request).await?;
        if is_halted(&envelope) {
            return Ok(Ended::Halted);
        }
        self.bench.heard(asked, &listening, operation, &envelope);
        Ok(Ended::Answered(envelope))
    }

    /// Kills the process, starts another and sells again.
    async fn killed(&mut self, asked: &Asked, is_alone: bool) -> Result<()> {
        self.restart().await?;
        self.bench.seen(|seen| seen.kills += 1);
        self.sell(asked, &[("register", asked.receipt.clone())], is_alone).await.map(drop)
    }

    /// Gives back an answer of the dead process that nobody read.
    async fn restart(&mut self) -> Result<Option<Value>> {
        let unread = self.runner.kill().await?;
        self.runner = self.bench.client(self.number).await?;
        Ok(unread.map(|line| serde_json::from_str(&line)).transpose()?)
    }

    /// Sells, and is killed while the vendor works on the receipt.
    async fn sell_and_die(&mut self, asked: &Asked, fault: &Fault, is_alone: bool) -> Result<()> {
        // A rule that knows no receipts must not strike a neighbour's.
        let alone = match self.bench.vendor.rules_know_receipts {
            true => None,
            false => Some(self.bench.gate.write().await),
        };
        let open = match alone {
            Some(_) => None,
            None => Some(self.bench.gate.read().await),
        };
        self.bench.strike_surely(fault)?;
        let listening = self.bench.listen(asked, is_alone);
        self.runner.begin("register", &asked.receipt).await?;
        let answer = loop {
            tokio::select! {
                answer = self.runner.receive() => break Some(answer?),
                () = sleep(LOOK) => if !self.bench.waits(fault) { break None },
            }
        };
        let answer = match answer {
            Some(answer) => Some(answer),
            None => self.restart().await?,
        };
        match answer {
            Some(answer) => self.bench.heard(asked, &listening, "register", &answer),
            None => self.bench.seen(|seen| seen.kills += 1),
        }
        drop((alone, open));
        self.sell(asked, &[("register", asked.receipt.clone())], is_alone).await.map(drop)
    }
}
