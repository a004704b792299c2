//! Cycles that come and go, and prices (SYS-025..032, SYS-085..090, SYS-110..113).

use ic_types::{ByteCount, Cycles};

use super::host::{SystemApi, violation};
use super::{Entry, Import, KeyScheme, Trap};
use crate::engine::Guest;

/// A 128-bit amount from its halves (SYS-006).
pub(super) fn amount(high: u64, low: u64) -> Cycles {
    Cycles::new(u128::from(high) << 64 | u128::from(low))
}

impl SystemApi {
    /// What came with the call and can still be accepted; nothing once it is answered (SYS-121).
    pub(super) fn available(&self) -> Cycles {
        match self.call() {
            Some(call) if self.response.is_none() && !call.responded => {
                call.available.saturating_sub(self.accepted)
            }
            Some(_) | None => Cycles::ZERO,
        }
    }

    pub(super) fn refunded(&self) -> Cycles {
        if let Entry::Reply { refunded, .. } | Entry::Reject { refunded, .. } = &self.input.entry {
            return *refunded;
        }
        Cycles::ZERO
    }

    /// An amount for a function that knows only 64 bits.
    pub(super) fn narrow(&self, import: Import, cycles: Cycles) -> Result<u64, Trap> {
        u64::try_from(cycles.get())
            .map_err(|_| violation(import, format!("{cycles} cycles do not fit 64 bits")))
    }

    pub(super) fn write_cycles(
        &self,
        guest: &mut Guest<'_>,
        target: u64,
        cycles: Cycles,
    ) -> Result<u64, Trap> {
        guest.write(target, &cycles.get().to_le_bytes())?;
        Ok(0)
    }

    fn take_available(&mut self, max: Cycles) -> Cycles {
        // A balance never overflows: what does not fit stays with the call.
        let room = Cycles::MAX.saturating_sub(self.balance);
        let taken = max.min(self.available()).min(room);
        self.accepted = Cycles::new(self.accepted.get().saturating_add(taken.get()));
        self.deposit(taken);
        taken
    }

    pub(super) fn deposit(&mut self, cycles: Cycles) {
        self.balance = Cycles::new(self.balance.get().saturating_add(cycles.get()));
    }

    pub(super) fn accept_narrow(&mut self, max: u64) -> u64 {
        // No more than the argument, which has 64 bits.
        u64::try_from(self.take_available(amount(0, max)).get()).unwrap_or(u64::MAX)
    }

    pub(super) fn accept(
        &mut self,
        guest: &mut Guest<'_>,
        high: u64,
        low: u64,
        target: u64,
    ) -> Result<u64, Trap> {
        let taken = self.take_available(amount(high, low));
        self.write_cycles(guest, target, taken)
    }

    pub(super) fn burn(
        &mut self,
        guest: &mut Guest<'_>,
        high: u64,
        low: u64,
        target: u64,
    ) -> Result<u64, Trap> {
        let burned = amount(high, low).min(self.liquid());
        self.balance = self.balance.saturating_sub(burned);
        self.burned = Cycles::new(self.burned.get().saturating_add(burned.get()));
        self.write_cycles(guest, target, burned)
    }

    pub(super) fn cost_call(
        &self,
        guest: &mut Guest<'_>,
        name: u64,
        payload: u64,
        target: u64,
    ) -> Result<u64, Trap> {
        let price = self
            .input
            .funds
            .tariff
            .call(ByteCount::new(name), ByteCount::new(payload));
        self.write_cycles(guest, target, price.total())
    }

    pub(super) fn cost_http_request(
        &self,
        guest: &mut Guest<'_>,
        request: u64,
        response: u64,
        target: u64,
    ) -> Result<u64, Trap> {
        let price = self
            .input
            .funds
            .tariff
            .http_request(ByteCount::new(request), ByteCount::new(response));
        self.write_cycles(guest, target, price)
    }

    /// 0 and the price, 1 for an unknown curve, 2 for an unknown key (SYS-088..090).
    pub(super) fn cost_threshold_key(
        &self,
        import: Import,
        guest: &mut Guest<'_>,
        [source, size, curve, target]: [u64; 4],
    ) -> Result<u64, Trap> {
        self.charge_bytes(guest, size, 1)?;
        // Both ranges are checked first, whatever the other arguments are.
        guest.place(target, 16)?;
        let name = guest.read(source, size)?;
        let scheme = match (import, curve) {
            (Import::CostSignWithEcdsa, 0) => KeyScheme::EcdsaSecp256k1,
            (Import::CostSignWithSchnorr, 0) => KeyScheme::SchnorrBip340Secp256k1,
            (Import::CostSignWithSchnorr, 1) => KeyScheme::SchnorrEd25519,
            (Import::CostVetkdDeriveKey, 0) => KeyScheme::VetKdBls12381G2,
            _ => return Ok(1),
        };
        let price = std::str::from_utf8(name)
            .ok()
            .and_then(|name| self.input.funds.tariff.threshold_key(scheme, name));
        match price {
            Some(price) => self.write_cycles(guest, target, price),
            None => Ok(2),
        }
    }
}
