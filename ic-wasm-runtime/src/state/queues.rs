//! Bounded queues with reserved room for every answer (LIM-001, ABS-352, ABS-357).
//!
//! One number bounds everything: a canister may have at most [`CAPACITY`] unanswered calls to the same callee.
//! Each such call holds a *reservation* from the moment it is made until its answer is consumed. Requests from
//! A waiting at B are unanswered calls of A to B, answers from B waiting at A too, and so are B's open contexts
//! for A; hence each of these queues holds at most [`CAPACITY`] messages, and there is room for every answer
//! without looking.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use ic_types::{CanisterId, Cycles, Principal, Time};

use super::message::{Answer, Message, Request};

/// Unanswered calls from one canister to another, itself included (LIM-001).
pub const CAPACITY: usize = 500;

/// Where input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Users,
    Canister(CanisterId),
}

/// There are [`CAPACITY`] unanswered calls to this callee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{limit} calls to {callee} are not answered yet")]
pub struct QueueFull {
    /// The callee.
    pub callee: CanisterId,
    /// [`CAPACITY`].
    pub limit: usize,
}

/// The messages to and from one canister.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    /// Sources that have input, in the order of their turns: each gives one message, then goes to the back.
    turns: VecDeque<Source>,
    input: BTreeMap<Source, VecDeque<Message>>,
    output: VecDeque<(CanisterId, Message)>,
    reserved: BTreeMap<CanisterId, usize>,
    bytes: u64,
}

impl Queues {
    /// How many further calls may be made to `callee`.
    pub fn room(&self, callee: &CanisterId) -> usize {
        CAPACITY.saturating_sub(self.reserved.get(callee).copied().unwrap_or(0))
    }

    /// Sends a call to `callee`, reserving room for its answer.
    ///
    /// # Errors
    /// If there is no room; nothing has changed then.
    pub fn send_request(&mut self, callee: CanisterId, request: Request) -> Result<(), QueueFull> {
        if self.room(&callee) == 0 {
            return Err(QueueFull {
                callee,
                limit: CAPACITY,
            });
        }
        let reserved = self.reserved.entry(callee).or_default();
        *reserved = reserved.saturating_add(1);
        self.send(callee, Message::Request(Arc::new(request)));
        Ok(())
    }

    /// Sends an answer. There is room: the caller reserved it.
    pub fn send_answer(&mut self, caller: CanisterId, answer: Answer) {
        self.send(caller, Message::Answer(Arc::new(answer)));
    }

    fn send(&mut self, receiver: CanisterId, message: Message) {
        self.bytes = self.bytes.saturating_add(message.bytes());
        self.output.push_back((receiver, message));
    }

    /// Takes in an answer that the system gives in the place of `callee`, to a call that could not be sent.
    pub(crate) fn bounce(&mut self, callee: CanisterId, answer: Answer) {
        let reserved = self.reserved.entry(callee).or_default();
        *reserved = reserved.saturating_add(1);
        self.receive(Source::Canister(callee), Message::Answer(Arc::new(answer)));
    }

    /// How many further calls may be made, for each callee to which it is fewer than [`CAPACITY`].
    pub(crate) fn rooms(&self) -> BTreeMap<Principal, u64> {
        self.reserved
            .iter()
            .map(|(callee, reserved)| {
                let room = CAPACITY.saturating_sub(*reserved);
                (callee.principal(), u64::try_from(room).unwrap_or(u64::MAX))
            })
            .collect()
    }

    /// The earliest expiry of a user's request that waits here.
    pub(crate) fn oldest_expiry(&self) -> Option<Time> {
        let queue = self.input.get(&Source::Users)?;
        queue
            .iter()
            .filter_map(|message| match message {
                Message::Request(request) => request.expiry,
                Message::Answer(_) => None,
            })
            .min()
    }

    /// Gives back the room that was reserved for an answer of `callee`: its callback was taken.
    pub fn release(&mut self, callee: &CanisterId) {
        if let Some(reserved) = self.reserved.get_mut(callee) {
            *reserved = reserved.saturating_sub(1);
            if *reserved == 0 {
                self.reserved.remove(callee);
            }
        }
    }

    /// Takes in a call of a user.
    pub fn receive_ingress(&mut self, request: Request) {
        self.receive(Source::Users, Message::Request(Arc::new(request)));
    }

    /// Takes in a message of another canister.
    pub fn receive_from(&mut self, sender: CanisterId, message: Message) {
        self.receive(Source::Canister(sender), message);
    }

    fn receive(&mut self, source: Source, message: Message) {
        self.bytes = self.bytes.saturating_add(message.bytes());
        let queue = self.input.entry(source).or_default();
        if queue.is_empty() {
            self.turns.push_back(source);
        }
        queue.push_back(message);
    }

    /// The next message, in turn over the sources and in order of arrival within each.
    pub fn next_input(&mut self) -> Option<Message> {
        let source = self.turns.pop_front()?;
        let queue = self.input.get_mut(&source)?;
        let message = queue.pop_front();
        let taken = message.as_ref().map_or(0, Message::bytes);
        self.bytes = self.bytes.saturating_sub(taken);
        if queue.is_empty() {
            self.input.remove(&source);
        } else {
            self.turns.push_back(source);
        }
        message
    }

    /// Takes the next message if it is an answer; a canister that may not start new work still gets those.
    ///
    /// Answers overtake requests here: no order is promised between them (ABS-352).
    pub fn next_answer(&mut self) -> Option<Arc<Answer>> {
        for turn in 0..self.turns.len() {
            let Some(source) = self.turns.get(turn).copied() else {
                continue;
            };
            let Some(queue) = self.input.get_mut(&source) else {
                continue;
            };
            let Some(place) = queue
                .iter()
                .position(|message| matches!(message, Message::Answer(_)))
            else {
                continue;
            };
            let message = queue.remove(place);
            let taken = message.as_ref().map_or(0, Message::bytes);
            self.bytes = self.bytes.saturating_sub(taken);
            if queue.is_empty() {
                self.input.remove(&source);
                self.turns.remove(turn);
            }
            if let Some(Message::Answer(answer)) = message {
                return Some(answer);
            }
        }
        None
    }

    /// Whether there is anything to execute.
    pub fn has_input(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Whether there is anything to deliver.
    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// Whether nothing is waiting and nothing is awaited (MGMT-138, MGMT-139).
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.output.is_empty() && self.reserved.is_empty()
    }

    /// Takes all that is to be delivered, in the order in which it was sent.
    pub fn take_output(&mut self) -> VecDeque<(CanisterId, Message)> {
        let taken = self
            .output
            .iter()
            .map(|(_, message)| message.bytes())
            .fold(0, u64::saturating_add);
        self.bytes = self.bytes.saturating_sub(taken);
        std::mem::take(&mut self.output)
    }

    /// Removes users' requests that have expired by `keep` saying no.
    pub fn drop_ingress(&mut self, mut keep: impl FnMut(&Request) -> bool) {
        let Some(queue) = self.input.get_mut(&Source::Users) else {
            return;
        };
        let mut dropped = 0_u64;
        queue.retain(|message| {
            let kept = match message {
                Message::Request(request) => keep(request),
                Message::Answer(_) => true,
            };
            if !kept {
                dropped = dropped.saturating_add(message.bytes());
            }
            kept
        });
        self.bytes = self.bytes.saturating_sub(dropped);
        if queue.is_empty() {
            self.input.remove(&Source::Users);
            self.turns.retain(|source| *source != Source::Users);
        }
    }

    /// The bytes of all messages.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The cycles in all messages.
    pub fn cycles(&self) -> Cycles {
        let input = self.input.values().flatten().map(Message::cycles);
        crate::cycles::sum(input.chain(self.output.iter().map(|(_, message)| message.cycles())))
    }
}

#[cfg(test)]
mod tests {
    use ic_types::{Principal, UserId};

    use super::*;
    use crate::state::CallOrigin;

    fn request(argument: &[u8]) -> Request {
        Request {
            origin: CallOrigin::System,
            caller: UserId::ANONYMOUS.principal(),
            caller_info: None,
            method: "m".to_owned(),
            argument: argument.to_vec(),
            cycles: Cycles::new(3),
            expiry: None,
        }
    }

    fn canister(number: u64) -> CanisterId {
        CanisterId::from_u64(number)
    }

    fn argument(message: Option<Message>) -> Vec<u8> {
        match message {
            Some(Message::Request(request)) => request.argument.clone(),
            Some(Message::Answer(_)) | None => Vec::new(),
        }
    }

    #[test]
    fn sources_take_turns_and_each_keeps_its_order() {
        // ABS-352
        let mut queues = Queues::default();
        for number in 0..3 {
            queues.receive_ingress(request(&[number]));
        }
        for number in 10..12 {
            queues.receive_from(canister(1), Message::Request(Arc::new(request(&[number]))));
        }
        assert_eq!((queues.bytes(), queues.cycles().get()), (10, 15));
        let order: Vec<Vec<u8>> = (0..6).map(|_| argument(queues.next_input())).collect();
        assert_eq!(
            order,
            [vec![0], vec![10], vec![1], vec![11], vec![2], vec![]]
        );
        assert!(queues.is_empty() && queues.bytes() == 0);
    }

    #[test]
    fn room_is_held_until_the_answer_is_consumed() {
        // LIM-001, ABS-357
        let mut queues = Queues::default();
        let callee = canister(7);
        for _ in 0..CAPACITY {
            queues.send_request(callee, request(&[])).unwrap();
        }
        let full = QueueFull {
            callee,
            limit: CAPACITY,
        };
        assert_eq!(queues.send_request(callee, request(&[])), Err(full));
        assert_eq!(queues.take_output().len(), CAPACITY);
        // Delivered is not answered.
        assert_eq!(queues.send_request(callee, request(&[])), Err(full));
        assert_eq!(queues.rooms().get(&callee.principal()), Some(&0));
        assert_eq!(queues.rooms().get(&Principal::MANAGEMENT), None);
        queues.release(&callee);
        assert_eq!(queues.room(&callee), 1);
        queues.send_request(callee, request(&[])).unwrap();
    }

    #[test]
    fn expired_requests_of_users_are_dropped_and_others_stay() {
        let mut queues = Queues::default();
        queues.receive_ingress(Request {
            expiry: Some(Time::from_nanos(5)),
            ..request(b"old")
        });
        queues.receive_ingress(Request {
            expiry: Some(Time::from_nanos(9)),
            ..request(b"new")
        });
        queues.receive_from(canister(1), Message::Request(Arc::new(request(b"other"))));
        assert_eq!(queues.oldest_expiry(), Some(Time::from_nanos(5)));
        queues.drop_ingress(|request| request.argument != b"old");
        assert_eq!(queues.bytes(), 4 + 6);
        queues.drop_ingress(|_| false);
        assert_eq!(argument(queues.next_input()), b"other");
        assert!(!queues.has_input());
    }
}
