//! Who waits for whom: every call is answered exactly once (ABS-016, ABS-110, ABS-125 to ABS-127, ABS-150 to ABS-151, ABS-354).
//!
//! A *call context* stands for one call that this canister has taken on; it lives until the call is answered
//! and nothing that was begun on its behalf is outstanding. A *callback* stands for one call that this canister
//! has made; it is taken exactly once, by the answer. Both are counted here and nowhere else, so "answered
//! twice" would need two `take`s of one map entry.

use std::collections::{BTreeMap, BTreeSet};

use ic_types::{CanisterId, Cycles, Principal, Time};

use super::message::{CallOrigin, Payload};
use crate::{
    executor::{ErrorCode, Refusal},
    system_api::{CallerInfo, Closure},
};

/// Names one call context of one canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextId(u64);

/// Names one callback of one canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallbackId(u64);

/// A call that this canister has taken on.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// Whom to answer.
    pub origin: CallOrigin,
    /// Who called, as the code sees it, in callbacks too (ABS-161).
    pub caller: Principal,
    /// What a user's identity canister says about the user.
    pub caller_info: Option<CallerInfo>,
    /// Cycles that came with the call and were not accepted.
    pub available: Cycles,
    /// Instructions executed on behalf of this call so far (SYS-160).
    pub instructions: u64,
    responded: bool,
    deleted: bool,
    outstanding: usize,
}

impl CallContext {
    /// Whether the call still needs an answer.
    pub fn needs_answer(&self) -> bool {
        !self.responded
    }

    /// Whether the code that took on the call was uninstalled meanwhile (ABS-171).
    pub fn is_deleted(&self) -> bool {
        self.deleted
    }
}

/// A call that this canister has made and that is not answered yet.
#[derive(Clone, Debug)]
pub struct Callback {
    /// On whose behalf it was made.
    pub context: ContextId,
    /// Who was called.
    pub respondent: CanisterId,
    /// Cycles that went along.
    pub cycles: Cycles,
    /// What was set aside to execute the callback.
    pub prepaid_execution: Cycles,
    /// What was set aside to transmit the answer.
    pub prepaid_transmission: Cycles,
    /// Runs if the answer is a reply.
    pub on_reply: Closure,
    /// Runs if the answer is a reject.
    pub on_reject: Closure,
    /// Runs if the one that ran trapped.
    pub on_cleanup: Option<Closure>,
    /// After this time the system may answer in the callee's place (ABS-130).
    pub deadline: Option<Time>,
}

/// What one execution on behalf of a call led to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It answered.
    Answered(Payload),
    /// It returned without an answer.
    Silent,
    /// It failed, and its effects were dropped.
    Failed(Refusal),
}

/// An answer that must now be sent.
#[derive(Clone, Debug)]
pub struct DueAnswer {
    /// To whom.
    pub origin: CallOrigin,
    /// What.
    pub payload: Payload,
    /// The cycles that go back.
    pub refund: Cycles,
}

/// All calls that a canister has taken on and made.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    next_context: u64,
    next_callback: u64,
    contexts: BTreeMap<ContextId, CallContext>,
    callbacks: BTreeMap<CallbackId, Callback>,
    deadlines: BTreeSet<(Time, CallbackId)>,
}

impl Calls {
    /// Takes on a call.
    pub fn open(
        &mut self,
        origin: CallOrigin,
        caller: Principal,
        caller_info: Option<CallerInfo>,
        available: Cycles,
    ) -> ContextId {
        let id = ContextId(self.next_context);
        self.next_context = self.next_context.saturating_add(1);
        let responded = match &origin {
            CallOrigin::System => true,
            CallOrigin::User { .. } | CallOrigin::Canister { .. } => false,
        };
        let context = CallContext {
            origin,
            caller,
            caller_info,
            available,
            instructions: 0,
            responded,
            deleted: false,
            outstanding: 0,
        };
        self.contexts.insert(id, context);
        id
    }

    /// Takes down a call that was made on behalf of `callback.context`.
    pub fn register(&mut self, callback: Callback) -> CallbackId {
        let id = CallbackId(self.next_callback);
        self.next_callback = self.next_callback.saturating_add(1);
        if let Some(context) = self.contexts.get_mut(&callback.context) {
            context.outstanding = context.outstanding.saturating_add(1);
        }
        if let Some(deadline) = callback.deadline {
            self.deadlines.insert((deadline, id));
        }
        self.callbacks.insert(id, callback);
        id
    }

    /// Takes the callback that an answer is for; `None` if the call was answered before.
    ///
    /// The context keeps counting it as outstanding until [`Calls::finish`].
    pub fn take_callback(&mut self, id: CallbackId) -> Option<Callback> {
        let callback = self.callbacks.remove(&id)?;
        if let Some(deadline) = callback.deadline {
            self.deadlines.remove(&(deadline, id));
        }
        if let Some(context) = self.contexts.get_mut(&callback.context) {
            context.outstanding = context.outstanding.saturating_sub(1);
        }
        Some(callback)
    }

    /// The system answers this call, so its deadline is no longer waited for.
    pub(crate) fn forget_deadline(&mut self, id: CallbackId) {
        if let Some(deadline) = self
            .callbacks
            .get(&id)
            .and_then(|callback| callback.deadline)
        {
            self.deadlines.remove(&(deadline, id));
        }
    }

    /// The callbacks whose deadline is before or at `now`.
    pub fn overdue(&self, now: Time) -> impl Iterator<Item = (CallbackId, &Callback)> {
        self.deadlines
            .iter()
            .take_while(move |(deadline, _)| *deadline <= now)
            .filter_map(|(_, id)| self.callbacks.get(id).map(|callback| (*id, callback)))
    }

    /// The earliest deadline of a call that this canister has made.
    pub fn next_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// A call context.
    pub fn context(&self, id: ContextId) -> Option<&CallContext> {
        self.contexts.get(&id)
    }

    /// A call context, to be changed.
    pub fn context_mut(&mut self, id: ContextId) -> Option<&mut CallContext> {
        self.contexts.get_mut(&id)
    }

    /// A callback.
    pub fn callback(&self, id: CallbackId) -> Option<&Callback> {
        self.callbacks.get(&id)
    }

    /// Concludes one execution on behalf of `id`; call it after the calls that the execution made were
    /// registered. Returns the answer that is due, if one is.
    pub fn finish(&mut self, id: ContextId, outcome: Outcome) -> Option<DueAnswer> {
        let context = self.contexts.get_mut(&id)?;
        let waiting = context.outstanding > 0;
        let payload = match outcome {
            _ if context.responded => None,
            Outcome::Answered(payload) => Some(payload),
            // As long as something is outstanding the call may still be answered (ABS-124, ABS-150).
            Outcome::Silent | Outcome::Failed(_) if waiting => None,
            Outcome::Silent => Some(Payload::Reject(Refusal::new(
                ErrorCode::DidNotReply,
                "canister did not reply to the call",
            ))),
            Outcome::Failed(reject) => Some(Payload::Reject(reject)),
        };
        let answer = payload.map(|payload| {
            context.responded = true;
            let refund = std::mem::replace(&mut context.available, Cycles::new(0));
            DueAnswer {
                origin: context.origin.clone(),
                payload,
                refund,
            }
        });
        if context.responded && !waiting {
            self.contexts.remove(&id);
        }
        answer
    }

    /// Marks every context as deleted because the code is gone, and returns the answers of those that were
    /// still owed one (ABS-171).
    pub fn abandon(&mut self) -> Vec<DueAnswer> {
        let mut answers = Vec::new();
        for context in self.contexts.values_mut() {
            context.deleted = true;
            let refund = std::mem::replace(&mut context.available, Cycles::new(0));
            if !context.responded {
                context.responded = true;
                let reject =
                    Refusal::new(ErrorCode::CodeUninstalled, "canister has been uninstalled");
                answers.push(DueAnswer {
                    origin: context.origin.clone(),
                    payload: Payload::Reject(reject),
                    refund,
                });
            }
        }
        self.contexts.retain(|_, context| context.outstanding > 0);
        answers
    }

    /// Whether there are no call contexts, not even deleted ones (ABS-053).
    pub fn is_empty(&self) -> bool {
        self.contexts.is_empty()
    }

    /// How many calls wait to be answered or wait for answers.
    pub fn len(&self) -> usize {
        self.contexts.len()
    }

    /// How many calls that this canister has made are not answered.
    pub fn outstanding(&self) -> u64 {
        u64::try_from(self.callbacks.len()).unwrap_or(u64::MAX)
    }

    /// The cycles that are held here: available in contexts, and set aside for callbacks.
    pub fn cycles(&self) -> Cycles {
        let available = self.contexts.values().map(|context| context.available);
        let prepaid = self
            .callbacks
            .values()
            .flat_map(|callback| [callback.prepaid_execution, callback.prepaid_transmission]);
        crate::cycles::sum(available.chain(prepaid))
    }
}
