"""The part of the `blst` binding that icp-py-core asks for, on top of py_ecc.

The agent verifies certificates only if a module of this name can be imported, and no package index has one.
py_ecc is pure Python: a signature takes it about a second, which is soon enough for an example.
"""

from hashlib import sha256

from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.g2_primitives import signature_to_G2, pubkey_to_G1, subgroup_check
from py_ecc.optimized_bls12_381 import FQ12, G2, final_exponentiate, is_inf, neg, pairing

BLST_SUCCESS = 0
BLST_VERIFY_FAIL = 5


class P1_Affine:
    """A signature: a point of G1, of which py_ecc knows as public keys."""

    def __init__(self, compressed):
        self.point = pubkey_to_G1(compressed)
        require_valid(self.point)

    def core_verify(self, public_key, hash_or_encode, message, domain, augmentation=None):
        if not hash_or_encode or augmentation:
            raise NotImplementedError("only hashing to the curve, without augmentation")
        hashed = hash_to_G1(message, domain, sha256)
        # e(signature, generator) = e(hashed, key), with one final exponentiation for both sides.
        product = pairing(G2, neg(self.point), final_exponentiate=False)
        product *= pairing(public_key.point, hashed, final_exponentiate=False)
        return BLST_SUCCESS if final_exponentiate(product) == FQ12.one() else BLST_VERIFY_FAIL


class P2_Affine:
    """A public key: a point of G2, of which py_ecc knows as signatures."""

    def __init__(self, compressed):
        self.point = signature_to_G2(compressed)
        require_valid(self.point)


class Pairing:
    """The agent's second try, after `core_verify` said no."""

    def __init__(self, hash_or_encode, domain):
        self.hash_or_encode = hash_or_encode
        self.domain = domain

    def aggregate(self, public_key, signature, message, augmentation=None):
        self.claim = (signature, public_key, message, augmentation)

    def finalverify(self):
        signature, public_key, message, augmentation = self.claim
        verdict = signature.core_verify(public_key, self.hash_or_encode, message, self.domain, augmentation)
        return verdict == BLST_SUCCESS


def require_valid(point):
    if is_inf(point) or not subgroup_check(point):
        raise ValueError("not a point of the subgroup")
