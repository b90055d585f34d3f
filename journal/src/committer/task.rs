//! The task that owns every commit on its way.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep};

use crate::append::AppendError;
use crate::connection::Pulse;
use crate::reading::Log;

use super::grouping::{LINGER, Load, Peak, Step};
use super::line::Line;
use super::lookup::{self, Fate};
use super::under_way::Commands;
use super::unit::{MAX_ATTEMPTS, Unit};
use super::wire::{self, Ack, Shipment, Wire};
use super::{MAX_BATCH_BYTES, MAX_BATCH_MESSAGES, MAX_OUTSTANDING};

/// Submissions taken in before anything is sent: what has come together may leave together.
const SUBMISSIONS_AT_ONCE: usize = 1_024;
/// The pause before a unit is sent again that was told "not now"; doubles with each attempt.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Sent, and not acknowledged yet.
struct Flight {
    units: Vec<Unit>,
    messages: usize,
    deadline: Instant,
}

/// What a look into the log, or a pause, has brought.
enum Finding {
    Fates(Vec<(Unit, Fate)>),
    Sifted { stale: Vec<Unit>, again: Vec<Unit> },
    Rested(Unit),
}

pub struct Task {
    wire: Wire,
    log: Log,
    pulse: watch::Receiver<Pulse>,
    commands: Commands,
    answer_timeout: Duration,
    line: Line,
    flights: HashMap<u64, Flight>,
    batches_in_flight: usize,
    peak: Peak,
    /// When something on its way was last answered: from then on others gather.
    landed_at: Instant,
    next_token: u64,
    losses: u64,
    findings: mpsc::UnboundedReceiver<Finding>,
    /// Given to whoever goes and looks. Bounded by what is outstanding.
    report: mpsc::UnboundedSender<Finding>,
}

impl Task {
    pub fn new(
        wire: Wire,
        log: Log,
        pulse: watch::Receiver<Pulse>,
        commands: Commands,
        answer_timeout: Duration,
    ) -> Self {
        let (report, findings) = mpsc::unbounded_channel();
        let losses = pulse.borrow().losses;
        Task {
            wire,
            log,
            pulse,
            commands,
            answer_timeout,
            line: Line::default(),
            flights: HashMap::new(),
            batches_in_flight: 0,
            peak: Peak::default(),
            landed_at: Instant::now(),
            next_token: 0,
            losses,
            findings,
            report,
        }
    }

    /// Runs until nobody can submit any more and everything is answered.
    pub async fn run(mut self, mut submitted: mpsc::Receiver<Unit>) {
        let mut arrivals = Vec::with_capacity(SUBMISSIONS_AT_ONCE);
        let mut alarm: Pin<Box<Sleep>> = Box::pin(tokio::time::sleep(self.answer_timeout));
        let mut alarm_is_set = false;
        let mut open = true;
        while open || self.line.outstanding() > 0 {
            if !alarm_is_set && self.line.outstanding() > 0 {
                alarm.as_mut().reset(Instant::now() + self.answer_timeout);
                alarm_is_set = true;
            }
            let gathered = self.gathered_at().filter(|_| self.load().lingers());
            tokio::select! {
                ack = self.wire.acks.next() => match ack {
                    Some(message) => self.take_acks(&message),
                    None => return,
                },
                count = submitted.recv_many(&mut arrivals, SUBMISSIONS_AT_ONCE), if open => {
                    open = count > 0;
                    arrivals.drain(..).for_each(|unit| self.take_in(unit));
                }
                Some(finding) = self.findings.recv() => self.take_finding(finding),
                Some(token) = self.wire.unsent.recv() => self.take_unsent(token),
                Ok(()) = self.pulse.changed() => self.feel_pulse(),
                () = tokio::time::sleep_until(gathered.unwrap_or(self.landed_at)), if gathered.is_some() => {}
                () = &mut alarm, if alarm_is_set => {
                    alarm_is_set = self.expire(&mut alarm);
                }
            }
            self.send_what_may_go();
        }
    }

    fn take_in(&mut self, unit: Unit) {
        if self.line.outstanding() + unit.messages() > MAX_OUTSTANDING {
            unit.answer(Err(AppendError::Unavailable));
        } else {
            self.line.enter(unit);
            self.peak.note(self.line.outstanding());
        }
    }

    // -- out

    fn send_what_may_go(&mut self) {
        if !self.pulse.borrow().connected {
            return;
        }
        loop {
            let step = self.load().step();
            let line = &mut self.line;
            let units = match step {
                Step::Alone => line.alone.pop_front().into_iter().collect(),
                Step::Single => line.singles.pop_front().into_iter().collect(),
                Step::Groups => gather([&mut line.groups]),
                Step::Everything => gather([&mut line.groups, &mut line.singles]),
                Step::Wait => return,
            };
            self.send(units);
        }
    }

    fn load(&self) -> Load {
        Load {
            singles_ready: self.line.singles.len(),
            groups_ready: self.line.groups.len(),
            alone_ready: self.line.alone.len(),
            singles_in_flight: self.flights.len() - self.batches_in_flight,
            batches_in_flight: self.batches_in_flight,
            peak: self.peak.commits(),
            commands: self.commands.under_way(),
            lingered: self.gathered_at().is_some_and(|at| at <= Instant::now()),
        }
    }

    /// When what is ready will have gathered for long enough.
    fn gathered_at(&self) -> Option<Instant> {
        Some(self.line.first_accepted_at()?.max(self.landed_at) + LINGER)
    }

    fn send(&mut self, mut units: Vec<Unit>) {
        let messages: usize = units.iter().map(Unit::messages).sum();
        if let [unit] = units.as_mut_slice() {
            unit.attempts += 1;
        }
        let token = self.next_token;
        self.next_token += 1;
        let deadline = Instant::now() + self.answer_timeout;
        let parcels = units.iter().map(|unit| unit.parcels.clone()).collect();
        metrics::histogram!("loyalty_commit_group_size").record(f64::from(u32::try_from(messages).unwrap_or(u32::MAX)));
        self.batches_in_flight += usize::from(messages > 1);
        self.flights.insert(token, Flight { units, messages, deadline });
        // The sender lives as long as this task holds its end.
        let _ = self.wire.shipments.send(Shipment { token, units: parcels, messages, deadline });
    }

    // -- in

    fn take_acks(&mut self, first: &async_nats::Message) {
        self.take_ack(first);
        while let Some(Some(message)) = self.wire.acks.next().now_or_never() {
            self.take_ack(&message);
        }
    }

    fn take_ack(&mut self, message: &async_nats::Message) {
        let Some((token, ack)) = wire::read_ack(message) else { return };
        // A late answer to what has been looked up already says nothing new.
        let Some(flight) = self.land(token) else { return };
        match ack {
            Ack::Stored { last, count } if usize::try_from(count) == Ok(flight.messages) => stored(self, flight, last),
            Ack::Stored { .. } => self.look_up(flight.units),
            Ack::Conflict => self.conflicted(flight),
            Ack::NotNow => self.put_off(flight),
            Ack::Rejected { code, description } => self.rejected(flight, code, &description),
        }
    }

    fn land(&mut self, token: u64) -> Option<Flight> {
        let flight = self.flights.remove(&token)?;
        self.batches_in_flight -= usize::from(flight.messages > 1);
        self.peak.forget_a_little();
        self.landed_at = Instant::now();
        Some(flight)
    }

    fn conflicted(&mut self, flight: Flight) {
        match <[Unit; 1]>::try_from(flight.units) {
            // What was sent before, with unknown outcome, may itself be what this guard ran into.
            Ok([unit]) if unit.suspect => self.look_up(vec![unit]),
            Ok([unit]) => self.settle(unit, Err(AppendError::Conflict)),
            Err(units) => {
                let (log, report) = (self.log.clone(), self.report.clone());
                tokio::spawn(async move {
                    let (stale, again) = lookup::sift(&log, units).await;
                    let _ = report.send(Finding::Sifted { stale, again });
                });
            }
        }
    }

    fn put_off(&mut self, flight: Flight) {
        match <[Unit; 1]>::try_from(flight.units) {
            Ok([unit]) if unit.attempts < MAX_ATTEMPTS => {
                let pause = RETRY_PAUSE * 2_u32.saturating_pow(u32::from(unit.attempts) - 1);
                let report = self.report.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    let _ = report.send(Finding::Rested(unit));
                });
            }
            Ok([unit]) if unit.suspect => self.look_up(vec![unit]),
            Ok([unit]) => self.settle(unit, Err(AppendError::Unavailable)),
            Err(units) => self.ride_again(units),
        }
    }

    fn rejected(&mut self, flight: Flight, code: u64, description: &str) {
        match <[Unit; 1]>::try_from(flight.units) {
            Ok([unit]) if unit.suspect => self.look_up(vec![unit]),
            Ok([unit]) => {
                self.settle(unit, Err(AppendError::Rejected { code, description: description.to_owned() }));
            }
            // Perhaps one of them is the reason, perhaps the batch: by themselves each gets its own answer.
            Err(units) => self.ride_again(units),
        }
    }

    fn ride_again(&mut self, units: Vec<Unit>) {
        for mut unit in units.into_iter().rev() {
            unit.failed_rides += 1;
            self.line.again(unit);
        }
    }

    fn take_unsent(&mut self, token: u64) {
        if let Some(flight) = self.land(token) {
            self.put_off(flight);
        }
    }

    // -- looking

    fn look_up(&mut self, units: Vec<Unit>) {
        if units.is_empty() {
            return;
        }
        let (log, report) = (self.log.clone(), self.report.clone());
        tokio::spawn(async move {
            let _ = report.send(Finding::Fates(lookup::fates(&log, units).await));
        });
    }

    fn take_finding(&mut self, finding: Finding) {
        match finding {
            Finding::Sifted { stale, again } => {
                stale.into_iter().for_each(|unit| self.settle(unit, Err(AppendError::Conflict)));
                self.ride_again(again);
            }
            Finding::Rested(unit) => self.line.again(unit),
            Finding::Fates(fates) => fates.into_iter().for_each(|(unit, fate)| self.take_fate(unit, fate)),
        }
    }

    fn take_fate(&mut self, mut unit: Unit, fate: Fate) {
        match fate {
            Fate::Written(positions) => self.settle(unit, Ok(positions)),
            Fate::Overtaken => self.settle(unit, Err(AppendError::Conflict)),
            Fate::Unanswered => self.settle(unit, Err(AppendError::Unknown)),
            Fate::Absent if unit.attempts >= MAX_ATTEMPTS => self.settle(unit, Err(AppendError::Unavailable)),
            Fate::Absent => {
                unit.suspect = true;
                self.line.again(unit);
            }
        }
    }

    /// A lost connection takes all answers on their way with it: look at once, do not wait for the deadline.
    fn feel_pulse(&mut self) {
        let losses = self.pulse.borrow_and_update().losses;
        if losses != std::mem::replace(&mut self.losses, losses) {
            self.abandon(|_| true);
        }
    }

    /// Looks for what should have been answered, turns away what waits for a connection for too long, and sets the
    /// alarm for the next deadline. Gives whether there is one.
    fn expire(&mut self, alarm: &mut Pin<Box<Sleep>>) -> bool {
        let now = Instant::now();
        self.abandon(|flight| flight.deadline <= now);
        let patience = self.answer_timeout;
        let mut tired = self.line.tired(now, patience);
        tired.extend(self.line.tired_alone(now, patience * u32::from(MAX_ATTEMPTS)));
        // What was never sent is certainly not in the log. Of the others somebody has to ask.
        let (suspects, never_sent) = tired.into_iter().partition(|unit| unit.suspect);
        self.look_up(suspects);
        never_sent.into_iter().for_each(|unit: Unit| self.settle(unit, Err(AppendError::Unavailable)));
        let deadlines = self.flights.values().map(|flight| flight.deadline);
        let waiting = self.line.first_accepted_at().map(|accepted_at| accepted_at + patience);
        let next = deadlines.chain(waiting).min();
        if let Some(next) = next {
            alarm.as_mut().reset(next.max(now + RETRY_PAUSE));
        }
        next.is_some()
    }

    fn abandon(&mut self, is_lost: impl Fn(&Flight) -> bool) {
        let lost: Vec<u64> =
            self.flights.iter().filter(|(_, flight)| is_lost(flight)).map(|(token, _)| *token).collect();
        for token in lost {
            if let Some(flight) = self.land(token) {
                self.look_up(flight.units);
            }
        }
    }

    // -- answers

    fn settle(&mut self, unit: Unit, outcome: Result<Vec<u64>, AppendError>) {
        for overtaken in self.line.leave(&unit, outcome.as_deref().ok()) {
            overtaken.answer(Err(AppendError::Conflict));
        }
        unit.answer(outcome);
    }
}

/// As many units from the front of these lines as fit into one batch.
fn gather<const LINES: usize>(lines: [&mut VecDeque<Unit>; LINES]) -> Vec<Unit> {
    let (mut messages, mut bytes) = (0, 0);
    let mut units: Vec<Unit> = Vec::new();
    for line in lines {
        while let Some(unit) = line.pop_front() {
            messages += unit.messages();
            bytes += unit.bytes();
            let fits = messages <= MAX_BATCH_MESSAGES && bytes <= MAX_BATCH_BYTES;
            if !fits && !units.is_empty() {
                line.push_front(unit);
                return units;
            }
            units.push(unit);
        }
    }
    units
}

/// Positions of a batch follow one another; the acknowledgement names the last.
fn stored(task: &mut Task, flight: Flight, last: u64) {
    let count = u64::try_from(flight.messages).unwrap_or(u64::MAX);
    let mut next = (last + 1).saturating_sub(count);
    for unit in flight.units {
        let end = next + u64::try_from(unit.messages()).unwrap_or(u64::MAX);
        task.settle(unit, Ok((next..end).collect()));
        next = end;
    }
}
